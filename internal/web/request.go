package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
)

// Request is an incoming request with what the router found out about it.
type Request struct {
	*http.Request
	Lang    lang.Lang
	router  *Router
	w       http.ResponseWriter
	route   Route
	visitor access.Visitor
	shell   page.Shell
	sent    []*http.Cookie // by the browser; nil until one is asked for
	cookies []*http.Cookie // to be set with the reply
	binding string         // what this page's form keys are bound to
	formKey string         // hash of the form key taken, "" if none
}

// maxForm is the largest form body taken, in bytes. Uploads have routes of their own.
const maxForm = 64 << 10

func (r *Router) request(w http.ResponseWriter, req *http.Request, t Route) *Request {
	q := &Request{Request: req, router: r, w: w, route: t}
	q.visitor = access.NewVisitor(access.SourceOf(r.clientAddr(req)), Agent(req.UserAgent()))
	q.Lang = q.language()
	q.visitor = q.visitor.Reading(q.Lang)
	if r.set.Watch != nil && t.Audience != "patient" && t.Audience != "staff" && t.Audience != "system" {
		r.set.Watch.Glance()
	}
	q.shell = page.Shell{
		Lang: q.Lang, Clinic: r.set.Clinic.Now(), Path: req.URL.Path, Demo: r.set.Demo, Other: q.otherLanguage(),
		Theme: OneOf(q.Cookie(themeCookie), "light", "dark"), Text: OneOf(q.Cookie(textCookie), "large"), Zone: zoneNamed(q.Cookie(zoneCookie)),
	}
	if r.set.Banner != nil {
		q.shell.Banner = r.set.Banner()
	}
	q.shell.FormKey = q.newFormKey
	return q
}

// zoneNamed is a zone that people can choose, nil for any other name.
func zoneNamed(id string) *time.Location {
	if id == "" || !lang.IsZone(id) {
		return nil
	}
	z, err := time.LoadLocation(id)
	if err != nil {
		return nil
	}
	return z
}

// OneOf is s if it is one of those allowed, else "".
func OneOf(s string, allowed ...string) string {
	for _, a := range allowed {
		if s == a {
			return s
		}
	}
	return ""
}

// language is what the person chose by link or cookie, else what the browser prefers.
func (q *Request) language() lang.Lang {
	if l, ok := lang.Parse(q.Ask("lang")); ok {
		q.setCookie(langCookie, string(l), preference)
		return l
	}
	if l, ok := lang.Parse(q.Cookie(langCookie)); ok {
		return l
	}
	for part := range strings.SplitSeq(q.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		if l, ok := lang.Parse(tag); ok {
			return l
		}
	}
	return lang.En
}

// otherLanguage is this page's address with the other language asked for.
func (q *Request) otherLanguage() string {
	other := lang.Es
	if q.Lang == lang.Es {
		other = lang.En
	}
	if q.URL.RawQuery == "" {
		return q.URL.Path + "?lang=" + string(other)
	}
	v := q.URL.Query()
	v.Set("lang", string(other))
	return q.URL.Path + "?" + v.Encode()
}

// Cookie gives a cookie's value, "" if there is none.
func (q *Request) Cookie(name string) string {
	if q.sent == nil {
		if q.sent = q.Request.Cookies(); q.sent == nil {
			q.sent = []*http.Cookie{}
		}
	}
	for _, c := range q.sent { // the first of a name counts
		if c.Name == name {
			if len(c.Value) > 512 {
				return ""
			}
			return c.Value
		}
	}
	return ""
}

// Text gives a form field, trimmed and made storable. Where a name was sent more
// than once the first counts.
func (q *Request) Text(name string) string {
	return strings.TrimSpace(store.Clean(q.PostFormValue(name)))
}

// Raw gives a form field as typed, for passwords.
func (q *Request) Raw(name string) string { return q.PostFormValue(name) }

// Ticked tells whether a checkbox was ticked.
func (q *Request) Ticked(name string) bool { return q.PostFormValue(name) != "" }

// Ask gives a query parameter, trimmed and made storable.
func (q *Request) Ask(name string) string {
	if q.URL.RawQuery == "" {
		return ""
	}
	return strings.TrimSpace(store.Clean(q.URL.Query().Get(name)))
}

// T gives a text in the request's language.
func (q *Request) T(key string, args ...any) string { return q.Lang.T(key, args...) }

// Base is the portal's own address, for links in messages.
func (q *Request) Base() *url.URL { return q.router.set.Base }

// Visitor is who asks, as far as anybody is known before signing in.
func (q *Request) Visitor() access.Visitor { return q.visitor }

// visitorToken is the browser's own random mark, made on its first page. Form
// keys of pages before signing in are bound to it.
func (q *Request) visitorToken() string {
	if t := q.Cookie(VisitorCookie); len(t) >= 32 {
		return t
	}
	t := secret.Token()
	q.setCookie(VisitorCookie, t, 0)
	return t
}

