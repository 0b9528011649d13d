package attack

import (
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit/authenticator"
	"portico/internal/web"
)

// T24: who asks for a passkey by a user name learns nothing about it: whether there is
// such an account, whether it has passkeys, whether it is frozen. Made-up credentials
// are the same each time, and stand among the real ones.
func TestPasskeyOptionsTellNothing(t *testing.T) {
	w := lite(t)
	keyed, bare, ice := w.member(), w.member(), w.member()
	d, _ := w.keyed(keyed)
	w.keyed(ice)
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE account SET state = 'frozen' WHERE id = $1`, ice.account)
		return err
	})
	names := map[string]string{"with a passkey": keyed.userName, "without one": bare.userName, "frozen": ice.userName, "of nobody": "nobody.at.all"}
	first := w.passkeyOptions(keyed.userName)
	for what, name := range names {
		got := w.passkeyOptions(name)
		if a, b := shape(first), shape(got); a != b {
			t.Errorf("a name %s answers otherwise: %s", what, parting(a, b))
		}
		ids, again := credentialsIn(t, got), credentialsIn(t, w.passkeyOptions(name))
		if !slices.Equal(ids, again) || len(ids) != 4 {
			t.Errorf("a name %s lists %d credentials, then others", what, len(ids))
		}
	}
	if !slices.Contains(credentialsIn(t, first), d.Credential()) {
		t.Error("the owner's passkey is not among those listed")
	}
	if slices.Equal(credentialsIn(t, w.passkeyOptions("nobody.at.all")), credentialsIn(t, w.passkeyOptions("nobody.else"))) {
		t.Error("two names have the same made-up credentials")
	}
	w.passkeyTimes(keyed.userName, "nobody.at.all", size(100, 5000))
}

// passkeyTimes compares how long known and unknown names take: the medians lie within
// 3 ms of each other (security.md A7).
func (w *world) passkeyTimes(known, unknown string, pairs int) {
	var took [2][]time.Duration
	for range pairs {
		for i, name := range []string{known, unknown} {
			began := time.Now()
			w.passkeyOptions(name)
			took[i] = append(took[i], time.Since(began))
		}
	}
	slices.Sort(took[0])
	slices.Sort(took[1])
	gap := (took[0][pairs/2] - took[1][pairs/2]).Abs()
	w.t.Logf("%d pairs: medians %v and %v", pairs, took[0][pairs/2], took[1][pairs/2])
	if gap > 3*time.Millisecond {
		w.t.Errorf("the medians are %v apart", gap)
	}
}

func (w *world) passkeyOptions(name string) *httptest.ResponseRecorder {
	c := cookies{web.VisitorCookie: secret.Token()}
	return w.do(ask{method: "POST", path: "/signin/passkey/options", cookies: c, form: with(say("name", name), w.keyFor(web.Route{Audience: "visitor"}, c))})
}

// nonces are what differs by chance, or by the name in a way that says nothing of it.
var nonces = regexp.MustCompile(`"(challenge|ticket|id)":"[A-Za-z0-9_.-]+"`)

// shape is an answer without those.
func shape(r *httptest.ResponseRecorder) string {
	var head []string
	for k, v := range r.Header() {
		if k != "Content-Length" { // made-up credentials have the lengths of real ones, which differ
			head = append(head, k+": "+strings.Join(v, ", "))
		}
	}
	slices.Sort(head)
	return strings.Join(head, "\n") + "\n" + nonces.ReplaceAllString(r.Body.String(), `"$1":""`)
}

func credentialsIn(t *testing.T, r *httptest.ResponseRecorder) (out []string) {
	t.Helper()
	if r.Code != 200 {
		t.Fatalf("answered %d", r.Code)
	}
	for _, a := range authenticator.New(t, "").Read(r.Body.Bytes()).PublicKey.Allow {
		out = append(out, a.ID)
	}
	return out
}
