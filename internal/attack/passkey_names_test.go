package attack

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit"
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
	w.passkeyTimes(keyed.userName, bare.userName)
}

// passkeyTimes compares how long known and unknown names take, of patients and of
// staff.
func (w *world) passkeyTimes(keyed, bare string) {
	who, plain := w.hire("front_desk"), w.hire("front_desk")
	w.staffKeyed(who)
	mail := func(d desk) string { return w.one(`SELECT email FROM staff WHERE id = $1`, string(d.id)) }
	for surface, kinds := range map[string]map[string]string{
		"/signin/passkey/options":       {"of nobody": "nobody.at.all", "without one": bare, "with a passkey": keyed},
		"/staff/signin/passkey/options": {"of nobody": "nobody@riverside.example", "without one": mail(plain), "with a passkey": mail(who)},
	} {
		rest := slices.DeleteFunc(slices.Sorted(maps.Keys(kinds)), func(kind string) bool { return kind == "of nobody" })
		a := testkit.Alike{Surface: surface, Kinds: append([]string{"of nobody"}, rest...), Pairs: size(100, 5000), Try: func(_ int, kind string) time.Duration {
			r := w.asksPasskey(surface, kinds[kind])
			began := time.Now()
			got := w.do(r)
			took := time.Since(began)
			if got.Code != 200 {
				w.t.Fatalf("%s answered %d", surface, got.Code)
			}
			return took
		}}
		if long {
			a.Load = func(n int) { w.do(w.asksPasskey(surface, fmt.Sprintf("other.%d@riverside.example", n))) }
		}
		a.Check(w.t)
	}
}

func (w *world) asksPasskey(path, name string) ask {
	c := cookies{web.VisitorCookie: secret.Token()}
	return ask{method: "POST", path: path, cookies: c, form: with(say("name", name), w.keyFor(web.Route{Audience: "visitor"}, c))}
}

func (w *world) passkeyOptions(name string) *httptest.ResponseRecorder {
	return w.do(w.asksPasskey("/signin/passkey/options", name))
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
