package web

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// policy is the content security policy of every page: nothing but the portal's own
// files. What it keeps from happening the browser reports to reportPath.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; report-uri " + reportPath

const (
	reportPath = "/policy/reports"
	maxReport  = 16 << 10
	// tellEvery is how often a report is logged at most: an extension of one browser
	// can send many, and anybody can make them up. All are counted.
	tellEvery = time.Minute
)

// directives are what a report may name; anything else is "other", so that nothing
// that was made up becomes a label or a line of the log.
var directives = []string{"default-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem", "style-src-attr", "img-src", "font-src",
	"connect-src", "manifest-src", "worker-src", "form-action", "base-uri", "frame-ancestors", "frame-src", "object-src", "media-src", "require-trusted-types-for"}

// blocked are the words by which a report names what has no address.
var blocked = []string{"inline", "eval", "wasm-eval", "data", "blob", "trusted-types-sink", "trusted-types-policy"}

// MountReports takes what browsers report that the policy kept from happening: the
// first sign that somebody got a script into a page. Of a report the directive and
// the route count; addresses in it could hold a secret and are dropped.
func (r *Router) MountReports() {
	var told atomic.Int64
	r.System("POST "+reportPath, func(q *Request) (Reply, error) {
		var in struct {
			Report struct {
				Page      string `json:"document-uri"`
				Directive string `json:"effective-directive"`
				Violated  string `json:"violated-directive"` // what Safari sends
				Blocked   string `json:"blocked-uri"`
			} `json:"csp-report"`
		}
		b, err := io.ReadAll(http.MaxBytesReader(q.w, q.Body, maxReport))
		if err != nil || json.Unmarshal(b, &in) != nil {
			return Empty(http.StatusBadRequest), nil
		}
		directive, _, _ := strings.Cut(cmp.Or(in.Report.Directive, in.Report.Violated), " ")
		directive = cmp.Or(OneOf(directive, directives...), "other")
		r.meter.kept.WithLabelValues(directive).Inc()
		now := q.router.db.Now()
		if last := told.Load(); now.UnixNano()-last >= int64(tellEvery) && told.CompareAndSwap(last, now.UnixNano()) {
			what := "an address"
			if slices.Contains(blocked, in.Report.Blocked) {
				what = in.Report.Blocked
			}
			r.log.Warn("the policy of pages kept something from happening", "directive", directive, "route", r.routeOf(in.Report.Page), "what", what)
		}
		return Empty(http.StatusNoContent), nil
	})
}

// routeOf is the route of a page's address, "" for none of ours.
func (r *Router) routeOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	_, pattern := r.mux.Handler(&http.Request{Method: http.MethodGet, Host: r.set.Base.Host, URL: &url.URL{Path: u.Path}})
	return pattern
}
