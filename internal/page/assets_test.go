package page

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Budgets in bytes, compressed with brotli. A first page should stay under
// 60 KB uncompressed on a slow phone.
func TestAssetsStaySmall(t *testing.T) {
	for name, most := range map[string]int{"app.css": 10 << 10, "app.js": 3 << 10, "icons.svg": 6 << 10} {
		b, coding, err := variant(strings.TrimPrefix(Asset(name), assetPath), "br")
		if err != nil || coding != "br" {
			t.Fatal(name, coding, err)
		}
		if len(b) > most {
			t.Errorf("%s has %d bytes, the budget is %d", name, len(b), most)
		}
	}
}

// A first visit: the page itself and everything it asks for, as sent.
func TestFirstVisitStaysSmall(t *testing.T) {
	text, _ := draw(t, pages("en")["welcome"])
	total := len(text)
	for _, name := range []string{"app.css", "desk.css", "app.js", "icons.svg", "atkinson-latin.woff2", "mark.svg"} {
		b, _, err := variant(strings.TrimPrefix(Asset(name), assetPath), "br")
		if err != nil {
			t.Fatal(err)
		}
		total += len(b)
	}
	if total > 60_000 {
		t.Errorf("a first visit takes %d bytes", total)
	}
	t.Logf("a first visit takes %d bytes", total)
}

func get(t *testing.T, method, path, accept string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept-Encoding", accept)
	w := httptest.NewRecorder()
	Assets().ServeHTTP(w, r)
	return w.Result()
}

func TestAssetsAreServedForAYear(t *testing.T) {
	for accept, want := range map[string]string{"": "", "gzip, deflate, br": "br", "gzip": "gzip", "br;q=0, gzip;q=0.5": "gzip", "identity": ""} {
		r := get(t, "GET", Asset("app.css"), accept)
		h := r.Header
		if r.StatusCode != 200 || h.Get("Content-Encoding") != want {
			t.Errorf("Accept-Encoding %q: status %d, coding %q", accept, r.StatusCode, h.Get("Content-Encoding"))
		}
		if h.Get("Content-Type") != "text/css; charset=utf-8" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Cache-Control"), "immutable") || h.Get("Vary") != "Accept-Encoding" {
			t.Errorf("headers %v", h)
		}
	}
}

func TestAssetBytesAreTheSame(t *testing.T) {
	plain, err := io.ReadAll(get(t, "GET", Asset("app.js"), "").Body)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(get(t, "GET", Asset("app.js"), "gzip").Body)
	if err != nil {
		t.Fatal(err)
	}
	unpacked, err := io.ReadAll(z)
	if err != nil || string(unpacked) != string(plain) {
		t.Errorf("gzip holds %d bytes of %d: %v", len(unpacked), len(plain), err)
	}
}

func TestAssetsRefuseTheRest(t *testing.T) {
	for _, path := range []string{"/assets/", "/assets/manifest.json", "/assets/app.css", Asset("app.css") + ".br", "/assets/../assets.go", "/assets/%2e%2e/page.go"} {
		if r := get(t, "GET", path, "br"); r.StatusCode != 404 {
			t.Errorf("%s answers %d", path, r.StatusCode)
		}
	}
	if r := get(t, "POST", Asset("app.css"), ""); r.StatusCode != 405 {
		t.Errorf("POST answers %d", r.StatusCode)
	}
	r := httptest.NewRequest("GET", Asset("app.css"), nil)
	r.Header.Set("If-None-Match", get(t, "GET", Asset("app.css"), "").Header.Get("ETag"))
	w := httptest.NewRecorder()
	Assets().ServeHTTP(w, r)
	if w.Code != 304 {
		t.Errorf("a known copy is answered %d", w.Code)
	}
}

var iconUse = regexp.MustCompile(`(?:@Icon\(|Icon: |After: )"([a-z0-9-]+)"`)

// Every icon named anywhere in the project is in the sprite.
func TestEveryIconExists(t *testing.T) {
	sprite, err := static.ReadFile("static/" + strings.TrimPrefix(Asset("icons.svg"), assetPath))
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || (filepath.Ext(path) != ".templ" && filepath.Ext(path) != ".go") || strings.HasSuffix(path, "_templ.go") {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range iconUse.FindAllStringSubmatch(string(b), -1) {
			if !strings.Contains(string(sprite), `id="`+m[1]+`"`) {
				t.Errorf("%s names icon %q, which is not in assets/icons", path, m[1])
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

var classNames = regexp.MustCompile(`class="([^"]*)"`)

// Every class named in a template of any room has a rule in the style sheet.
func TestEveryClassExists(t *testing.T) {
	var css []byte
	for _, name := range []string{"app.css", "desk.css"} {
		b, err := static.ReadFile("static/" + strings.TrimPrefix(Asset(name), assetPath))
		if err != nil {
			t.Fatal(err)
		}
		css = append(css, b...)
	}
	err := filepath.WalkDir("..", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".templ" {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, m := range classNames.FindAllStringSubmatch(string(b), -1) {
			for _, c := range strings.Fields(m[1]) {
				if !regexp.MustCompile(`\.` + regexp.QuoteMeta(c) + `[^a-z0-9-]`).Match(css) {
					t.Errorf("%s uses class %q, which the style sheet does not know", path, c)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
