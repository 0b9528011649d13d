package bench

import (
	"context"
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/testkit"
)

// most is how much a page may weigh, style sheet and script included, before
// compression: what a phone on a slow line still opens in a second or two.
const most = 60 << 10

// visit opens every page of a small clinic on a database.
func visit(t *testing.T, database string) (*clinic, []seen, []string) {
	t.Helper()
	c, err := open(context.Background(), opening{dir: t.TempDir(), database: database, seed: 1, standing: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.app.Close() })
	pages, out, err := c.all(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return c, pages, out
}

// Every page asks the database as often as its line says: a query that creeps in
// shows here before it shows to a clinic of a hundred thousand patients.
func TestEachPageAsksWhatItsLineSays(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		c, pages, out := visit(t, "")
		for _, path := range out {
			t.Errorf("GET %s has no line in internal/bench/places.go: add {route: %q, who: patient}, or who else opens it", path, path)
		}
		lines(t, c)
		counts(t, pages)
		weights(t, c, pages)
	})
	t.Run("postgres", func(t *testing.T) {
		_, pages, _ := visit(t, testkit.MigratedPostgres(t))
		counts(t, pages)
	})
}

func counts(t *testing.T, pages []seen) {
	t.Helper()
	for _, p := range pages {
		if p.got.queries != p.queries {
			t.Errorf("GET %s as %s asks the database %d times; its line in internal/bench/places.go says %d. "+
				"If that is more, see whether two can be one, and that they do not grow with the rows shown; then write queries: %[3]d there",
				p.route, p.who, p.got.queries, p.queries)
		}
	}
}

func weights(t *testing.T, c *clinic, pages []seen) {
	t.Helper()
	for _, p := range pages {
		if p.whole || !strings.HasPrefix(p.got.header.Get("Content-Type"), "text/html") {
			continue
		}
		extra, err := c.dress(p.got)
		if err != nil {
			t.Fatal(err)
		}
		if len(extra) == 0 {
			t.Errorf("GET %s has neither style sheet nor script", p.route)
		}
		if n := len(p.got.body) + len(extra); n > most {
			t.Errorf("GET %s weighs %d bytes, of which %d are style sheet and script; %d is the most. Show less, or in pages", p.route, n, len(extra), most)
		}
	}
}

// lines finds lines whose route is gone, which would be skipped without a word.
func lines(t *testing.T, c *clinic) {
	t.Helper()
	has := map[string]bool{}
	for _, r := range c.app.Router.Routes() {
		has[r.Path] = true
	}
	for _, p := range places {
		if !has[p.route] {
			t.Errorf("internal/bench/places.go has a line for %s, which is no route any more: remove it", p.route)
		}
	}
}

// Whoever opens routes of a raised session has one.
func TestConfirmedPersonHasARaisedSession(t *testing.T) {
	c, err := open(context.Background(), opening{dir: t.TempDir(), seed: 1, standing: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.app.Close() })
	g, err := (&walk{clinic: c, people: map[who]*guest{}}).person(confirmed)
	if err != nil {
		t.Fatal(err)
	}
	v, err := g.get(access.ConfirmPath)
	if err != nil {
		t.Fatal(err)
	}
	if v.status != 303 || v.header.Get("Location") != "/home" {
		t.Errorf("asked to confirm again: %d %q", v.status, v.header.Get("Location"))
	}
}
