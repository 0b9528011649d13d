package attack

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"portico/internal/clock"
	"portico/internal/store"
)

// pair is a primary server with a synchronous standby.
type pair struct {
	*testing.T
	w         *world
	now, then *cluster // the primary, and the standby or what was the primary
}

// T60: a standby is promoted under load, again and again: half of the time while
// the primary goes on, half of the time because it died. The portal goes over by
// itself, holds all that it acknowledged, and writes nothing to the former primary,
// which is back as it was: neither over new connections nor in a portal that
// starts then. Two promotions by default; 50 with PORTICO_ATTACK=long.
func TestT60StandbyIsPromoted(t *testing.T) {
	p := &pair{T: t, now: newCluster(t), then: roomForCluster(t)}
	p.joins()
	p.w = open(t, both(p.now, p.then))
	l := work(p.w, 4, 40*time.Millisecond) // 100 writes a second
	turns := size(2, 50)
	for turn := range turns {
		time.Sleep(time.Second)
		p.promotes(turn%2 == 1) // the first stands first in the address
		if t.Failed() {
			break
		}
		if turn+1 < turns {
			p.joins()
		}
	}
	l.ends()
}

// both is an address of two servers.
func both(first, second *cluster) string {
	return fmt.Sprintf("postgres://portico@127.0.0.1:%d,127.0.0.1:%d/postgres?sslmode=disable&target_session_attrs=read-write", first.port, second.port)
}

// joins makes the other server a standby of the primary, from nothing, and waits
// until the primary's commits wait for it.
func (p *pair) joins() {
	p.Helper()
	if err := os.RemoveAll(p.then.dir + "/data"); err != nil {
		p.Fatal(err)
	}
	p.then.do("pg_basebackup", "-D", p.then.dir+"/data", "-h", "127.0.0.1", "-p", fmt.Sprint(p.now.port), "-U", "portico", "-R", "-X", "stream", "--checkpoint=fast", "--no-sync")
	// It waits for nobody when it is promoted: it has no standby yet.
	f, err := os.OpenFile(filepath.Join(p.then.dir, "data", "postgresql.auto.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString("synchronous_standby_names = ''\n")
		f.Close()
	}
	if err != nil {
		p.Fatal(err)
	}
	p.then.start()
	p.now.sql("ALTER SYSTEM SET synchronous_standby_names = '*'")
	p.now.sql("SELECT pg_reload_conf()")
	for range 500 {
		if p.now.sql("SELECT COALESCE(MAX(sync_state), '') FROM pg_stat_replication") == "sync" {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	p.Fatal("the standby does not follow")
}

// promotes makes the standby the primary, after the primary died or beside it.
func (p *pair) promotes(dead bool) {
	p.Helper()
	if dead {
		p.now.crash()
	}
	p.then.do("pg_ctl", "promote", "-D", p.then.dir+"/data", "-w", "-t", "60")
	p.now, p.then = p.then, p.now
	if err := healed(p.w); err != nil {
		p.Errorf("after the promotion (primary dead: %v): %v", dead, err)
		return
	}
	if dead {
		p.then.start() // as it was
	}
	time.Sleep(300 * time.Millisecond) // what waited there has ended
	const lines = "SELECT COUNT(*) FROM audit_entry"
	before := p.then.sql(lines)
	p.now.sql("SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")
	if err := healed(p.w); err != nil {
		p.Errorf("with the former primary back (it was dead: %v): %v", dead, err)
	}
	if got := p.startsAnew(); got != p.now.port {
		p.Errorf("a portal that starts goes to the server at %d, not %d", got, p.now.port)
	}
	time.Sleep(300 * time.Millisecond) // what goes to the wrong server would wait there by now
	if n := p.then.sql("SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"); dead && n != "0" {
		p.Errorf("%s transactions wait on the former primary", n)
	}
	if after := p.then.sql(lines); after != before {
		p.Errorf("the former primary had %s lines of the log and has %s", before, after)
	}
	p.then.crash()
}

// startsAnew opens the database as a portal does that starts, with the former
// primary first in its address, and gives the port of the server that it found.
func (p *pair) startsAnew() (port int) {
	p.Helper()
	db, err := store.Open(ctx, both(p.then, p.now), clock.System{})
	if err != nil {
		p.Fatal(err)
	}
	defer db.Close()
	if err := db.View(ctx, func(tx *store.Tx) (err error) {
		port, err = store.Get(ctx, tx, store.One[int], `SELECT inet_server_port()`)
		return err
	}); err != nil {
		p.Fatal(err)
	}
	return port
}

// sql asks a server itself for one value.
func (c *cluster) sql(query string) string {
	c.t.Helper()
	conn, err := pgconn.Connect(ctx, fmt.Sprintf("postgres://portico@127.0.0.1:%d/postgres?sslmode=disable", c.port))
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close(ctx)
	got, err := conn.Exec(ctx, query).ReadAll()
	if err != nil {
		c.t.Fatalf("%s: %v", query, err)
	}
	if len(got) == 0 || len(got[0].Rows) == 0 {
		return ""
	}
	return string(got[0].Rows[0][0])
}
