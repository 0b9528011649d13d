package bench

import (
	"bytes"
	"fmt"
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"

	"portico/internal/store"
)

// guest is one browser. It calls the portal's handler without a network between
// them, keeps cookies, and sends forms with their hidden fields.
type guest struct {
	c      *clinic
	source string // client address: the limits of one are not those of another
	jar    http.CookieJar
}

func (c *clinic) guest() *guest {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // only a list of suffixes could fail, and there is none
	}
	c.guests++
	return &guest{c: c, source: fmt.Sprintf("10.%d.%d.%d", c.guests>>16&255, c.guests>>8&255, c.guests&255), jar: jar}
}

// view is what came back.
type view struct {
	path    string
	status  int
	header  http.Header
	body    []byte
	queries int
}

// answer collects a response in memory.
type answer struct {
	header http.Header
	status int
	bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }
func (a *answer) WriteHeader(s int) {
	if a.status == 0 {
		a.status = s
	}
}
func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.Buffer.Write(b)
}

func (g *guest) send(method, path string, form url.Values) (view, error) {
	u, err := url.Parse(g.c.base.String() + path)
	if err != nil {
		return view{}, err
	}
	req, err := http.NewRequest(method, u.String(), strings.NewReader(form.Encode()))
	if err != nil {
		return view{}, err
	}
	req.RemoteAddr = g.source + ":40000"
	req.Header.Set("User-Agent", "Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, k := range g.jar.Cookies(u) {
		req.AddCookie(k)
	}
	v := view{path: path}
	a := &answer{header: http.Header{}}
	g.c.handler.ServeHTTP(a, req.WithContext(store.Counting(req.Context(), &v.queries)))
	v.status, v.header, v.body = a.status, a.header, a.Bytes()
	g.jar.SetCookies(u, (&http.Response{Header: a.header}).Cookies())
	return v, nil
}

func (g *guest) get(path string) (view, error) { return g.send(http.MethodGet, path, nil) }

// post opens path, fills in the form found there that goes to action, and sends
// it: pairs of field name and value. It must lead on to another page.
func (g *guest) post(path, action string, pairs ...string) error {
	v, err := g.get(path)
	if err != nil {
		return err
	}
	fields := v.hidden(action)
	for i := 0; i+1 < len(pairs); i += 2 {
		fields.Set(pairs[i], pairs[i+1])
	}
	sent, err := g.send(http.MethodPost, action, fields)
	if err != nil {
		return err
	}
	if sent.status != http.StatusSeeOther {
		return fmt.Errorf("the form of %s answered %d", action, sent.status)
	}
	return nil
}

var (
	forms  = regexp.MustCompile(`(?s)<form[^>]*action="([^"]*)".*?</form>`)
	inputs = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`)
	links  = regexp.MustCompile(`<a[^>]*href="([^"]*)"[^>]*>([^<]*)`)
)

// hidden gives the hidden fields of the form that goes to action.
func (v view) hidden(action string) url.Values {
	out := url.Values{}
	for _, f := range forms.FindAllSubmatch(v.body, -1) {
		if html.UnescapeString(string(f[1])) != action || bytes.HasPrefix(f[0], []byte(`<form method="get"`)) {
			continue
		}
		for _, in := range inputs.FindAllSubmatch(f[0], -1) {
			out.Set(string(in[1]), html.UnescapeString(string(in[2])))
		}
		break
	}
	return out
}

// link gives the first link to an address of a route that says text, "" if there
// is none.
func (v view) link(route, text string) string {
	var parts []string
	for p := range strings.SplitSeq(route, "/") {
		if strings.HasPrefix(p, "{") {
			p = "[^/?#]+"
		} else {
			p = regexp.QuoteMeta(p)
		}
		parts = append(parts, p)
	}
	fits := regexp.MustCompile("^" + strings.Join(parts, "/") + "$")
	for _, m := range links.FindAllSubmatch(v.body, -1) {
		if href := html.UnescapeString(string(m[1])); fits.MatchString(href) && bytes.Contains(m[2], []byte(text)) {
			return href
		}
	}
	return ""
}
