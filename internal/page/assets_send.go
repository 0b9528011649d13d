package page

import (
	"net/http"
	"strconv"
	"strings"
)

type asset struct {
	name, kind, coding string
	body               []byte
}

// variant gives the smallest form of a file that the browser accepts: brotli,
// gzip, or as it is.
func variant(name, accept string) (body []byte, coding string, err error) {
	for _, c := range []struct{ coding, ext string }{{"br", ".br"}, {"gzip", ".gz"}} {
		if !accepts(accept, c.coding) {
			continue
		}
		if b, err := static.ReadFile("static/" + name + c.ext); err == nil {
			return b, c.coding, nil
		}
	}
	body, err = static.ReadFile("static/" + name)
	return body, "", err
}

// accepts tells whether an Accept-Encoding header allows a coding by name and
// not with weight 0 (RFC 9110 section 12.5.3).
func accepts(header, coding string) bool {
	for _, part := range strings.Split(header, ",") {
		name, params, _ := strings.Cut(part, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		q, found := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q=")
		if !found {
			return true
		}
		weight, err := strconv.ParseFloat(q, 64)
		return err == nil && weight > 0
	}
	return false
}

func sendAsset(w http.ResponseWriter, r *http.Request, a asset) {
	h := w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	// The name holds the content's hash, the coding tells the variants apart.
	tag := `"` + a.name + "-" + a.coding + `"`
	h.Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if a.coding != "" {
		h.Set("Content-Encoding", a.coding)
	}
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(a.body) // a browser that went away is no fault of ours
}
