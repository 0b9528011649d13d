package attack

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"maps"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/app"
	"portico/internal/secret"
	"portico/internal/web"
)

// roles are everybody who may knock: each gets cookies of their own.
var roles = []string{"visitor", "applicant", "applicant posing", "patient", "patient unraised", "patient posing", "front_desk", "administrator", "auditor", "clinician", "records", "disabled", "ended"}

// strangers stand for all at pages for anybody, which ask nobody who they are.
var strangers = []string{"visitor", "patient posing", "front_desk"}

// role gives what the browser of a role holds. Those who pose have put a token
// of one kind into the cookies of the others.
func (w *world) role(name string) cookies {
	c := cookies{web.VisitorCookie: secret.Token()}
	switch name {
	case "visitor":
	case "applicant":
		c[web.EnrolCookie] = w.opened(false)
	case "applicant posing":
		t := w.opened(false)
		c[web.SessionCookie], c[web.StaffCookie] = t, t
	case "patient", "patient unraised":
		c[web.SessionCookie] = w.signedIn(w.own)
	case "patient posing":
		t := w.signedIn(w.own)
		c[web.EnrolCookie], c[web.StaffCookie] = t, t
	case "disabled":
		d := w.hire("front_desk,administrator,auditor")
		w.disable(string(d.id))
		c[web.StaffCookie] = d.token
	case "ended":
		c[web.SessionCookie], c[web.StaffCookie] = w.signedIn(w.own), w.hire("front_desk,administrator,auditor").token
		w.do(ask{method: "POST", path: "/signout", cookies: c, form: with(nil, w.keyFor(web.Route{Audience: "patient"}, c))})
		w.do(ask{method: "POST", path: "/staff/signout", cookies: c, form: with(nil, w.keyFor(web.Route{Audience: "staff"}, c))})
	default:
		c[web.StaffCookie] = w.at(name).token
	}
	return c
}

// may tells whether a role may open a route.
func may(role string, t web.Route) bool {
	switch t.Audience {
	case "enrolling":
		return role == "applicant"
	case "patient":
		return role == "patient"
	case "staff":
		return access.May([]access.Role{access.Role(role)}, access.Task(t.Need))
	}
	return true
}

// known tells whether the portal knows who is behind a role's cookies, so that
// it can say of whom the refusal is.
func known(role string, t web.Route) bool {
	switch t.Audience {
	case "patient":
		return role == "patient"
	case "staff":
		return access.Roles[access.Role(role)] != nil
	}
	return false
}

func (w *world) firstRole(t web.Route) string {
	for _, r := range roles {
		if may(r, t) {
			return r
		}
	}
	w.t.Fatalf("%s %s: nobody may", t.Method, t.Path)
	return ""
}

// routes are those of the demo and of a clinic's server with everything set up.
func (w *world) routes() []web.Route {
	cfg := settings(w.t, "sqlite:"+filepath.Join(w.t.TempDir(), "portico.db"))
	cfg.Phone.URL, cfg.Phone.Account, cfg.Phone.Token, cfg.Phone.From = "https://phone.example", "AC1", "token", "+15550100123"
	cfg.Mail.URL, cfg.Mail.From = "smtp://mail.example", "portal@portal.example"
	if err := app.Migrate(ctx, cfg); err != nil {
		w.t.Fatal(err)
	}
	real, err := app.New(ctx, cfg, app.Options{Log: slog.New(slog.DiscardHandler), Base: &url.URL{Scheme: "https", Host: host}})
	if err != nil {
		w.t.Fatal(err)
	}
	defer real.Close()
	return append(w.app.Router.Routes(), real.Router.Routes()...)
}

// TestTablesAreWhole names what is missing for a new route.
func TestTablesAreWhole(t *testing.T) {
	w := lite(t)
	here := map[string]bool{}
	for _, r := range w.routes() {
		name := r.Method + " " + r.Path
		if here[name] {
			continue
		}
		here[name] = true
		switch {
		case r.Audience == "system":
			if systems[name] == "" {
				t.Errorf("%s has no audience: add a line to systems in tables_test.go that says why it needs none", name)
			}
			continue
		case strings.Contains(r.Path, "{") && r.Path != "/{$}":
			if _, ok := sampleOf(r.Path); !ok {
				t.Errorf("%s: add a line to samples in tables_test.go: %q: a function that makes such a thing of a person and gives its identifier", name, r.Path[:strings.LastIndexByte(r.Path, '}')+1])
			}
		}
		if _, ok := forms[name]; r.Form && !ok {
			t.Errorf("%s: add a line to forms in tables_test.go: %q: {send: say(…all its fields…)}", name, name)
		}
	}
	for name := range forms {
		if !here[name] {
			t.Errorf("forms in tables_test.go has %s, which is no route any more", name)
		}
	}
}

