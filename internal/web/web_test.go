package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/testkit"
	"portico/internal/web"
)

func serve(t *testing.T, routes func(r *web.Router)) *testkit.Browser {
	db, _ := testkit.SQLite(t)
	return testkit.Serve(t, func(base *url.URL) http.Handler {
		r := web.New(web.Settings{Base: base, Clinic: &page.Clinic{Name: "Test Clinic"}}, db, &access.Gate{DB: db}, testkit.Keys(t), slog.New(slog.DiscardHandler))
		routes(r)
		return r.Handler()
	})
}

// simple is a page with one form, as small as can be.
func simple(s page.Shell) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := fmt.Fprintf(w, `<!doctype html><h1>x</h1><form method=post action=/f><input name=_form value=%q><input name=x></form>`, s.FormKey())
		return err
	})
}

func TestFormWorksOnceAndOnlyForItsBrowser(t *testing.T) {
	var mu sync.Mutex
	did := 0
	b := serve(t, func(r *web.Router) {
		r.Visitor("GET /f", func(*web.Request, access.Visitor) (web.Reply, error) { return web.Show(simple), nil })
		r.Visitor("GET /done", func(*web.Request, access.Visitor) (web.Reply, error) { return web.Show(simple), nil })
		r.VisitorForm("POST /f", func(q *web.Request, _ access.Visitor) (web.Reply, error) {
			if q.Text("x") == "bad" {
				return web.Show(simple).Fix(fault.Bad("x", "error.invalid")), nil
			}
			mu.Lock()
			did++
			mu.Unlock()
			return web.Redirect("/done"), nil
		})
	})
	p := b.Get("/f")
	_, v := p.Fields("form")
	if got := p.Submit("form", "x", "bad"); got.Status != 422 {
		t.Fatalf("bad input answered %d", got.Status)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got := b.Post("/f", v); got.Path != "/done" {
				t.Errorf("led to %s (%d)", got.Path, got.Status)
			}
		})
	}
	wg.Wait()
	if did != 1 {
		t.Errorf("the form did its work %d times", did)
	}
	for name, try := range map[string]func() *testkit.Page{
		"another browser": func() *testkit.Page { o := b.Other(); o.Get("/f"); return o.Post("/f", v) },
		"no key":          func() *testkit.Page { return b.Post("/f", url.Values{"x": {"1"}}) },
		"garbage key":     func() *testkit.Page { return b.Post("/f", url.Values{"_form": {strings.Repeat("A", 54)}}) },
		"another site": func() *testkit.Page {
			_, v := b.Get("/f").Fields("form")
			o := *b
			o.Header = http.Header{"Sec-Fetch-Site": {"cross-site"}}
			return o.Post("/f", v)
		},
	} {
		if got := try(); got.Status != 403 {
			t.Errorf("%s: answered %d", name, got.Status)
		}
	}
	if did != 1 {
		t.Errorf("a refused form did its work")
	}
}

func TestErrorsBecomePages(t *testing.T) {
	b := serve(t, func(r *web.Router) {
		for path, err := range map[string]error{
			"missing": fault.Missing(), "refused": fault.Refused(), "broken": errors.New("secret detail"), "wait": fault.Wait("error.busy", 61e9),
		} {
			r.Visitor("GET /"+path, func(*web.Request, access.Visitor) (web.Reply, error) { return web.Reply{}, err })
		}
		r.Visitor("GET /panic", func(*web.Request, access.Visitor) (web.Reply, error) { panic("secret detail") })
	})
	for path, status := range map[string]int{"/missing": 404, "/refused": 404, "/broken": 500, "/wait": 429, "/panic": 500, "/nowhere": 404} {
		p := b.Get(path)
		if p.Status != status || !p.Has("h1") || strings.Contains(p.Body, "secret detail") {
			t.Errorf("%s: %d, heading %q", path, p.Status, p.Text("h1"))
		}
		if !strings.Contains(p.Header.Get("Content-Security-Policy"), "default-src 'none'") || p.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", path, p.Header)
		}
	}
	if a, c := b.Get("/missing").Text("main"), b.Get("/refused").Text("main"); a != c {
		t.Error("absent and refused can be told apart")
	}
	if p := b.Do("DELETE", "/missing", nil); p.Status != 405 {
		t.Errorf("a wrong method answered %d", p.Status)
	}
}

func TestLocalPathStaysHere(t *testing.T) {
	for _, good := range []string{"/", "/home", "/visits/vis_1"} {
		if web.LocalPath(good, "/x") != good {
			t.Errorf("%q refused", good)
		}
	}
	for _, bad := range []string{"", "//evil", "///evil", "/\\evil", "\\evil", "https://evil", "javascript:x", "/%2fevil", "/a\r\nSet-Cookie:x", "/a b", "/@evil", "/\tevil", "home", "/é", "/a?b=//c", "/a#b"} {
		if got := web.LocalPath(bad, "/x"); got != "/x" {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

func TestLocalAddressStaysHere(t *testing.T) {
	for _, good := range []string{"/home", "/results?kind=lab", "/results?kind=lab&from=2026-01-01&name=a%20b+c"} {
		if web.LocalAddress(good, "/x") != good {
			t.Errorf("%q refused", good)
		}
	}
	for _, bad := range []string{"", "//evil?a=1", "/\\evil?a", "https://evil?x", "/a?b=//c", "/a?b\r\nSet-Cookie:x", "/a?b#c", "/a?b=@evil", "/a?b=\\evil", "/a?<script>", "?a=b", "/a?" + strings.Repeat("b", 512)} {
		if got := web.LocalAddress(bad, "/x"); got != "/x" {
			t.Errorf("%q became %q", bad, got)
		}
	}
}

func TestForeignHostIsNotAnswered(t *testing.T) {
	b := serve(t, func(r *web.Router) {
		r.Visitor("GET /{$}", func(*web.Request, access.Visitor) (web.Reply, error) { return web.Show(simple), nil })
	})
	req, _ := http.NewRequest("GET", b.Base+"/", nil)
	req.Host = "evil.example"
	res, err := b.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 404 {
		t.Errorf("answered %d", res.StatusCode)
	}
}

// The address of a form that came back with a problem, asked for as a page, leads
// to the page the form belongs to.
func TestAFormsAddressLeadsToItsPage(t *testing.T) {
	b := serve(t, func(r *web.Router) {
		show := func(*web.Request, access.Visitor) (web.Reply, error) { return web.Show(simple), nil }
		r.Visitor("GET /f/{id}", show)
		r.VisitorForm("POST /f/{id}/call/again", show)
		r.VisitorForm("POST /alone", show)
	})
	if p := b.Get("/f/7/call/again"); p.Status != 200 || p.Path != "/f/7" {
		t.Errorf("led to %s (%d)", p.Path, p.Status)
	}
	for _, path := range []string{"/alone", "/f/7/call/again/more"} {
		if p := b.Get(path); p.Status != 405 && p.Status != 404 {
			t.Errorf("%s answered %d", path, p.Status)
		}
	}
}
