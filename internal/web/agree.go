package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"portico/internal/access"
	"portico/internal/store"
)

// Agreement looks whether somebody signed in has yet to agree to something that
// came into force. If so, owing is true and reply is what they get in place of
// the page they asked for.
type Agreement func(q *Request, c access.Chart) (reply Reply, owing bool, err error)

// AgreeFirst puts an agreement before every patient page and form, but for those
// whose path begins with one of free: the agreement itself and the ways out.
// It is asked only of sessions that are Behind.
func (r *Router) AgreeFirst(a Agreement, free ...string) { r.agreement, r.free = a, free }

// agreed gives the reply to somebody who must agree first.
func (q *Request) agreed(c access.Chart) (reply Reply, first bool, err error) {
	r := q.router
	if r.agreement == nil || !c.Behind() || r.isFree(q.route.Path) {
		return Reply{}, false, nil
	}
	return r.agreement(q, c)
}

func (r *Router) isFree(path string) bool {
	return slices.ContainsFunc(r.free, func(f string) bool { return path == f || strings.HasPrefix(path, f+"/") })
}

// secretFields are parts of the names of fields that must never be written back
// into a page.
var secretFields = []string{"password", "passcode", "again", "code", "secret"}

// mostHeld bounds what is carried from page to page, in bytes: it travels in a
// form's field, encoded twice.
const mostHeld = 16 << 10

// Held gives what a form held that is not handled now, so that a page in between
// can carry it along: nil if it holds a secret or a file, or too much. The form's
// key is checked, not used up: only what this browser's own page sent is shown.
func (q *Request) Held() (url.Values, error) {
	if !q.route.Form || strings.HasPrefix(q.Header.Get("Content-Type"), "multipart/") {
		return nil, nil
	}
	if err := q.readForm(); err != nil {
		return nil, err
	}
	if err := q.checkFormKey(q.PostFormValue("_form")); err != nil {
		return nil, err
	}
	out := url.Values{}
	for name, values := range q.PostForm {
		if slices.ContainsFunc(secretFields, func(s string) bool { return strings.Contains(name, s) }) {
			return nil, nil
		}
		for _, v := range values {
			out.Add(store.Clean(name), store.Clean(v))
		}
	}
	delete(out, "_form")
	if len(out.Encode()) > mostHeld {
		return nil, nil
	}
	return out, nil
}

// Takes tells whether path is the address of a patient's form.
func (q *Request) Takes(path string) bool {
	r := q.router
	if LocalPath(path, "") == "" {
		return false
	}
	probe := &http.Request{Method: http.MethodPost, Host: r.set.Base.Host, URL: &url.URL{Path: path}}
	_, pattern := r.mux.Handler(probe)
	return slices.ContainsFunc(r.routes, func(t Route) bool {
		return t.Form && t.Audience == "patient" && t.Method+" "+t.Path == pattern
	})
}