// T12, T30, T33, T34, T35: every route by every role with an identifier of their own,
// of somebody else, and of nothing. Somebody else's and nothing are one answer,
// byte for byte; nobody without the permission can tell them from their own.
func TestEveryRouteByEveryRole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		tried := 0
		for _, r := range w.app.Router.Routes() {
			if r.Audience == "system" || r.Path == "/{$}" {
				continue
			}
			// What depends on the database is how identifiers are looked up.
			if !long && strings.HasSuffix(t.Name(), "postgres") && !strings.Contains(r.Path, "{") {
				continue
			}
			for _, role := range roles {
				if r.Audience == "visitor" && !slices.Contains(strangers, role) || role == "patient unraised" && !(r.Raised && r.Audience == "patient") {
					continue
				}
				tried += w.knock(r, role)
			}
		}
		t.Logf("%d requests", tried)
	})
}

// knock tries one route as one role.
func (w *world) knock(r web.Route, role string) (tried int) {
	name := fmt.Sprintf("%s %s as %s", r.Method, r.Path, role)
	send := func(path string) *httptest.ResponseRecorder {
		tried++
		return w.do(w.sending(r, role, path))
	}
	if !strings.Contains(r.Path, "{") {
		w.judge(name, role, r, send(r.Path))
		return tried
	}
	if _, ok := sampleOf(r.Path); !ok {
		return tried // TestTablesAreWhole says so
	}
	own := w.sample(r, role)
	var seen []string
	for _, id := range w.wrong(r, own) {
		lines := w.refusals()
		got := send(fill(r.Path, id))
		seen = append(seen, plain(got, id))
		switch {
		case may(role, r) && got.Code != 404 && !(r.Audience == "visitor" && (got.Code == 200 || got.Code == 303 || got.Code == 422)):
			w.t.Errorf("%s: %s answered %d", name, id, got.Code)
		case !may(role, r):
			w.judge(name, role, r, got)
		}
		if known(role, r) && w.refusals() != lines+1 {
			w.t.Errorf("%s: the audit log has no line about %s", name, id)
		}
	}
	for _, s := range seen[1:] {
		if s != seen[0] {
			w.t.Errorf("%s: somebody else's and an absent identifier answer differently: %s", name, parting(seen[0], s))
		}
	}
	got := send(fill(r.Path, own))
	if may(role, r) {
		// The sample is real: were it absent, the test would prove nothing.
		if got.Code == 404 || got.Code >= 500 {
			w.t.Errorf("%s: a real identifier answered %d", name, got.Code)
		}
	} else if plain(got, own) != seen[1] {
		w.t.Errorf("%s: a real identifier answers other than an absent one: %s", name, parting(plain(got, own), seen[1]))
	}
	return tried
}

// sending is a role's request for a route, with all it takes if the role may.
func (w *world) sending(r web.Route, role, path string) ask {
	spoils := r.Form && may(role, r)
	if w.held[role] == nil || spoils {
		w.held[role] = w.role(role)
	}
	a := ask{method: r.Method, path: path, cookies: maps.Clone(w.held[role])}
	f, s := forms[r.Method+" "+r.Path], state{}
	make := f.made
	if !r.Form {
		make = pages[r.Method+" "+r.Path]
	}
	if make != nil && may(role, r) {
		s = make(w, w.own)
		maps.Copy(a.cookies, s.cookies)
	}
	if r.Form {
		a.form = with(merge(f.send, s.send), w.keyFor(r, a.cookies))
	}
	if r.Raised && may(role, r) {
		w.raise(a.cookies[web.SessionCookie])
		w.raise(a.cookies[web.StaffCookie])
	}
	if spoils {
		delete(w.held, role)         // signing out and the like end what is held
		if r.Audience == "patient" { // a change of password or second step ends every other session
			delete(w.held, "patient unraised")
			delete(w.held, "patient posing")
		}
	}
	return a
}

// sample makes what a path names. Those who do nothing with it share one.
func (w *world) sample(r web.Route, role string) string {
	make, _ := sampleOf(r.Path)
	if mine, ok := desks[r.Path]; ok && may(role, r) {
		return mine(w, role)
	}
	if may(role, r) && r.Form {
		return make(w, w.own)
	}
	if w.made[r.Path] == "" {
		w.made[r.Path] = make(w, w.own)
	}
	return w.made[r.Path]
}

// leaves are the forms after which a patient is signed out.
var leaves = map[string]bool{"/signout": true, "/account/close": true}

