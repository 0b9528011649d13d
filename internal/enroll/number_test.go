package enroll_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

// people are one of each kind of answer that must not be told apart.
func people(p *portal) map[string]patient {
	out := map[string]patient{
		"match":      {Number: "K-1", Given: "Mia", Family: "Match", Birth: "1970-01-01", Email: "match@example.com"},
		"no contact": {Number: "K-2", Given: "Nora", Family: "None", Birth: "1970-01-01"},
		"new":        {Number: "K-3", Given: "Wim", Family: "New", Birth: "1970-01-01", Email: "new@example.com", New: true},
		"account":    {Number: "K-4", Given: "Ann", Family: "Account", Birth: "1970-01-01", Email: "account@example.com"},
		"dead":       {Number: "K-5", Given: "Dora", Family: "Dead", Birth: "1970-01-01", Email: "dead@example.com", Dead: true},
		"young":      {Number: "K-6", Given: "Yan", Family: "Young", Birth: "2020-01-01", Email: "young@example.com"},
		"phone only": {Number: "K-7", Given: "Phil", Family: "Phone", Birth: "1970-01-01", Phone: "+15551862288"},
	}
	for _, x := range out {
		p.add(x)
	}
	code := p.give(p.find(out["account"]), enroll.ByHand).Text
	if _, err := p.finishAll(p.applicant(code, "1970-01-01", "192.0.2.200"), "blue.kettle.7"); err != nil {
		p.t.Fatal(err)
	}
	out["mismatch"] = patient{Number: "K-1", Birth: "1970-01-02"}
	out["no such number"] = patient{Number: "K-99", Birth: "1970-01-01"}
	return out
}

// raw is everything a stranger can see of an answer, without what is random.
type raw struct {
	status  int
	headers string
	cookies string
	body    string
}

var random = regexp.MustCompile(`[A-Za-z0-9_-]{40,}`)

// see sends a request without following redirects.
func see(t *testing.T, b *testkit.Browser, do func(*testkit.Browser) *testkit.Page) raw {
	t.Helper()
	var out raw
	stop := *b.Client
	stop.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c := *b
	c.Client = &stop
	p := do(&c)
	out.status = p.Status
	var names []string
	for k, v := range p.Header {
		if k == "Date" || k == "Content-Length" && p.Status == 200 {
			continue
		}
		for _, s := range v {
			if k == "Set-Cookie" {
				out.cookies += random.ReplaceAllString(s, "*") + fmt.Sprint(len(s)) + "\n"
				continue
			}
			names = append(names, k+": "+s)
		}
	}
	slices.Sort(names)
	out.headers = strings.Join(names, "\n")
	out.body = random.ReplaceAllString(p.Body, "*")
	return out
}

// T23 on the first way: bytes, headers, cookies and redirects are the same
// whoever was found, on every page up to the proof.
func TestNumberAnswersAreTheSame(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		var first []raw
		var firstName string
		i := 0
		for name, x := range people(p) {
			i++
			b := p.from(fmt.Sprintf("198.51.100.%d", i))
			b.Get("/enroll/number")
			seen := []raw{
				see(t, b, func(b *testkit.Browser) *testkit.Page { return tryNumber(b, x.Number, x.Birth) }),
				see(t, b, func(b *testkit.Browser) *testkit.Page { return b.Get("/enroll/confirm") }),
			}
			p.work()
			seen = append(seen,
				see(t, b, func(b *testkit.Browser) *testkit.Page {
					return b.Get("/enroll/confirm").Submit("#confirm-form", "code", "000000")
				}),
				see(t, b, func(b *testkit.Browser) *testkit.Page { return b.Get("/enroll/confirm").Submit("form.action") }),
			)
			p.c.Move(61 * time.Second)
			seen = append(seen, see(t, b, func(b *testkit.Browser) *testkit.Page { return b.Get("/enroll/confirm").Submit("form.action") }))
			p.work()
			for range 6 {
				seen = append(seen, see(t, b, func(b *testkit.Browser) *testkit.Page {
					return b.Get("/enroll/confirm").Submit("#confirm-form", "code", "000000")
				}))
			}
			seen = append(seen, see(t, b, func(b *testkit.Browser) *testkit.Page { return b.Get("/enroll/user") }))
			if first == nil {
				first, firstName = seen, name
				continue
			}
			for k := range seen {
				if seen[k] != first[k] {
					t.Errorf("answer %d tells %q from %q: %s", k, name, firstName, seen[k].differ(first[k]))
				}
			}
		}
		p.work()
		for to, want := range map[string]string{"match@example.com": "code", "account@example.com": "already have", "new@example.com": "", "dead@example.com": "", "young@example.com": ""} {
			m := p.inbox(to)
			var said string
			for _, x := range m {
				said += strings.ToLower(x.Subject + " " + x.Text)
			}
			if (want == "" && len(m) > 0) || !strings.Contains(said, want) {
				t.Errorf("%s got %q", to, said)
			}
		}
		why := map[string]int{}
		p.view(func(tx *store.Tx) error {
			_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
				var w string
				err := r.Scan(&w)
				why[w]++
				return struct{}{}, err
			}, `SELECT why FROM identity_request WHERE state = 'open'`)
			return err
		})
		if why["no_contact"] != 1 || why["new_contact"] != 1 || why["dead"] != 1 || why["young"] != 1 || len(why) != 4 {
			t.Errorf("cases for staff: %v", why)
		}
	})
}

