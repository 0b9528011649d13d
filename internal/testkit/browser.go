package testkit

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/andybalholm/cascadia"
	"golang.org/x/net/html"
)

// Browser walks pages as a person without JavaScript would: it keeps cookies,
// follows redirects, and sends forms with what they already hold.
type Browser struct {
	T      testing.TB
	Client *http.Client
	Base   string
	Header http.Header // sent with each request, e.g. X-Forwarded-For
}

// Serve starts h on loopback with TLS (the cookies demand it) and gives a
// browser on it. The handler must accept the host it is given: mount makes the
// handler once the address is known.
func Serve(t testing.TB, mount func(base *url.URL) http.Handler) *Browser {
	t.Helper()
	srv := httptest.NewUnstartedServer(nil)
	base := &url.URL{Scheme: "https", Host: srv.Listener.Addr().String()}
	srv.Config.Handler = mount(base)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	wire := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 64}
	t.Cleanup(wire.CloseIdleConnections)
	return newBrowser(t, base.String(), wire)
}

func newBrowser(t testing.TB, base string, wire http.RoundTripper) *Browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Browser{T: t, Base: base, Header: http.Header{}, Client: &http.Client{Jar: jar, Transport: wire}}
}

// Other gives another browser on the same server, without this one's cookies. All
// share their connections, which say nothing of a browser: thousands of them would
// otherwise keep one open each.
func (b *Browser) Other() *Browser { return newBrowser(b.T, b.Base, b.Client.Transport) }

// Cookie gives a cookie's value, "" if the browser has none of that name.
func (b *Browser) Cookie(name string) string {
	u, _ := url.Parse(b.Base)
	for _, c := range b.Client.Jar.Cookies(u) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

// SetCookie plants a cookie, as an attacker would.
func (b *Browser) SetCookie(name, value string) {
	u, _ := url.Parse(b.Base)
	b.Client.Jar.SetCookies(u, []*http.Cookie{{Name: name, Value: value, Path: "/", Secure: true}})
}

// Page is what came back.
type Page struct {
	b      *Browser
	Status int
	Path   string // where redirects led
	Query  string // what was asked there
	Header http.Header
	Body   string
	doc    *html.Node
}

// Get opens a path.
func (b *Browser) Get(path string) *Page { return b.Do("GET", path, nil) }

// Post sends fields as they are, without a form's hidden ones.
func (b *Browser) Post(path string, fields url.Values) *Page { return b.Do("POST", path, fields) }

// Do sends a request.
func (b *Browser) Do(method, path string, fields url.Values) *Page {
	b.T.Helper()
	req, err := http.NewRequest(method, b.Base+path, strings.NewReader(fields.Encode()))
	if err != nil {
		b.T.Fatal(err)
	}
	if method == "POST" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range b.Header {
		req.Header[k] = v
	}
	res, err := b.Client.Do(req)
	if err != nil {
		b.T.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.T.Fatal(err)
	}
	doc, err := html.Parse(strings.NewReader(string(body)))
	if err != nil {
		b.T.Fatal(err)
	}
	return &Page{b: b, Status: res.StatusCode, Path: res.Request.URL.Path, Query: res.Request.URL.RawQuery, Header: res.Header, Body: string(body), doc: doc}
}

// All finds the nodes of a CSS selector.
func (p *Page) All(selector string) []*html.Node {
	s, err := cascadia.ParseGroup(selector)
	if err != nil {
		p.b.T.Fatalf("selector %q: %v", selector, err)
	}
	return cascadia.QueryAll(p.doc, s)
}

// Has tells whether anything matches.
func (p *Page) Has(selector string) bool { return len(p.All(selector)) > 0 }

// Text gives the words of the first match, spaces collapsed.
func (p *Page) Text(selector string) string {
	n := p.All(selector)
	if len(n) == 0 {
		return ""
	}
	return Words(n[0])
}

// Words are those of a node, spaces collapsed.
func Words(n *html.Node) string {
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data + " ")
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c)
		}
	}
	walk(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// Attr gives an attribute of the first match.
func (p *Page) Attr(selector, name string) string {
	if n := p.All(selector); len(n) > 0 {
		return attr(n[0], name)
	}
	return ""
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// Fields gives what a form would send if nothing were typed.
func (p *Page) Fields(form string) (action string, v url.Values) {
	p.b.T.Helper()
	n := p.All(form)
	if len(n) == 0 {
		p.b.T.Fatalf("no form %q on %s (%d): %.300s", form, p.Path, p.Status, Words(p.doc))
	}
	v = url.Values{}
	for _, in := range cascadia.QueryAll(n[0], cascadia.MustCompile("input, textarea, select")) {
		name := attr(in, "name")
		switch {
		case name == "":
		case in.Data == "textarea":
			v.Set(name, Words(in))
		case in.Data == "select":
			for _, o := range cascadia.QueryAll(in, cascadia.MustCompile("option[selected]")) {
				v.Set(name, attr(o, "value"))
			}
		case attr(in, "type") == "checkbox" || attr(in, "type") == "radio":
			if cascadia.MustCompile("[checked]").Match(in) {
				v.Add(name, attr(in, "value"))
			}
		default:
			v.Set(name, attr(in, "value"))
		}
	}
	if action = attr(n[0], "action"); action == "" {
		action = p.Path
	}
	return action, v
}

// Submit fills the form in and sends it: pairs of field name and value.
func (p *Page) Submit(form string, pairs ...string) *Page {
	p.b.T.Helper()
	action, v := p.Fields(form)
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return p.b.Post(action, v)
}

// Want stops the test unless the page has this status and a heading containing words.
func (p *Page) Want(status int, heading string) *Page {
	p.b.T.Helper()
	if p.Status != status || !strings.Contains(p.Text("h1"), heading) {
		p.b.T.Fatalf("%s answered %d %q, want %d %q; errors: %q", p.Path, p.Status, p.Text("h1"), status, heading, p.Text(".errsum"))
	}
	return p
}
