package attack

import (
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"portico/internal/enroll"
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/web"
)

// elsewhere are 60 ways to name another site, or to break out of a header.
var elsewhere = strings.Split(strings.NewReplacer("{N}", "\n", "{R}", "\r", "{T}", "\t", "{0}", "\x00").Replace(strings.TrimSpace(`
//evil.example|///evil.example|////evil.example|https://evil.example|http://evil.example|HTTPS://EVIL.EXAMPLE|https:evil.example|https:/evil.example|
/\evil.example|\/evil.example|\\evil.example|/\/evil.example|/\\evil.example|\evil.example|
%2f%2fevil.example|/%2fevil.example|/%2F/evil.example|%2F%2Fevil.example|/%5cevil.example|/%5Cevil.example|%5C%5Cevil.example|/%09/evil.example|/%0a/evil.example|/%0d/evil.example|
https://portal.example@evil.example|https://portal.example:x@evil.example|//portal.example@evil.example|/@evil.example|https://portal.example.evil.example|https://evil.example/portal.example|https://evil.example#portal.example|https://evil.example?portal.example|
/home{R}{N}Location: https://evil.example|/home{N}Set-Cookie: x=1|/home%0d%0aLocation:%20https://evil.example|/home%0aSet-Cookie:x=1|{N}//evil.example|{T}//evil.example|/{T}/evil.example|/{N}/evil.example|/{R}/evil.example|{0}//evil.example|/{0}/evil.example| //evil.example|
javascript:alert(1)|JaVaScRiPt:alert(1)|java{N}script:alert(1)|data:text/html,<script>alert(1)</script>|vbscript:x|file:///etc/passwd|ftp://evil.example|blob:https://evil.example/x|
/..//evil.example|/.//evil.example|/home/..//evil.example|/home/../../evil.example//|evil.example|.evil.example|@evil.example|//evil%E3%80%82example`)), "|")

var nextField = regexp.MustCompile(`name="next" value="([^"]*)"`)