func (q *Request) bind(cookie, token string) { q.binding = cookie + "=" + secret.TokenHash(token) }

// toSignIn sends an unknown person to sign in and brings them back to the page
// they wanted, if it was a page of ours.
func (q *Request) toSignIn(path string) Reply {
	if q.Method == http.MethodGet && q.URL.Path != "/home" && q.URL.Path != "/staff" {
		path += "?next=" + url.QueryEscape(q.Whence())
	}
	return Redirect(path)
}

// toConfirm sends a signed-in person to prove password and second step again,
// and from there back to this page; a form's person to the page it is on.
func (q *Request) toConfirm() Reply {
	return Redirect(access.ConfirmPath + "?next=" + url.QueryEscape(q.Whence()))
}

// toStaffConfirm sends somebody at the desk to prove again who they are, and from
// there back. A file is saved from its list, where the person sees what they save: a
// download that began by itself would leave the page of the code on the screen.
func (q *Request) toStaffConfirm() Reply {
	next := *q.URL
	next.Path = strings.TrimSuffix(next.Path, ".csv")
	return Redirect(access.StaffConfirmPath + "?next=" + url.QueryEscape(next.RequestURI()))
}

// Whence is the address of the page this request is about: its own with what was
// asked of it (a list of one kind), or for a form the nearest page at or above it.
// What a page says only once ("saved") is left out, as is the language, which the
// browser keeps by itself.
func (q *Request) Whence() string {
	path := q.router.pageAbove(q.URL.Path)
	if path != q.URL.Path || q.URL.RawQuery == "" {
		return path
	}
	asked := q.URL.Query()
	for _, once := range []string{"done", "saved", "sent", "again", "lang"} {
		asked.Del(once)
	}
	if len(asked) == 0 {
		return path
	}
	return LocalAddress(path+"?"+asked.Encode(), path)
}

// pageAbove is the nearest address at or above path that is a page.
func (r *Router) pageAbove(path string) string {
	for path != "" {
		probe := &http.Request{Method: http.MethodGet, Host: r.set.Base.Host, URL: &url.URL{Path: path}}
		if _, pattern := r.mux.Handler(probe); strings.HasPrefix(pattern, "GET /") {
			return path
		}
		path = path[:strings.LastIndexByte(path, '/')]
	}
	return "/home"
}

// LocalPath makes sure that a redirect stays on this site: a path beginning
// with one slash and holding nothing a browser could read as another host.
// Anything else becomes fallback.
func LocalPath(p, fallback string) string {
	if len(p) > 512 || !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\r\n\t%\x00@") {
		return fallback
	}
	u, err := url.Parse(p)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || u.Path != p {
		return fallback
	}
	for _, c := range p {
		if c < 0x21 || c > 0x7e {
			return fallback
		}
	}
	return p
}

// plainQuery is a query that a redirect may carry as it stands.
var plainQuery = regexp.MustCompile(`^[A-Za-z0-9_.~=&%:+-]*$`)

// LocalAddress is LocalPath for an address that may have a query, such as a list with
// what was searched for.
func LocalAddress(p, fallback string) string {
	path, query, asked := strings.Cut(p, "?")
	if len(p) > 512 || LocalPath(path, "") == "" || !plainQuery.MatchString(query) {
		return fallback
	}
	if !asked {
		return path
	}
	return path + "?" + query
}

// clientAddr is the address the request came from. X-Forwarded-For is read from
// the right, skipping our own proxies: what stands further left can be made up.
func (r *Router) clientAddr(req *http.Request) string {
	host, _, err := net.SplitHostPort(req.RemoteAddr)
	if err != nil {
		host = req.RemoteAddr
	}
	if !r.trusts(host) {
		return host
	}
	hops := strings.Split(strings.Join(req.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		h := strings.TrimSpace(hops[i])
		if _, err := netip.ParseAddr(h); err != nil {
			return host
		}
		if host = h; !r.trusts(h) {
			return h
		}
	}
	return host
}

func (r *Router) trusts(host string) bool {
	a, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	for _, p := range r.set.Trusted {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// Agent says in a few words which browser this is, for the person who looks at
// their sign-ins; it decides nothing.
func Agent(ua string) string {
	first := func(pairs ...string) string {
		for i := 0; i < len(pairs); i += 2 {
			if strings.Contains(ua, pairs[i]) {
				return pairs[i+1]
			}
		}
		return ""
	}
	browser := first("Edg/", "Edge", "OPR/", "Opera", "SamsungBrowser", "Samsung Internet", "Firefox/", "Firefox", "FxiOS", "Firefox", "CriOS", "Chrome", "Chrome/", "Chrome", "Safari/", "Safari")
	system := first("iPhone", "iPhone", "iPad", "iPad", "Android", "Android", "Windows", "Windows", "Mac OS X", "Mac", "CrOS", "Chromebook", "Linux", "Linux")
	switch {
	case browser == "" && system == "":
		return ""
	case browser == "":
		return system
	case system == "":
		return browser
	}
	return browser + " · " + system
}