// judge checks an answer to somebody who may or may not have it.
func (w *world) judge(name, role string, r web.Route, got *httptest.ResponseRecorder) {
	to := got.Header().Get("Location")
	path, _, _ := strings.Cut(to, "?")
	if r.Audience != "visitor" && got.Header().Get("Cache-Control") != "no-store" { // T30: nothing is left for the back button
		w.t.Errorf("%s may be kept by the browser: %q", name, got.Header().Get("Cache-Control"))
	}
	switch {
	case got.Code >= 500:
		w.t.Errorf("%s answered %d", name, got.Code)
	case may(role, r):
		if got.Code == 404 || got.Code == 403 || path == "/signin" && !leaves[r.Path] && r.Audience == "patient" {
			w.t.Errorf("%s, who may, was answered %d %s", name, got.Code, to)
		}
	case known(role, r):
		if got.Code != 404 {
			w.t.Errorf("%s answered %d, not 404", name, got.Code)
		}
	case role == "patient unraised":
		if got.Code != 303 || path != access.ConfirmPath {
			w.t.Errorf("%s was answered %d %s", name, got.Code, to)
		}
	case r.Audience == "staff" && (role == "disabled" || role == "ended"): // who held a session is told why it is over
		if got.Code != 303 || path != web.StaffEndedPath {
			w.t.Errorf("%s was answered %d %s", name, got.Code, to)
		}
	case got.Code != 303 || path != map[string]string{"enrolling": "/enroll", "patient": "/signin", "staff": "/staff/signin"}[r.Audience]:
		w.t.Errorf("%s was answered %d %s", name, got.Code, to)
	}
}

// wrong are identifiers that lead nowhere: somebody else's, and absent ones. Of
// a path with several parameters each alone is somebody else's, too: one's own
// visit with another's file.
func (w *world) wrong(r web.Route, own string) []string {
	theirs := w.foreign(r, own)
	out := []string{theirs, absent(own)}
	for i, part := range strings.Fields(theirs) {
		if mixed := strings.Fields(own); len(mixed) > 1 {
			mixed[i] = part
			out = append(out, strings.Join(mixed, " "))
		}
	}
	return out
}

// foreign is an identifier that is real and not the asker's: on a patient's page
// another patient's, elsewhere one of another kind of thing.
func (w *world) foreign(r web.Route, own string) string {
	if r.Audience == "patient" {
		make, _ := sampleOf(r.Path)
		return make(w, w.other)
	}
	return eachPart(own, func(part string) string {
		switch {
		case !identifier.MatchString(part):
			return secret.Token()
		case strings.HasPrefix(part, "pat_"):
			return string(w.other.account)
		}
		return string(w.other.id)
	})
}

var identifier = regexp.MustCompile(`^[a-z]{3}_[a-z0-9]{26}$`)

// absent is an identifier of the same shape that names nothing.
func absent(own string) string {
	return eachPart(own, func(part string) string {
		if identifier.MatchString(part) {
			return part[:4] + strings.ToLower(rand.Text())
		}
		return secret.Token()
	})
}

// eachPart changes each of the identifiers of a path with several.
func eachPart(ids string, f func(string) string) string {
	parts := strings.Fields(ids)
	for i, p := range parts {
		parts[i] = f(p)
	}
	return strings.Join(parts, " ")
}

// refusals counts the lines that say that somebody asked for what is not theirs.
func (w *world) refusals() int {
	n, err := strconv.Atoi(w.one(`SELECT CAST(COUNT(*) AS TEXT) FROM audit_entry WHERE action = 'page.refused' AND outcome = 'refused'`))
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

var formKey = regexp.MustCompile(`(name="_form"[^>]*value=")[^"]*`)

// plain is an answer without what is different each time: the identifier asked
// for and the keys of forms.
func plain(got *httptest.ResponseRecorder, id string) string {
	h := got.Header().Clone()
	var head []string
	for k, v := range h {
		if k != "Content-Length" { // of the identifier, which is as long as it is
			head = append(head, k+": "+strings.Join(v, ", "))
		}
	}
	slices.Sort(head)
	all := fmt.Sprint(got.Code, "\n", strings.Join(head, "\n"), "\n", formKey.ReplaceAllString(got.Body.String(), "$1"))
	for _, part := range strings.Fields(id) {
		all = strings.ReplaceAll(all, part, "ID")
	}
	return all
}

// parting shows where two answers part.
func parting(a, b string) string {
	i := 0
	for i < min(len(a), len(b)) && a[i] == b[i] {
		i++
	}
	cut := func(s string) string { return s[max(0, i-40):min(len(s), i+120)] }
	return fmt.Sprintf("\n%q\n%q", cut(a), cut(b))
}
