package bench

import (
	"context"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"portico/internal/lang"
)

var (
	anyLink = regexp.MustCompile(`<a[^>]*href="(/[^"]*)"`)
	anyID   = regexp.MustCompile(`/[a-z]{3}_[a-z0-9]+`)
)

// Nobody is shown a link that is closed to them: each kind of page is opened by each
// kind of person, from the first page on along the links it shows.
func TestNoLinkIsDead(t *testing.T) {
	c, err := open(context.Background(), opening{dir: t.TempDir(), seed: 1, standing: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.app.Close() })
	w := &walk{clinic: c, people: map[who]*guest{}}
	opened := 0
	for p, first := range map[who]string{visitor: "/", patient: "/home", clerk: "/staff", administrator: "/staff", auditor: "/staff", clinician: "/staff", archivist: "/staff"} {
		g, err := w.person(p)
		if err != nil {
			t.Fatal(err)
		}
		opened += follow(t, g, p, first)
	}
	if opened < 200 {
		t.Errorf("only %d pages were opened", opened)
	}
	// Who finds background work that failed must know what was not done.
	for _, kind := range c.app.Jobs.Kinds() {
		key := "office.job." + kind
		if en, es := lang.En.T(key), lang.Es.T(key); en == key || es == key || en == es {
			t.Errorf("the work %s is called %q and %q", kind, en, es)
		}
	}
}

// follow opens one page of each kind that g is led to and tells how many there were.
func follow(t *testing.T, g *guest, p who, first string) int {
	t.Helper()
	type step struct{ path, from string }
	known := map[string]bool{}
	for queue := []step{{first, "nowhere"}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		route, _, _ := strings.Cut(anyID.ReplaceAllString(at.path, "/{id}"), "?")
		if known[route] {
			continue
		}
		known[route] = true
		v, err := g.get(at.path)
		if err != nil {
			t.Fatal(err)
		}
		if v.status != http.StatusOK && v.status != http.StatusSeeOther {
			t.Errorf("%s leads %s to %s, which answers %d", at.from, p, at.path, v.status)
			continue
		}
		for _, m := range anyLink.FindAllSubmatch(v.body, -1) {
			queue = append(queue, step{html.UnescapeString(string(m[1])), at.path})
		}
	}
	return len(known)
}
