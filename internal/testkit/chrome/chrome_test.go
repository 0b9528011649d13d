package chrome_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/page"
	"portico/internal/testkit"
	"portico/internal/testkit/chrome"
	"portico/internal/web"
)

func TestMain(m *testing.M) { os.Exit(chrome.Main(m)) }

// portal serves the page of all parts, as plain HTTP on loopback.
func portal(t *testing.T) string {
	db, _ := testkit.SQLite(t)
	srv := httptest.NewUnstartedServer(nil)
	base := &url.URL{Scheme: "http", Host: srv.Listener.Addr().String()}
	r := web.New(web.Settings{Base: base, Clinic: &page.Clinic{Name: "Test Clinic"}}, db, &access.Gate{DB: db}, testkit.Keys(t), slog.New(slog.DiscardHandler))
	r.SystemHandler("GET /assets/", page.Assets())
	r.Visitor("GET /style", func(*web.Request, access.Visitor) (web.Reply, error) { return web.Show(page.StylePage), nil })
	srv.Config.Handler = r.Handler()
	srv.Start()
	t.Cleanup(srv.Close)
	return base.String()
}

func TestThePageOfAllPartsIsSound(t *testing.T) {
	base := portal(t)
	for _, p := range []chrome.Person{{Lang: "en"}, {Lang: "es", Phone: true}, {Lang: "en", Width: 320, Phone: true}, {Lang: "en", NoScript: true}, {Lang: "es", Dark: true}} {
		t.Run(p.String(), func(t *testing.T) {
			b := chrome.New(t, base, p)
			b.Open("/style").Want("")
			if b.Status() != 200 || b.Path() != "/style" {
				t.Errorf("%d at %s", b.Status(), b.Path())
			}
			t.Logf("%d bytes on the wire", b.Weight())
		})
	}
}

// story is a small site that does not use the portal, for the helpers themselves.
func story(t *testing.T) string {
	mux := http.NewServeMux()
	say := func(w http.ResponseWriter, status int, title, body string) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; img-src 'self'; form-action 'self'; connect-src 'self'")
		w.WriteHeader(status)
		fmt.Fprintf(w, `<!doctype html><html lang="en"><head><title>%s</title><meta name="viewport" content="width=device-width"><script src="/script.js" defer></script></head><body><main><h1>%s</h1>%s</main></body></html>`, title, title, body)
	}
	mux.HandleFunc("GET /script.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		io.WriteString(w, `document.querySelector("h1").dataset.ran = "yes"`)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		say(w, 200, "First", `<p id="lang">`+r.Header.Get("Accept-Language")+`</p><p><a href="/second">Go on</a> <a href="/far">Go on later</a></p>
			<form method="post" action="/second"><p><label>Name <input name="name" value="old"></label></p><p><label><input type="checkbox" name="yes" value="1">Yes</label>
			<select name="kind" aria-label="Kind"><option value="a">A</option><option value="b">B</option></select></p><p><button>Send it</button></p></form>`)
	})
	mux.HandleFunc("/second", func(w http.ResponseWriter, r *http.Request) {
		status := 200
		if r.FormValue("name") == "bad" {
			status = 422
		}
		say(w, status, "Second", "<p>"+r.FormValue("name")+" "+r.FormValue("yes")+" "+r.FormValue("kind")+"</p>")
	})
	mux.HandleFunc("GET /bad", func(w http.ResponseWriter, _ *http.Request) {
		say(w, 200, "Bad", `<script>1</script><img src="https://elsewhere.example/x.png"><img src="/missing.png" alt="gone"><button></button>`)
	})
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestAPersonWalks(t *testing.T) {
	base := story(t)
	for _, p := range []chrome.Person{{Lang: "en"}, {Lang: "en", Phone: true, NoScript: true}} {
		t.Run(p.String(), func(t *testing.T) {
			b := chrome.New(t, base, p)
			b.Open("/").Want("First")
			if got := b.Text("#lang"); !strings.HasPrefix(got, "en-US") {
				t.Errorf("the browser asks for %q", got)
			}
			if ran := b.Attr("h1", "data-ran") == "yes"; ran == p.NoScript {
				t.Errorf("script ran: %v", ran)
			}
			b.Fill("name", "Ana").Choose("yes", "1").Choose("kind", "b").Follow("Send it").Want("Second").Says("Ana 1 b")
			b.Back().Want("First").Follow("Go on").Want("Second")
			if b.Status() != 200 {
				t.Errorf("status %d", b.Status())
			}
			b.Open("/").Fill("name", "bad").PressTo("Enter").Want("Second")
			if b.Status() != 422 {
				t.Errorf("status %d", b.Status())
			}
		})
	}
}

// A helper that finds nothing proves nothing: each kind of fault is seen.
func TestFaultsAreSeen(t *testing.T) {
	b := chrome.New(t, story(t), chrome.Person{Lang: "en"})
	b.Expect()
	b.Open("/bad")
	b.Eval(`console.error("oh"), setTimeout(() => { throw new Error("late") }), new Promise(r => setTimeout(r, 100))`, nil)
	all := strings.Join(append(b.Faults(), b.Axe()...), "\n")
	for _, want := range []string{"script-src", "elsewhere.example", "missing.png answered 404", "console error: oh", "late", "button-name", "image-alt"} {
		if !strings.Contains(all, want) {
			t.Errorf("nobody noticed %s in:\n%s", want, all)
		}
	}
}
