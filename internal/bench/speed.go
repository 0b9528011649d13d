package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/store"
)

// conns is how many connections ask at once.
const conns = 16

// rounds is in how many turns portal and floor are measured: what else the
// machine does meanwhile then falls on both.
const rounds = 4

// speed measures the sign-in page and the home page beside a bare server.
func speed(ctx context.Context, r *run) error {
	rows, err := r.each(ctx, r.speedOn)
	if err != nil {
		return err
	}
	return r.besideTable(rows)
}

// besideTable prints pages beside the bare server.
func (r *run) besideTable(rows []string) error {
	if err := r.table("page\tqueries\tbytes\tper second\tCPU µs\tfloor /s\tCPU µs\tratio", rows...); err != nil {
		return err
	}
	r.say("")
	r.say("%d connections from another process. The floor is net/http doing as many queries by primary key on the", conns)
	r.say("same database and writing as many bytes. A page of a signed-in person is also a durable transaction: the")
	r.say("session's clock and the line in the audit log; the row below compares it with a floor that writes one too.")
	return nil
}

// asked is one kind of request that is measured.
type asked struct {
	name    string
	request []byte
	view    view
	writes  bool // the floor does a durable transaction too
	patient ids.Patient
	also    func(context.Context) error // what the floor does beside; nil: nothing
}

func (r *run) speedOn(ctx context.Context, c *clinic) ([]string, error) {
	g := c.guest()
	if err := c.signIn(g, c.cards.Accounts[0]); err != nil {
		return nil, err
	}
	signIn, err := g.get("/signin")
	if err != nil {
		return nil, err
	}
	// The second view: the first of a process also reads what is kept, such as the terms in force.
	if _, err := g.get("/home"); err != nil {
		return nil, err
	}
	home, err := g.get("/home")
	if err != nil {
		return nil, err
	}
	id, err := c.app.Registry.Numbered(ctx, access.NewDuty("bench"), c.cards.Accounts[0].Number)
	if err != nil {
		return nil, err
	}
	engine := string(c.app.DB.Engine())
	var rows []string
	for _, a := range []asked{
		{"sign-in", g.raw("/signin", false), signIn, false, id, nil},
		{"sign-in, gzip", g.raw("/signin", true), signIn, false, id, nil},
		{"home", g.raw("/home", false), home, false, id, nil},
		{"home, gzip", g.raw("/home", true), home, false, id, nil},
		{"home, floor writes", g.raw("/home", false), home, true, id, nil},
	} {
		row, err := r.beside(ctx, c, a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.name, err)
		}
		rows = append(rows, engine+" "+row)
	}
	return rows, nil
}

// raw writes a request as it goes over the wire, with this guest's cookies.
func (g *guest) raw(path string, zipped bool) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36\r\n", path, g.c.base.Host)
	b.WriteString("Accept: text/html\r\nAccept-Language: en-US,en;q=0.9\r\n")
	if zipped {
		b.WriteString("Accept-Encoding: gzip, br\r\n")
	}
	var cookies []string
	for _, k := range g.jar.Cookies(g.c.base) {
		cookies = append(cookies, k.Name+"="+k.Value)
	}
	fmt.Fprintf(&b, "Cookie: %s\r\n\r\n", strings.Join(cookies, "; "))
	return []byte(b.String())
}

// used is what a server needed.
type used struct {
	outcome
	cpu time.Duration
}

// each is the processor time of one request in microseconds.
func (u used) each() float64 { return float64(u.cpu.Microseconds()) / float64(max(u.Done, 1)) }

func (r *run) beside(ctx context.Context, c *clinic, a asked) (string, error) {
	portal, err := serve(c.handler)
	if err != nil {
		return "", err
	}
	defer portal.stop()
	// One answer tells how many bytes go over the wire.
	first, err := r.under(ctx, portal.addr, a.request, 1, 200*time.Millisecond)
	if err != nil {
		return "", err
	}
	bytes := first.Bytes / max(first.Done, 1)
	bare, err := serve(c.bare(a, bytes))
	if err != nil {
		return "", err
	}
	defer bare.stop()
	var p, f used
	for range rounds {
		for _, s := range []struct {
			of   *server
			into *used
		}{{bare, &f}, {portal, &p}} {
			u, err := r.under(ctx, s.of.addr, a.request, conns, r.For/rounds)
			if err != nil {
				return "", err
			}
			s.into.Done, s.into.Took, s.into.cpu = s.into.Done+u.Done, s.into.Took+u.Took, s.into.cpu+u.cpu
		}
	}
	return fmt.Sprintf("%s\t%d\t%d\t%.0f\t%.0f\t%.0f\t%.0f\t%.1f", a.name, a.view.queries, bytes, p.rate(), p.each(), f.rate(), f.each(), p.each()/f.each()), nil
}

// under puts a server under load and measures what this process uses meanwhile.
func (r *run) under(ctx context.Context, addr string, request []byte, conns int, long time.Duration) (used, error) {
	before, err := cpu()
	if err != nil {
		return used{}, err
	}
	o, err := hammer(ctx, order{Addr: addr, Requests: [][]byte{request}, Conns: conns, For: long})
	if err != nil {
		return used{}, err
	}
	after, err := cpu()
	return used{o, after - before}, err
}

// bare is the floor: the work that cannot be left out, and nothing else.
func (c *clinic) bare(a asked, bytes int) http.Handler {
	page := make([]byte, bytes)
	duty := access.NewDuty("bench")
	id := a.patient
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		point := func(tx *store.Tx) error {
			_, err := store.Get(req.Context(), tx, store.One[string], `SELECT family FROM patient WHERE id = $1`, id)
			return err
		}
		reads := a.view.queries
		var err error
		if a.writes {
			reads -= 3 // the session's row and two for the audit log
			err = c.app.DB.Change(req.Context(), duty.Did(audit.SessionKept, ""), point)
		}
		if reads > 0 && err == nil {
			err = c.app.DB.View(req.Context(), func(tx *store.Tx) error {
				for range reads {
					if err := point(tx); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if a.also != nil && err == nil {
			err = a.also(req.Context())
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", fmt.Sprint(bytes))
		w.Write(page)
	})
}

// server is a handler being served on loopback.
type server struct {
	http.Server
	addr string
}

func serve(h http.Handler) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{addr: l.Addr().String()}
	s.Handler = h
	go s.Serve(l)
	return s, nil
}

func (s *server) stop() { s.Close() }