// The queries of a page are part of what a stranger can measure, and of what a
// page costs: both are fixed.
func TestNumberCostsTheSameForEverybody(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		i := 0
		want := 0
		for name, x := range people(p) {
			i++
			n := 0
			if _, err := p.TryNumber(store.Counting(ctx, &n), visitor(fmt.Sprintf("198.51.100.%d", i)), enroll.NumberTry{Number: x.Number, Birth: x.Birth, Lang: lang.En}); err != nil {
				t.Fatal(err)
			}
			if want == 0 {
				want = n
			}
			if n != want {
				t.Errorf("%s costs %d queries, others %d", name, n, want)
			}
		}
		if want > 30 {
			t.Errorf("a try costs %d queries", want)
		}
	})
}

func TestFiveNumbersADay(t *testing.T) {
	p := lite(t)
	b := p.from("203.0.113.7")
	for i := range 5 {
		tryNumber(b, fmt.Sprint("N-", i), "1970-01-01").Want(200, "Type the code")
		p.c.Move(time.Second)
	}
	tryNumber(b, "N-0", "1970-01-02").Want(200, "Type the code") // not another number
	at := tryNumber(b, "N-5", "1970-01-01").Want(429, "Use your patient number")
	if at.Text(".errsum") == "" || at.Attr("#number", "value") != "N-5" || at.Header.Get("Retry-After") == "" {
		t.Error("the limit is not said, or what was typed is lost")
	}
	tryNumber(p.from("203.0.113.8"), "N-5", "1970-01-01").Want(200, "Type the code")
	p.c.Move(25 * time.Hour)
	tryNumber(b, "N-5", "1970-01-01").Want(200, "Type the code")
	// A /64 is one client: a home has a whole one to itself.
	for i := range 6 {
		want := 200
		if i == 5 {
			want = 429
		}
		p.c.Move(time.Second)
		if got := tryNumber(p.from(fmt.Sprintf("2001:db8:1:2::%d", i+1)), fmt.Sprint("V-", i), "1970-01-01"); got.Status != want {
			t.Errorf("number %d from one /64: %d", i, got.Status)
		}
	}
}

// T2: every birth date for one known number.
func TestAllBirthDatesForOneNumber(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		id := p.add(maria)
		day := time.Date(1962, 3, 20, 0, 0, 0, 0, time.UTC)
		for i := range size(40, 29220) {
			p.c.Move(time.Second)
			v := visitor(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
			if _, err := p.TryNumber(ctx, v, enroll.NumberTry{Number: maria.Number, Birth: day.AddDate(0, 0, i).Format(time.DateOnly), Lang: lang.En}); err != nil {
				t.Fatal(err)
			}
		}
		p.work()
		if m := append(p.inbox(maria.Email), p.inbox(maria.Mobile)...); len(m) != 0 {
			t.Errorf("beyond five birth dates the number must fall silent: %d messages", len(m))
		}
		code := p.give(id, enroll.ByHand).Text // the owner has another way
		if _, err := p.finishAll(p.applicant(code, maria.Birth, "192.0.2.1"), "marias.garden"); err != nil {
			t.Error(err)
		}
	})
}

// T18, T1: however often and from wherever, three unasked codes a day, then one digest.
func TestThreeUnaskedCodesThenOneDigest(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		p.add(maria)
		for i := range size(12, 10000) {
			v := visitor(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
			if _, err := p.TryNumber(ctx, v, enroll.NumberTry{Number: maria.Number, Birth: maria.Birth, Lang: lang.En}); err != nil {
				t.Fatal(err)
			}
			if i < 12 {
				p.work()
				p.c.Move(11 * time.Second)
			}
		}
		p.work()
		codes, digests := 0, 0
		for _, m := range p.inbox(maria.Email) {
			if strings.Contains(m.Subject, "Someone tried") {
				digests++
			} else {
				codes++
			}
		}
		if codes != 3 || digests != 1 {
			t.Errorf("%d codes, %d digests", codes, digests)
		}
		p.c.Move(25 * time.Hour)
		if _, err := p.TryNumber(ctx, visitor("192.0.2.99"), enroll.NumberTry{Number: maria.Number, Birth: maria.Birth, Lang: lang.En}); err != nil {
			t.Fatal(err)
		}
		before := len(p.inbox(maria.Email))
		p.work()
		if len(p.inbox(maria.Email)) != before+1 {
			t.Error("the next day brings no code")
		}
	})
}

