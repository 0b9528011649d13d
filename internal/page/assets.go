package page

import (
	"embed"
	"encoding/json"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var static embed.FS

// assetPath is where Assets is mounted.
const assetPath = "/assets/"

// assetNames maps a source name to the name with its content hash.
var assetNames = readManifest()

func readManifest() map[string]string {
	b, err := static.ReadFile("static/manifest.json")
	if err != nil {
		panic(err)
	}
	var m map[string]string
	if err := json.Unmarshal(b, &m); err != nil {
		panic(err)
	}
	return m
}

// Asset gives the address of a style sheet, script, font or picture by its
// source name: Asset("app.css") is "/assets/app.0a1b2c3d4e.css". An unknown
// name is a mistake in a template and panics, so that the first test finds it.
func Asset(name string) string {
	n, ok := assetNames[name]
	if !ok {
		panic("page: no asset " + name)
	}
	return assetPath + n
}

// assetTypes are the only kinds of file served; the system's own table is not
// asked, since it differs between machines.
var assetTypes = map[string]string{
	".css":   "text/css; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".svg":   "image/svg+xml",
	".png":   "image/png",
	".woff2": "font/woff2",
}

// Assets serves what Asset names, under /assets/. The content hash in each name
// lets browsers keep a file for a year without asking again.
func Assets() http.Handler {
	served := make(map[string]bool, len(assetNames))
	for _, n := range assetNames {
		served[n] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, assetPath)
		kind, known := assetTypes[path.Ext(name)]
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		switch {
		case !served[name] || !known:
			http.NotFound(w, r)
			return
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			h.Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		body, coding, err := variant(name, r.Header.Get("Accept-Encoding"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		sendAsset(w, r, asset{name, kind, coding, body})
	})
}
