package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/testkit"
	"portico/internal/web"
)

var anyKey = regexp.MustCompile(`name="_form" value="([A-Za-z0-9_-]{54})"`)

// keptSite serves one page with two forms, kept or drawn each time.
func keptSite(t *testing.T, drawn *atomic.Int32) (http.Handler, *atomic.Bool) {
	db, _ := testkit.SQLite(t)
	var anew atomic.Bool
	draw := func(s page.Shell) templ.Component {
		drawn.Add(1)
		return page.AccessibilityPage(s, page.DisplaySpec{Action: "/display", Return: "/f"})
	}
	base, err := url.Parse("https://portal.test")
	if err != nil {
		t.Fatal(err)
	}
	r := web.New(web.Settings{Base: base, Clinic: &page.Clinic{Name: "Test Clinic"}}, db, &access.Gate{DB: db}, testkit.Keys(t), slog.New(slog.DiscardHandler))
	r.Visitor("GET /f", func(q *web.Request, _ access.Visitor) (web.Reply, error) {
		if anew.Load() {
			return web.Show(draw), nil
		}
		reply := web.Same(draw)
		if q.Ask("wrong") != "" {
			reply = reply.Fix(fault.Bad("x", "error.invalid"))
		}
		return reply, nil
	})
	return r.Handler(), &anew
}

func fetch(t *testing.T, h http.Handler, path string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req := httptest.NewRequest("GET", "https://portal.test"+path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w.Result(), w.Body.Bytes()
}

// A kept page is, but for its form keys, byte for byte the page drawn anew, in
// every language and display, and every answer has keys of its own.
func TestKeptPageIsThePageDrawnAnew(t *testing.T) {
	var drawn atomic.Int32
	h, anew := keptSite(t, &drawn)
	seen := map[string]bool{}
	for _, who := range [][]string{{}, {"Accept-Language", "es"}, {"Cookie", "__Host-theme=dark"}, {"Cookie", "__Host-text=large; __Host-lang=es"}} {
		anew.Store(true)
		_, want := fetch(t, h, "/f", who...)
		anew.Store(false)
		if !anyKey.Match(want) {
			t.Fatal("the page has no form")
		}
		for range 3 {
			res, plain := fetch(t, h, "/f", who...)
			_, packed := fetch(t, h, "/f", append([]string{"Accept-Encoding", "gzip"}, who...)...)
			z, err := gzip.NewReader(bytes.NewReader(packed))
			if err != nil {
				t.Fatal(err)
			}
			unpacked, err := io.ReadAll(z)
			if err != nil {
				t.Fatal(err)
			}
			for _, got := range [][]byte{plain, unpacked} {
				if a, b := anyKey.ReplaceAll(got, nil), anyKey.ReplaceAll(want, nil); !bytes.Equal(a, b) {
					t.Fatalf("%v: a kept page differs from the page:\n%s\n\n%s", who, a, b)
				}
				for _, m := range anyKey.FindAllSubmatch(got, -1) {
					if seen[string(m[1])] {
						t.Fatal("a form key came twice")
					}
					seen[string(m[1])] = true
				}
			}
			if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Type") != "text/html; charset=utf-8" || len(res.Header.Values("Vary")) != 1 {
				t.Errorf("headers of a kept page: %v", res.Header)
			}
		}
	}
	if n := drawn.Load(); n != 8 { // each of the four once for itself and once to be kept
		t.Errorf("drawn %d times", n)
	}
}

// What somebody asked in the address, and what was wrong, is never kept.
func TestOnlyThePlainPageIsKept(t *testing.T) {
	var drawn atomic.Int32
	h, _ := keptSite(t, &drawn)
	for i, path := range []string{"/f?wrong=1", "/f?x=1", "/f?wrong=1", "/f?x=1"} {
		res, _ := fetch(t, h, path)
		if want := map[bool]int{true: 422, false: 200}[path == "/f?wrong=1"]; res.StatusCode != want || drawn.Load() != int32(i+1) {
			t.Errorf("%s: status %d, drawn %d times", path, res.StatusCode, drawn.Load())
		}
	}
}