// T13 to T15 on the code to the contact on file.
func TestConfirmationCode(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		p.add(maria)
		start := func(address string) access.Applicant {
			token, err := p.TryNumber(ctx, visitor(address), enroll.NumberTry{Number: maria.Number, Birth: maria.Birth, Lang: lang.En})
			if err != nil {
				t.Fatal(err)
			}
			return p.proof(token, address)
		}
		a, b := start("192.0.2.1"), start("192.0.2.2")
		p.work()
		code := ""
		for _, m := range p.inbox(maria.Email) { // one of them is a's
			d := sixDigits.FindString(m.Text)
			if _, err := p.Confirm(ctx, b, d); err == nil {
				continue
			}
			code = d
		}
		if _, err := p.Confirm(ctx, b, code); err == nil {
			t.Error("another browser's code was accepted")
		}
		if _, err := p.Confirm(ctx, a, code); err != nil {
			t.Fatalf("the right code: %v", err)
		}
		if _, err := p.Confirm(ctx, a, code); err == nil {
			t.Error("the code was accepted twice")
		}
		p.c.Move(25 * time.Hour)
		late := start("192.0.2.3")
		code = p.digits(maria.Email)
		p.c.Move(10 * time.Minute)
		if _, err := p.Confirm(ctx, late, code); err == nil {
			t.Error("a code of ten minutes ago was accepted")
		}
		tried := 0
		for range 40 {
			_, err := p.Confirm(ctx, late, "000000")
			if f := fault.Problems(err); len(f) == 1 && f[0].Text == "enroll.digits.wrong" {
				tried++
			}
			p.c.Move(61 * time.Second)
			p.AskAgain(ctx, late)
			p.work()
		}
		if tried > 20 {
			t.Errorf("%d guesses were looked at", tried)
		}
	})
}

// T3, T1: one birth date tried on every number from everywhere trips the breaker.
func TestBreaker(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		p.staff("Root") // an administrator to be told
		id := p.add(maria)
		spray := func(from, n int) {
			for i := from; i < from+n; i++ {
				v := visitor(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
				if _, err := p.TryNumber(ctx, v, enroll.NumberTry{Number: fmt.Sprint("S-", i), Birth: "1970-01-01", Lang: lang.En}); err != nil && !fault.Is(err, fault.TooMany) {
					t.Fatal(err) // one network has its limit too
				}
			}
		}
		spray(0, 50)
		d := p.desk("Ana", access.SeeDesk)
		if _, on, err := p.Breaker(ctx, d); on || err != nil {
			t.Fatalf("tripped at fifty: %v", err)
		}
		if at := p.b.Get("/enroll/number"); at.Has("[data-work]") {
			t.Error("work is asked for while all is calm")
		}
		spray(50, size(20, 100000))
		if since, on, err := p.Breaker(ctx, d); !on || err != nil || since.IsZero() {
			t.Fatalf("not tripped: %v", err)
		}
		if n := p.count(`enroll_breaker`); n != 1 {
			t.Errorf("%d alarms", n)
		}
		if n := p.count(`audit_entry WHERE action = 'breaker.tripped'`); n != 1 {
			t.Errorf("%d lines", n)
		}
		p.work()
		if m := p.inbox("root@clinic.example"); len(m) != 1 {
			t.Errorf("the administrator got %d messages", len(m))
		}
		// Everybody has to do the work now, and the page is the same for all.
		at := tryNumber(p.b, maria.Number, maria.Birth).Want(422, "Use your patient number")
		wrong := tryNumber(p.from("203.0.113.4"), "S-1", "1970-01-01").Want(422, "Use your patient number")
		if a, b := at.Text("main"), wrong.Text("main"); a != b {
			t.Errorf("asking for work tells a match from a miss:\n%s\n%s", a, b)
		}
		if at.Attr("#number", "value") != maria.Number || at.Attr("[data-work]", "data-work") == "" {
			t.Error("what was typed is lost, or no work is asked for")
		}
		_, v := at.Fields("#number-form")
		at.Submit("#number-form", "work", enroll.Solve(v.Get("_form"), 18)).Want(200, "Type the code")
		// Code and birth date keep working.
		if _, err := p.OpenCode(ctx, visitor("192.0.2.1"), enroll.CodeTry{Code: p.give(id, enroll.ByHand).Text, Birth: maria.Birth}); err != nil {
			t.Errorf("an activation code: %v", err)
		}
		for range 9 { // it stays on until it has been calm for half an hour
			p.c.Move(5 * time.Minute)
			p.work()
		}
		if _, on, _ := p.Breaker(ctx, p.desk("Bea", access.SeeDesk)); on {
			t.Error("it never goes off")
		}
		tryNumber(p.from("203.0.113.5"), maria.Number, maria.Birth).Want(200, "Type the code")
	})
}

// A code read by somebody else than its patient opens nothing without a browser.
func TestPagesBeforeTheProofShowNoContact(t *testing.T) {
	p := lite(t)
	p.add(maria)
	at := tryNumber(p.b, maria.Number, maria.Birth)
	p.work()
	at = p.b.Get("/enroll/confirm")
	for _, s := range []string{"maria", "Maria", "Alvarez", "example.com", "2275", "1962"} {
		if strings.Contains(at.Body, s) {
			t.Errorf("the page shows %q", s)
		}
	}
	if p.b.Cookie(web.SessionCookie) != "" {
		t.Error("a signed-in session exists")
	}
}
