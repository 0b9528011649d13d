package web_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"portico/internal/access"
	"portico/internal/page"
	"portico/internal/testkit"
	"portico/internal/web"
)

// A browser's report becomes a number, and once a minute a line that says where. What
// somebody made up becomes neither, and no address gets into the log.
func TestWhatThePolicyKeptOutIsCounted(t *testing.T) {
	db, clock := testkit.SQLite(t)
	var log strings.Builder
	var r *web.Router
	b := testkit.Serve(t, func(base *url.URL) http.Handler {
		r = web.New(web.Settings{Base: base, Clinic: &page.Clinic{Name: "Test Clinic"}}, db, &access.Gate{DB: db}, testkit.Keys(t), slog.New(slog.NewJSONHandler(&log, nil)))
		r.MountReports()
		r.Visitor("GET /not-me/{token}", func(*web.Request, access.Visitor) (web.Reply, error) { return web.Show(simple), nil })
		return r.Handler()
	})
	said := b.Get("/not-me/abc").Header.Get("Content-Security-Policy")
	_, path, _ := strings.Cut(said, "report-uri ")
	tell := func(body string) int {
		t.Helper()
		res, err := b.Client.Post(b.Base+path, "application/csp-report", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res.StatusCode
	}
	report := func(directive, blocked string) string {
		return `{"csp-report":{"document-uri":"` + b.Base + `/not-me/secret-token?next=x","effective-directive":"` + directive + `","blocked-uri":"` + blocked + `"}}`
	}
	for body, status := range map[string]int{report("script-src-elem", "inline"): 204, report("made-up\\n{}", "https://evil.example/secret-token"): 204,
		`{"csp-report":{"violated-directive":"img-src 'self'"}}`: 204, "": 400, "x": 400, `{"csp-report":{"blocked-uri":"` + strings.Repeat("x", 20<<10) + `"}}`: 400} {
		if got := tell(body); got != status {
			t.Errorf("%.60s answered %d", body, got)
		}
	}
	if n := strings.Count(log.String(), "kept something"); n != 1 {
		t.Errorf("%d lines in a minute", n)
	}
	log.Reset()
	clock.Move(2 * 60e9)
	tell(report("script-src-elem", "inline"))
	if s := log.String(); !strings.Contains(s, `"directive":"script-src-elem"`) || !strings.Contains(s, `"route":"GET /not-me/{token}"`) || !strings.Contains(s, `"what":"inline"`) || strings.Contains(s, "secret") {
		t.Error(s)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(r.Collectors()...)
	all, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range all {
		if f.GetName() == "portico_policy_reports_total" {
			for _, m := range f.Metric {
				got[m.Label[0].GetValue()] = m.Counter.GetValue()
			}
		}
	}
	if len(got) != 3 || got["script-src-elem"] != 2 || got["other"] != 1 || got["img-src"] != 1 {
		t.Errorf("%v", got)
	}
}
