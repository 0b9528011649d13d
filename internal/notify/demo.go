package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"portico/internal/page"
)

// Page gives the page at /demo/outbox, ready for web.Show.
func (s *Sink) Page(ctx context.Context) (func(page.Shell) templ.Component, error) {
	all, err := s.List(ctx)
	return func(sh page.Shell) templ.Component { return showOutbox(sh, outboxPage{all}) }, err
}

// blocks splits plain text into paragraphs of lines.
func blocks(text string) [][]string {
	var out [][]string
	for b := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		out = append(out, strings.Split(b, "\n"))
	}
	return out
}

// JSON answers /demo/outbox.json: what the sink kept, newest first, in the
// shape that scripts rely on.
func (s *Sink) JSON() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		all, err := s.List(r.Context())
		if err != nil {
			http.Error(w, "", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		if all == nil {
			all = []Seen{}
		}
		_ = json.NewEncoder(w).Encode(all)
	})
}

// mailPolicy lets an e-mail look as it does in a mail program, with its own
// styles, and nothing else: no script, no request, no form. The sandbox gives
// it an origin of its own, so that it reaches nothing of the portal's.
const mailPolicy = "sandbox allow-popups allow-top-navigation-by-user-activation; " +
	"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Mail answers /demo/outbox/mail?id=…: the e-mail as its reader sees it.
func (s *Sink) Mail() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m, err := s.One(r.Context(), r.URL.Query().Get("id"))
		if err != nil || m.HTML == "" {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Content-Security-Policy", mailPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte(m.HTML))
	})
}
