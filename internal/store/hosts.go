package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	// lookAround is how often all servers are asked where they stand. A server that
	// was replaced while it still answers is left within this time.
	lookAround = 2 * time.Second
	// patience is how long one server of several may take to answer: a transaction
	// has time for three that do not.
	patience = 4 * time.Second
)

// hosts are a primary server of PostgreSQL and its standbys, as an address names
// them that has several. Which of them takes writes is settled outside the portal,
// by promoting a standby. Each promotion begins a new timeline, so the primary is
// the one with the highest. A former primary that comes back as it was, or was
// never stopped, also says that it takes writes: what it would commit is lost when
// it joins again. It is told by its timeline and left alone.
type hosts struct {
	servers []*pgconn.Config // one for each

	mu     sync.Mutex
	newest uint64                    // the highest timeline seen
	open   map[*pgconn.PgConn]uint64 // connections in use, with the timeline of each

	stop context.CancelFunc
	done chan struct{}
}

var (
	errStandby  = errors.New("this server is a standby")
	errReplaced = errors.New("this server was replaced by another, which was promoted")
)

// openPool connects to the server at address, or to the primary of several.
func (db *DB) openPool(ctx context.Context, address string) (*sql.DB, error) {
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, errors.New("the database address is not a valid postgres:// URL")
	}
	// Whatever the server is set to, its moments as text are in one form.
	cfg.RuntimeParams["timezone"], cfg.RuntimeParams["datestyle"] = "UTC", "ISO"
	servers := eachServer(cfg)
	if len(servers) == 1 {
		return stdlib.OpenDB(*cfg), nil
	}
	h := &hosts{servers: servers, open: map[*pgconn.PgConn]uint64{}, done: make(chan struct{})}
	// Whoever starts while a former primary is back must not take it for the present one.
	conns := make([]*pgconn.PgConn, len(servers))
	h.ask(ctx, conns)
	also := cfg.ValidateConnect // what the address itself demands
	cfg.ConnectTimeout = briefly(cfg.ConnectTimeout)
	cfg.ValidateConnect = func(ctx context.Context, c *pgconn.PgConn) error {
		if also != nil {
			if err := also(ctx, c); err != nil {
				return err
			}
		}
		return h.admit(ctx, c)
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stop = stop
	go h.watch(background, conns)
	db.hosts = h
	return stdlib.OpenDB(*cfg, stdlib.OptionResetSession(func(_ context.Context, c *pgx.Conn) error {
		if !h.current(c.PgConn()) {
			return driver.ErrBadConn
		}
		return nil
	})), nil
}

func briefly(d time.Duration) time.Duration {
	if d == 0 || d > patience {
		return patience
	}
	return d
}

// eachServer takes an address apart. A server may be in it twice, with and without TLS.
func eachServer(cfg *pgx.ConnConfig) (out []*pgconn.Config) {
	at := map[string]*pgconn.Config{}
	for _, f := range append([]*pgconn.FallbackConfig{{Host: cfg.Host, Port: cfg.Port, TLSConfig: cfg.TLSConfig}}, cfg.Fallbacks...) {
		name := net.JoinHostPort(f.Host, strconv.Itoa(int(f.Port)))
		if one := at[name]; one != nil {
			one.Fallbacks = append(one.Fallbacks, f)
			continue
		}
		one := cfg.Config.Copy()
		one.Host, one.Port, one.TLSConfig, one.Fallbacks, one.ValidateConnect = f.Host, f.Port, f.TLSConfig, nil, nil
		one.ConnectTimeout = briefly(one.ConnectTimeout)
		at[name], out = one, append(out, one)
	}
	return out
}

// timeline asks a server for the timeline it writes on.
func timeline(ctx context.Context, c *pgconn.PgConn) (uint64, error) {
	// The name of a file of the log begins with the timeline. It has the new one at
	// once, unlike what pg_control_checkpoint says.
	got, err := c.Exec(ctx, `SELECT CASE WHEN pg_is_in_recovery() THEN '' ELSE pg_walfile_name(pg_current_wal_lsn()) END`).ReadAll()
	if err != nil {
		return 0, fmt.Errorf("ask for the timeline: %w", err)
	}
	name := string(got[0].Rows[0][0])
	if name == "" {
		return 0, errStandby
	}
	return strconv.ParseUint(name[:min(8, len(name))], 16, 64)
}

// admit lets a new connection be used if it leads to the primary.
func (h *hosts) admit(ctx context.Context, c *pgconn.PgConn) error {
	n, err := timeline(ctx, c)
	if err != nil {
		return err
	}
	h.learn(n)
	h.mu.Lock()
	defer h.mu.Unlock()
	if n < h.newest {
		return errReplaced
	}
	for known := range h.open {
		if known.IsClosed() {
			delete(h.open, known)
		}
	}
	h.open[c] = n
	return nil
}

// learn hears of a timeline. When it is newer than those before, connections to
// the server that was replaced are cut: a commit that waits there for a standby
// would wait for ever.
func (h *hosts) learn(n uint64) {
	h.mu.Lock()
	var old []*pgconn.PgConn
	if n > h.newest {
		h.newest = n
		for c, on := range h.open {
			if on < n {
				old = append(old, c)
				delete(h.open, c)
			}
		}
	}
	h.mu.Unlock()
	for _, c := range old {
		c.Conn().Close()
	}
}

// current tells whether a connection still leads to the primary.
func (h *hosts) current(c *pgconn.PgConn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	n, ok := h.open[c]
	return ok && n == h.newest
}

// watch looks around until it is stopped: nobody else would notice a promotion
// while the former primary answers.
func (h *hosts) watch(ctx context.Context, conns []*pgconn.PgConn) {
	defer close(h.done)
	defer func() {
		for _, c := range conns {
			h.drop(c)
		}
	}()
	tick := time.NewTicker(lookAround)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			h.ask(ctx, conns)
		}
	}
}

// ask asks every server where it stands, over conns, which it keeps. A server that
// does not answer is no news: the portal goes on with those that do.
func (h *hosts) ask(ctx context.Context, conns []*pgconn.PgConn) {
	var all sync.WaitGroup
	for i, server := range h.servers {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			var err error
			if conns[i] == nil {
				conns[i], err = pgconn.ConnectConfig(ctx, server)
			}
			var n uint64
			if err == nil {
				n, err = timeline(ctx, conns[i])
			}
			switch {
			case err == nil:
				h.learn(n)
			case !errors.Is(err, errStandby):
				h.drop(conns[i])
				conns[i] = nil
			}
		})
	}
	all.Wait()
}

func (h *hosts) drop(c *pgconn.PgConn) {
	if c == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c.Close(ctx)
}

func (h *hosts) close() {
	if h == nil {
		return
	}
	h.stop()
	<-h.done
}
