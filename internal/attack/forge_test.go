package attack

import (
	"maps"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"portico/internal/secret"
	"portico/internal/web"
)

// forgery is a way in which another site makes a browser send something. All but
// those without a key hold one that is genuine: each defence stands alone.
type forgery struct {
	name string
	make func(w *world, t web.Route, genuine ask) ask
}

func headed(pairs ...string) func(*world, web.Route, ask) ask {
	return func(_ *world, _ web.Route, a ask) ask {
		a.header = map[string]string{}
		for i := 0; i+1 < len(pairs); i += 2 {
			a.header[pairs[i]] = pairs[i+1]
		}
		return a
	}
}

// asGet sends the fields in the address of a GET.
func asGet(method string, header ...string) func(*world, web.Route, ask) ask {
	return func(w *world, t web.Route, a ask) ask {
		a.form.Set("_method", "POST")
		a.method, a.path, a.form = method, a.path+"?"+a.form.Encode(), nil
		return headed(header...)(w, t, a)
	}
}

var forgeries = []forgery{
	{name: "a form of another site", make: headed("Origin", "https://evil.example")},
	{name: "a fetch of another site", make: headed("Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors")},
	{name: "an image", make: asGet("GET", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "image")},
	{name: "a method override", make: asGet("GET", "X-HTTP-Method-Override", "POST", "X-Method-Override", "POST", "X-HTTP-Method", "POST")},
	{name: "a HEAD", make: asGet("HEAD")},
	{name: "no headers and no key", make: func(_ *world, _ web.Route, a ask) ask {
		a.form.Del("_form")
		return a
	}},
	{name: "an origin of null", make: headed("Origin", "null")},
	{name: "a subdomain", make: headed("Origin", "https://evil."+host)},
	{name: "a sister site", make: headed("Sec-Fetch-Site", "same-site")},
	{name: "another port", make: headed("Origin", "https://"+host+":8443")},
	{name: "another browser's key", make: func(w *world, t web.Route, a ask) ask {
		a.form.Set("_form", w.keyFor(t, cookies{web.VisitorCookie: secret.Token(), web.EnrolCookie: secret.Token(), web.SessionCookie: secret.Token(), web.StaffCookie: secret.Token()}))
		return a
	}},
	{name: "the key in the address", make: func(_ *world, _ web.Route, a ask) ask {
		a.path += "?" + url.Values{"_form": a.form["_form"]}.Encode()
		a.form.Del("_form")
		return a
	}},
}

// T31: no form does anything when another site sends it, in whatever way. The
// genuine one does: were it not so, the test would prove nothing.
func TestAnotherSiteChangesNothing(t *testing.T) {
	w, broken := lite(t), 0
	for _, r := range w.app.Router.Routes() {
		// A shared link is opened by programs of every site, without cookies: what
		// opens it is its address and its passcode.
		if r.Audience == "system" && r.Method == "POST" && r.Path != "/shl/{address}" {
			w.systemForged(r)
		}
		f, ok := forms[r.Method+" "+r.Path]
		if !r.Form || !ok {
			continue
		}
		got, diff := w.forged(r, f, forgeries...)
		if len(diff) > 0 {
			if broken++; broken > 3 { // each costs a form by every forgery
				t.Fatal("and perhaps others")
			}
			for _, k := range forgeries { // one by one, to name it
				if _, diff := w.forged(r, f, k); len(diff) > 0 {
					t.Errorf("%s %s sent by %s changed %.600q", r.Method, r.Path, k.name, diff)
				}
			}
		}
		if got.Code >= 400 && got.Code != 422 {
			t.Errorf("%s %s: the genuine form was answered %d: its line in forms is wrong", r.Method, r.Path, got.Code)
		}
	}
}

// forged sends one form in each of the given ways and gives what that changed;
// then as it should be sent, which must change something.
func (w *world) forged(r web.Route, f form, ways ...forgery) (*httptest.ResponseRecorder, []string) {
	w.t.Helper()
	path, fields, c := w.ready(r, f)
	genuine := func() ask {
		return ask{method: "POST", path: path, cookies: maps.Clone(c), form: with(fields, w.keyFor(r, c))}
	}
	before := w.dump()
	for _, k := range ways {
		w.do(k.make(w, r, genuine()))
	}
	then := w.dump()
	got := w.do(genuine())
	if !f.mute && len(w.dump().since(then)) == 0 {
		w.t.Errorf("%s %s: the genuine form did nothing (%d): its line in forms is wrong", r.Method, r.Path, got.Code)
	}
	diff := then.since(before)
	if f.counts {
		diff = slices.DeleteFunc(diff, func(line string) bool { return strings.HasPrefix(line, "+limit_count ") })
	}
	return got, diff
}

// systemForged tries an address without a person: it has no key to ask for, but
// asks where a request comes from.
func (w *world) systemForged(r web.Route) {
	for _, k := range forgeries {
		a := k.make(w, r, ask{method: "POST", path: r.Path, cookies: w.role("patient"), form: url.Values{}})
		if a.method == "POST" && a.header != nil {
			if got := w.do(a); got.Code != 403 {
				w.t.Errorf("%s sent by %s answered %d", r.Path, k.name, got.Code)
			}
		}
	}
}

// A form without a key and asked for by another site is noticed: the check can fail.
func TestAForgeryThatWorksIsNoticed(t *testing.T) {
	w := lite(t)
	honest := forgery{make: func(_ *world, _ web.Route, a ask) ask { return a }}
	for _, r := range w.app.Router.Routes() {
		if r.Path == "/account/display" && r.Form {
			w.t = &watched{TB: t} // done once, the form does nothing the second time
			if _, diff := w.forged(r, forms["POST /account/display"], honest); len(diff) == 0 {
				t.Error("a form that did its work was not noticed")
			}
			return
		}
	}
	t.Error("the form is gone")
}
