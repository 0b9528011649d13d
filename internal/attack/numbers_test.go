package attack

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"portico/internal/registry"
	"portico/internal/web"
)

var arbitrary = regexp.MustCompile(`[A-Za-z0-9_-]{32,}`)

// burst is how often each right pair is tried within a day: once more than codes are sent.
const burst = 4

// T1: patient numbers are tried with birth dates from everywhere, slowly enough
// to stay under the breaker. Some are right. No answer differs from another, no
// account opens, and nobody is sent more than three codes a day, and one notice.
func TestT1NumbersOpenNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		people := w.crowd(size(40, 100_000))
		g := guesser{w: w, people: people, known: people[:size(9, 700)], tries: size(100, 200_000), sources: size(100, 10_000)}
		accounts := len(w.list(`SELECT id FROM account`))
		for i := range g.tries {
			g.try(i)
			w.c.Move(15 * time.Second) // 40 in ten minutes: the breaker stays out of it
			if i%10_000 == 9_999 {
				w.log.clear() // it is kept in memory
				t.Logf("%d tries so far", i+1)
			}
		}
		w.work()
		if n := len(w.list(`SELECT id FROM account`)); n != accounts {
			t.Errorf("%d accounts were opened", n-accounts)
		}
		if n := w.list(`SELECT id FROM verification_session WHERE level >= 3`); len(n) != 0 {
			t.Errorf("%d sessions are proven", len(n))
		}
		g.sent()
	})
}

// guesser tries numbers.
type guesser struct {
	w              *world
	people, known  []person // of known it has the birth dates too
	tries, sources int
	right          int
	answer, page   string // what the first try was answered
}

// pick is what it tries: somebody known four times within the day, and between
// them numbers of others with wrong dates, and numbers that nobody has.
func (g *guesser) pick(i int) (number, day string) {
	if i%(g.tries/(burst*len(g.known))) == 0 && g.right < burst*len(g.known) {
		number = g.known[g.right/burst].number
		g.right++
		return number, "1"
	}
	if i%7 == 0 {
		return g.people[i%len(g.people)].number, fmt.Sprint(2 + i%27)
	}
	return fmt.Sprint("MR-X", i), "1"
}

// try is one attempt and the page after it.
func (g *guesser) try(i int) {
	w := g.w
	w.t.Helper()
	right := g.right
	number, day := g.pick(i)
	from := map[string]string{"X-Forwarded-For": fmt.Sprintf("2a00:%x::7", i%g.sources+1)}
	c := cookies{web.VisitorCookie: "a-visitor-of-thirty-two-symbols-or-more"}
	got := w.do(ask{method: "POST", path: "/enroll/number", cookies: c, header: from, form: with(merge(born, say("number", number, "birth_day", day)), w.key(web.VisitorCookie, c[web.VisitorCookie]))})
	if got.Code != 303 {
		w.t.Fatalf("try %d of %s is answered %d", i, number, got.Code)
	}
	g.same(&g.answer, arbitrary.ReplaceAllString(plain(got, "-"), "*"), i)
	for _, k := range got.Result().Cookies() {
		c[k.Name] = k.Value
	}
	if i%size(5, 20) == 0 {
		w.work()
	}
	if long && i > 1000 && i%10 > 0 && right == g.right {
		return // of the wrong ones, each tenth looks at the page that comes next
	}
	g.same(&g.page, arbitrary.ReplaceAllString(plain(w.do(ask{method: "GET", path: "/enroll/confirm", cookies: c, header: from}), "-"), "*"), i)
}

// same demands that something reads as it did the first time.
func (g *guesser) same(first *string, now string, i int) {
	g.w.t.Helper()
	if *first == "" {
		*first = now
	}
	if now != *first {
		g.w.t.Fatalf("try %d is answered otherwise: %s", i, parting(now, *first))
	}
}

// sent counts what went out. All tries of one pair fall into one day, so what a
// person got in all is what they got in a day.
func (g *guesser) sent() {
	w := g.w
	w.t.Helper()
	codes, messages := 0, 0
	for _, n := range w.list(`SELECT CAST(COUNT(*) AS TEXT) FROM audit_entry WHERE action = 'enroll.confirmation_sent' GROUP BY patient_id`) {
		var of int
		fmt.Sscan(n, &of)
		if codes += of; of > 3 {
			w.t.Errorf("somebody was sent %d codes in a day", of)
		}
	}
	for _, n := range w.list(`SELECT CAST(COUNT(*) AS TEXT) FROM demo_message GROUP BY recipient`) {
		var of int
		fmt.Sscan(n, &of)
		if messages += of; of > burst {
			w.t.Errorf("somebody was sent %d messages in a day", of)
		}
	}
	w.t.Logf("%d patients, %d sources; %d tries, %d of %d pairs right; %d codes, %d messages in all", len(g.people), g.sources, g.tries, g.right, len(g.known), codes, messages)
	if codes < 2*len(g.known) || messages < codes {
		w.t.Errorf("%d codes and %d messages for %d pairs: the tries came to nothing", codes, messages, len(g.known))
	}
}

// crowd takes many people into the patient index.
func (w *world) crowd(n int) (all []person) {
	w.t.Helper()
	const together = 200
	since := w.c.Now().Add(-90 * 24 * time.Hour)
	for len(all) < n {
		var batch []registry.Incoming
		for range min(together, n-len(all)) {
			p, in := someone(since)
			all, batch = append(all, p), append(batch, in)
		}
		if rep, err := w.app.Registry.Import(ctx, duty, batch, registry.Options{}); err != nil || rep.Refused > 0 {
			w.t.Fatalf("import: %v %+v", err, rep)
		}
	}
	return all
}

// someone is a person as the hospital tells of them, with contacts of that age.
func someone(since time.Time) (person, registry.Incoming) {
	n := next()
	p := person{number: fmt.Sprint("MR-", 1000+n), birth: "1970-01-01", mail: fmt.Sprintf("w%d@example.com", n)}
	return p, registry.Incoming{Numbers: []registry.Number{{System: "http://hospital.example", Value: p.number, Usage: registry.Current}},
		Names: []registry.Name{{Usage: registry.Current, Given: "Wanda", Family: surname()}}, Birth: p.birth, Sex: "female", Active: true,
		Contacts:  []registry.Contact{{Kind: registry.Email, Value: p.mail, Since: since}, {Kind: registry.Mobile, Value: fmt.Sprintf("+1555186%04d", n%10000), Since: since}},
		Addresses: []registry.Address{{Usage: registry.Current, Lines: []string{"12 Elm Street"}, City: "Springfield", State: "IL", PostalCode: "62701"}}}
}

// newcomer takes somebody into the patient index.
func (w *world) newcomer() person {
	w.t.Helper()
	p := w.crowd(1)[0]
	p.id = must(w.app.Registry.Numbered(ctx, duty, p.number))
	return p
}