// T45: wherever a path to go on to is taken, one that leads elsewhere becomes home.
func TestRedirectsStayHere(t *testing.T) {
	w := lite(t)
	if len(elsewhere) < 60 {
		t.Fatalf("only %d values", len(elsewhere))
	}
	m := w.member()
	stays := func(where, value, to string) {
		u, err := url.Parse(to)
		if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(u.Path, "\\\r\n\t\x00") {
			t.Errorf("%s: %q leads to %q", where, value, to)
		}
	}
	for _, value := range elsewhere {
		value = strings.TrimPrefix(value, "\n") // the list is broken into lines
		if got := web.LocalPath(value, "/home"); got != "/home" && !(strings.HasPrefix(got, "/home/") || strings.HasPrefix(got, "/.")) {
			t.Errorf("%q is taken for a path of ours: %q", value, got)
		}
		for _, as := range []string{value, value + "?a=1", "/home?a=" + value, "/home?" + value} {
			if got := web.LocalAddress(as, "/home"); got != "/home" && !strings.HasPrefix(got, "/home?a=") && !strings.HasPrefix(got, "/home/") && !strings.HasPrefix(got, "/.") && !strings.HasPrefix(got, "/home?") {
				t.Errorf("%q is taken for an address of ours: %q", as, got)
			} else {
				stays("an address", as, got)
			}
		}
		c := w.role("visitor")
		post := func(path, cookie, token string, more cookies, fields url.Values) string {
			jar := cookies{cookie: token}
			for k, v := range more {
				jar[k] = v
			}
			got := w.do(ask{method: "POST", path: path, cookies: jar, form: with(fields, w.keyFor(web.Route{Audience: audience(path)}, jar))})
			if strings.Contains(got.Header().Get("Set-Cookie"), "x=1") {
				t.Errorf("%s: %q set a cookie", path, value)
			}
			return got.Header().Get("Location")
		}
		stays("display", value, post("/display", web.VisitorCookie, c[web.VisitorCookie], nil, say("lang", "en", "theme", "", "text", "", "return", value)))
		if _, err := url.Parse("https://" + host + value); err == nil && value[0] == '/' && !strings.ContainsAny(value, " \r\n\t\x00") {
			if to := w.do(ask{method: "GET", path: value, cookies: c}).Header().Get("Location"); to != "" {
				stays("the address itself", value, to)
			}
		}
		page := w.do(ask{method: "GET", path: "/signin?" + say("next", value).Encode(), cookies: c})
		if m := nextField.FindStringSubmatch(page.Body.String()); m != nil && web.LocalAddress(html.UnescapeString(m[1]), "") != html.UnescapeString(m[1]) {
			t.Errorf("the sign-in page carries %q on as %q", value, m[1])
		}
	}
	// What is kept between two steps is checked when it is kept.
	for _, value := range elsewhere[:size(6, len(elsewhere))] {
		w.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM signin_attempt`)
			return err
		})
		jar := cookies{web.VisitorCookie: "a-visitor-of-thirty-two-symbols-or-more"}
		w.do(ask{method: "POST", path: "/signin", cookies: jar, form: with(say("username", m.userName, "password", password, "next", value), w.keyFor(web.Route{Audience: "visitor"}, jar))})
		if next := w.list(`SELECT next_path FROM signin_attempt`); len(next) != 1 || web.LocalAddress(next[0], "") != next[0] && next[0] != "" {
			t.Errorf("signing in keeps %q as %q", value, next)
		}
	}
}

func audience(path string) string {
	if strings.HasPrefix(path, "/staff") {
		return "staff"
	}
	return "visitor"
}

// T44: whatever host a request names, every link of every message is the
// portal's own, and no page names the other.
func TestHostsCannotBePoisoned(t *testing.T) {
	w := lite(t)
	poisons := []map[string]string{
		{"Host": "evil.example"}, {"Host": host + ".evil.example"}, {"Host": host + ":1@evil.example"}, {"Host": "evil.example:443"}, {"Host": ""},
		{"X-Forwarded-Host": "evil.example"}, {"X-Host": "evil.example"}, {"Forwarded": "host=evil.example"}, {"X-Original-Host": "evil.example"},
		{"X-Forwarded-Server": "evil.example"}, {"X-Original-URL": "//evil.example/"}, {"X-Rewrite-URL": "//evil.example/"}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Prefix": "//evil.example"},
	}
	for _, head := range poisons {
		p, c := w.newcomer(), w.role("visitor")
		a := ask{method: "POST", path: "/enroll/number", cookies: c, header: head, form: with(merge(born, say("number", p.number)), w.keyFor(web.Route{Audience: "visitor"}, c))}
		got := w.do(a)
		if _, whole := head["Host"]; whole && got.Code != 404 {
			t.Errorf("%v answered %d", head, got.Code)
		}
		front := w.role("front_desk")
		w.do(ask{method: "POST", path: "/staff/patients/" + string(w.newcomer().id) + "/issue", cookies: front, header: head, form: with(say("by", "email"), w.keyFor(web.Route{Audience: "staff"}, front))})
		for _, path := range []string{"/", "/signin", "/enroll", "/nowhere", "/home", "/enroll/", "/staff"} {
			got := w.do(ask{method: "GET", path: path, cookies: c, header: head})
			if all := plain(got, "-"); strings.Contains(all, "evil") {
				t.Errorf("%v: %s names the other host: %s", head, path, got.Header().Get("Location"))
			}
		}
	}
	// An absolute address in the request line names a host as well.
	if got := w.do(ask{method: "GET", path: "/signin", header: map[string]string{"Host": "evil.example"}}); got.Code != 404 {
		t.Errorf("answered %d", got.Code)
	}
	w.work()
	seen, err := w.app.Sink.List(ctx)
	if err != nil || len(seen) < 12 {
		t.Fatalf("%d messages: %v", len(seen), err)
	}
	links := 0
	for _, m := range seen {
		if strings.Contains(m.Text+m.HTML+m.Subject, "evil") {
			t.Errorf("a message to %s names the other host", m.To)
		}
		for _, l := range m.Links {
			links++
			if u, err := url.Parse(l); err != nil || u.Scheme != "https" || u.Host != host && u.Scheme != "tel" {
				t.Errorf("a link leads to %s", l)
			}
		}
	}
	if links == 0 {
		t.Error("no message had a link: nothing was tested")
	}
}

// strange are what breaks queries, templates, logs and files elsewhere.
var strange = []string{
	"canary-in-a-log", "x\r\n{\"level\":\"ERROR\",\"msg\":\"forged\"}", "\x1b[2J\x1b[31mred", "\u2028\u2029\u202e", "' OR '1'='1", "'; DROP TABLE staff; --", "\" OR 1=1 --", "1) UNION SELECT 1,2,3 --",
	"{{7*7}}${7*7}<%=7*7%>", "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "$(touch /tmp/x)`id`", "%s%n%x%d", "../../../../etc/passwd", "\x00\x01\x02", "\xff\xfe\xfa", strings.Repeat("A", 20_000), strings.Repeat("𝕏", 300), "-1", "9223372036854775808",
}

// T47, T48: every field of every form with what breaks things elsewhere: no
// error of ours, nothing sent back as it came, one record for each line of the
// log, and nothing of it in there.
func TestStrangeInput(t *testing.T) {
	w := lite(t)
	tried := 0
	for n, r := range w.app.Router.Routes() {
		f, ok := forms[r.Method+" "+r.Path]
		if !r.Form || !ok {
			continue
		}
		path, fields, c := w.ready(r, f)
		for i, value := range strange {
			if i%size(3, 1) != n%size(3, 1) {
				continue // by turns
			}
			sent := url.Values{}
			for name := range fields {
				sent.Set(name, value)
			}
			got := w.do(ask{method: "POST", path: path, cookies: c, form: with(sent, w.keyFor(r, c)), header: map[string]string{"User-Agent": clean(value), "Referer": clean(value), "X-Request-Id": clean(value)}})
			tried++
			if got.Code >= 500 && got.Code != 503 {
				t.Errorf("%s %s answered %d to %.40q", r.Method, r.Path, got.Code, value)
			}
			if body := got.Body.String(); strings.Contains(body, "<script>alert") || strings.Contains(body, "onerror=alert(1)>") && !strings.Contains(body, "&gt;") || strings.Contains(body, "49<%") {
				t.Errorf("%s %s sends %.40q back as it came", r.Method, r.Path, value)
			}
		}
	}
	for _, r := range w.app.Router.Routes() {
		if r.Method != "GET" || strings.HasSuffix(r.Path, "/") {
			continue
		}
		for _, value := range strange[:10] {
			path := r.Path
			if strings.Contains(path, "{") {
				path = path[:strings.IndexByte(path, '{')] + url.PathEscape(value) + path[strings.LastIndexByte(path, '}')+1:]
			}
			q := url.Values{}
			for _, name := range []string{"s", "next", "state", "tab", "after", "reference", "who", "whom", "action", "from", "to", "done", "return", "again", "lang", "new"} {
				q.Set(name, value)
			}
			tried++
			if got := w.do(ask{method: "GET", path: path + "?" + q.Encode(), cookies: w.allSigned()}); got.Code >= 500 {
				t.Errorf("GET %s answered %d to %.40q", r.Path, got.Code, value)
			}
		}
	}
	w.logIsClean("canary-in-a-log", "forged", "\x1b", "DROP TABLE", "alert(1)", password)
	t.Logf("%d requests", tried)
}

// allSigned is one browser that is signed in in every way.
func (w *world) allSigned() cookies {
	if w.held["all"] == nil {
		w.held["all"] = cookies{web.VisitorCookie: "a-visitor-of-thirty-two-symbols-or-more", web.EnrolCookie: w.opened(false), web.SessionCookie: w.signedIn(w.own),
			web.StaffCookie: w.hire("front_desk,administrator,auditor").token}
	}
	return w.held["all"]
}

// clean is what may stand in a header at all.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s[:min(len(s), 500)])
}

// logIsClean demands one JSON record for each line and none of the given texts.
func (w *world) logIsClean(never ...string) {
	w.t.Helper()
	for line := range strings.Lines(w.log.String()) {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil || v["msg"] == nil {
			w.t.Errorf("a line of the log is no record: %.200q", line)
		}
		for _, text := range never {
			if strings.Contains(line, text) {
				w.t.Errorf("the log holds %q: %.300q", text, line)
			}
		}
	}
}

// T48: names, numbers, dates, contacts, codes and tokens of people who do
// everything there is to do are in no line of the log, nor in the audit log's
// free columns.
func TestNothingPersonalIsLogged(t *testing.T) {
	w := lite(t)
	var secrets []string
	for _, r := range w.app.Router.Routes() {
		f, ok := forms[r.Method+" "+r.Path]
		if !r.Form || !ok {
			continue
		}
		path, fields, c := w.ready(r, f)
		got := w.do(ask{method: "POST", path: path, cookies: c, form: with(fields, w.keyFor(r, c))})
		for _, v := range c {
			secrets = append(secrets, v)
		}
		for _, name := range []string{"email", "contact", "family", "number", "username", "password"} {
			if v := fields.Get(name); len(v) > 5 && !strings.HasPrefix(v, "pat_") {
				secrets = append(secrets, v)
			}
		}
		if got.Code >= 500 {
			t.Errorf("%s answered %d", r.Path, got.Code)
		}
	}
	p, code := w.given(enroll.ByHand)
	secrets = append(secrets, p.number, code.Text, strings.TrimPrefix(code.Link, "https://"+host), w.own.number, w.own.userName, "1970-01-01", "wanda", "Wanda")
	// A failure is logged with its cause: that must not quote what was sent.
	if _, _, err := w.app.Staff.Add(ctx, duty, staff.Newcomer{Name: "Wanda", Email: "broken"}); err != nil {
		w.app.Log.Error("request failed", "err", err)
	}
	w.work()
	w.logIsClean(secrets...)
	for _, e := range w.dump()["audit_entry"] {
		for _, s := range secrets {
			if len(s) > 5 && strings.Contains(string(e), s) {
				t.Errorf("the audit log holds %q: %s", s, e.plain())
			}
		}
	}
	if len(secrets) < 100 {
		t.Errorf("only %d values were looked for", len(secrets))
	}
	// The check can fail.
	w.app.Log.Info("told", "whom", w.own.number)
	watch := &watched{TB: t}
	w.t = watch
	w.logIsClean(secrets...)
	if watch.errors == 0 {
		t.Error("a patient's number in the log was not noticed")
	}
}
