package secret_test

import (
	"net/url"
	"testing"

	"portico/internal/secret"
	"portico/internal/testkit"
)

// A search is read by the session that made it, at its own place, and by nothing else.
func TestASearchIsItsSessionsAlone(t *testing.T) {
	type search struct{ Words string }
	k := testkit.Keys(t)
	u, err := url.Parse(k.SealQuery("results.filter", "ses_a", "/results", search{"hiv"}))
	if err != nil || u.Path != "/results" {
		t.Fatal(u, err)
	}
	sealed := u.Query().Get("s")
	for what, c := range map[string]struct {
		place, session, sealed string
		want                   bool
	}{
		"its own":         {"results.filter", "ses_a", sealed, true},
		"another session": {"results.filter", "ses_b", sealed, false},
		"another place":   {"records.filter", "ses_a", sealed, false},
		"made up":         {"results.filter", "ses_a", "1.x.y", false},
		"none":            {"results.filter", "ses_a", "", false},
	} {
		got, ok := secret.OpenQuery[search](k, c.place, c.session, c.sealed)
		if ok != c.want || (got.Words == "hiv") != c.want {
			t.Errorf("%s: %v, %q", what, ok, got.Words)
		}
	}
}
