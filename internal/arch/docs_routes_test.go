package arch

import (
	"context"
	"log/slog"
	"net/url"
	"testing"

	"portico/internal/app"
	"portico/internal/bench"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/testkit"
	"portico/internal/web"
)

func TestRoutesDocument(t *testing.T) { document(t, "routes.md", routesDocument(t)) }

// Each page has a line that says who opens it and what it may cost.
func TestEachPageHasItsLine(t *testing.T) {
	for _, path := range bench.Unlisted(whole(t).Router.Routes()) {
		t.Errorf("GET %s has no line in internal/bench/places.go: add {route: %q, who: patient}, or who else opens it, "+
			"and the number of its queries, which go test ./internal/bench says", path, path)
	}
}

// whole joins the portal as serve does, on an empty database.
func whole(t *testing.T) *app.App {
	t.Helper()
	cfg := config.Default()
	cfg.DataDir, cfg.DatabaseURL = t.TempDir(), testkit.MigratedSQLite(t)
	cfg.SecretKey, cfg.Clinic.Name, cfg.Clinic.Phone = "ZG9jdW1lbnRzLW9mLXRoZS1wb3J0YWwtMDEyMzQ1Njc4OWFiY2RlZg", "Clinic", "555-010-0123"
	testkit.Open(t, cfg.DatabaseURL, clock.System{}).Close()
	base, _ := url.Parse("https://portal.example.org")
	a, err := app.New(context.Background(), cfg, app.Options{Log: slog.New(slog.DiscardHandler), Base: base, Command: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func routesDocument(t *testing.T) string {
	audiences := map[string]string{"visitor": "anybody", "enrolling": "someone opening an account", "patient": "a signed-in patient", "staff": "signed-in staff", "system": "programs"}
	var rows [][]string
	for _, r := range whole(t).Router.Routes() {
		rows = append(rows, []string{r.Method, code(r.Path), audiences[r.Audience], code(r.Need), form(r)})
	}
	return `# Routes

Made from the router; do not edit. A route without an audience cannot be registered. Forms carry a key
that works once and only in the browser that was given it. A raised session is one whose person has
proven password and second step within the last ten minutes.

` + table([]string{"method", "path", "for", "needs", ""}, rows)
}

func form(r web.Route) string {
	switch {
	case r.Form && r.Raised:
		return "form, raised session"
	case r.Raised:
		return "raised session"
	case r.Form:
		return "form"
	}
	return ""
}
