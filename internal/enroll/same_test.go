package enroll_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/store"
	"portico/internal/testkit"
)

// T23 on the second and third way.
func TestCodeAnswersAreTheSame(t *testing.T) {
	each(t, func(t *testing.T, p *portal) {
		x := maria
		id := p.add(x)
		live := p.give(id, enroll.ByHand)
		older := p.give(p.add(patient{Number: "Q-2", Given: "Quin", Family: "Older", Birth: "1970-01-01"}), enroll.ByHand)
		p.give(p.find(patient{Number: "Q-2", Birth: "1970-01-01"}), enroll.ByHand)
		revoked := p.give(p.add(patient{Number: "Q-3", Given: "Quin", Family: "Back", Birth: "1970-01-01"}), enroll.ByHand)
		if err := p.Revoke(ctx, p.desk("Ana", access.IssueCodes), revoked.ID); err != nil {
			t.Fatal(err)
		}
		used := p.give(p.add(patient{Number: "Q-4", Given: "Quin", Family: "Used", Birth: "1970-01-01"}), enroll.ByHand)
		if _, err := p.finishAll(p.applicant(used.Text, "1970-01-01", "192.0.2.9"), "used.kettle.7"); err != nil {
			t.Fatal(err)
		}
		late := p.give(p.add(patient{Number: "Q-5", Given: "Quin", Family: "Late", Birth: "1970-01-01"}), enroll.ByHand)
		tries := map[string][2]string{
			"wrong secret": {live.Text[:6] + "00000-00000", x.Birth}, "wrong date": {live.Text, "1962-04-08"}, "no such code": {"00000-00000-00000", x.Birth},
			"superseded": {older.Text, "1970-01-01"}, "revoked": {revoked.Text, "1970-01-01"}, "used": {used.Text, "1970-01-01"}, "late and wrong date": {late.Text, "1970-01-02"},
		}
		var want raw
		var first string
		for name, c := range tries {
			b := p.b.Other()
			got := see(t, b, func(b *testkit.Browser) *testkit.Page { return enter(b, "00000-00000-00000", "1970-01-01") })
			at := see(t, b, func(b *testkit.Browser) *testkit.Page { return enter(b, c[0], c[1]) })
			// What was typed comes back; apart from that nothing may differ.
			at.body = same(at.body, c)
			if want == (raw{}) {
				want, first = at, name
			}
			if at != want {
				t.Errorf("%q can be told from %q: %s", name, first, at.differ(want))
			}
			_ = got
		}
	})
}

// same takes what was typed out of a page.
func same(body string, typed [2]string) string {
	body = strings.ReplaceAll(body, typed[0], "CODE")
	return strings.ReplaceAll(typedDate.ReplaceAllString(body, "$1"), " selected", "")
}

var typedDate = regexp.MustCompile(`(name="birth_(?:day|year)"[^>]*value=")[^"]*`)

// T23, by time: 5,000 pairs of a match and a miss in turn. The classifier is the
// best threshold on time alone; an AUC of 0.5 is a coin.
func TestTimeTellsNothing(t *testing.T) {
	if !long {
		t.Skip("set PORTICO_ATTACK=long")
	}
	each(t, func(t *testing.T, p *portal) {
		n := 2500
		for i := range n {
			p.add(patient{Number: fmt.Sprint("T-", i), Given: "Tim", Family: "Time", Birth: "1970-01-01", Email: fmt.Sprintf("t%d@example.com", i)})
		}
		live := p.give(p.add(maria), enroll.ByHand).Text
		surfaces := map[string]func(i int, hit bool){
			"number": func(i int, hit bool) {
				birth := "1970-01-01"
				if !hit {
					birth = "1970-01-02"
				}
				if _, err := p.TryNumber(ctx, visitor(fmt.Sprintf("10.%d.%d.%d", i>>15&255, i>>7&255, i&127)), enroll.NumberTry{Number: fmt.Sprint("T-", i%n), Birth: birth, Lang: lang.En}); err != nil {
					t.Fatal(err)
				}
			},
			"code": func(i int, hit bool) {
				c := live[:6] + "00000-00000"
				if !hit {
					c = "00000-00000-00000"
				}
				_, err := p.OpenCode(ctx, visitor(fmt.Sprintf("11.%d.%d.%d", i>>15&255, i>>7&255, i&127)), enroll.CodeTry{Code: c, Birth: maria.Birth})
				if !fault.Fixable(err) {
					t.Fatal(err)
				}
				if hit && i%2 == 0 { // keep the code from being suspended
					p.reset()
				}
			},
			"request": func(i int, hit bool) {
				x := patient{Given: "Tim", Family: "Time", Birth: "1970-01-01", Email: fmt.Sprintf("t%d@example.com", i%n)}
				if !hit {
					x.Birth, x.Family = fmt.Sprintf("19%02d-02-03", i%90), fmt.Sprint("Nobody", i)
				}
				c := claimOf(x)
				c.Given = fmt.Sprint("Tim", strings.Repeat("i", i%30), string(rune('a'+i%26)))
				if _, err := p.Ask(ctx, visitor(fmt.Sprintf("12.%d.%d.%d", i>>15&255, i>>7&255, i&127)), c, lang.En); err != nil {
					t.Fatal(err)
				}
			},
		}
		for name, do := range surfaces {
			var hit, miss []float64
			for i := range 2 * n {
				h := rand.IntN(2) == 0
				for _, which := range []bool{h, !h} {
					began := time.Now()
					do(2*i+b2i(which), which)
					took := float64(time.Since(began).Microseconds())
					if i < 50 {
						continue // warm up
					}
					if which {
						hit = append(hit, took)
					} else {
						miss = append(miss, took)
					}
				}
			}
			a, gap := auc(hit, miss), middle(hit)-middle(miss)
			t.Logf("%s: AUC %.3f, median %.0f µs against %.0f µs", name, a, middle(hit), middle(miss))
			if a > 0.55 || a < 0.45 || gap > 3000 || gap < -3000 {
				t.Errorf("%s: AUC %.3f, gap %.0f µs", name, a, gap)
			}
		}
	})
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (p *portal) reset() {
	if err := p.DB.Housekeep(ctx, "enroll", func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE activation_code SET tries = 0`)
		return err
	}); err != nil {
		p.t.Fatal(err)
	}
}

func middle(v []float64) float64 {
	s := slices.Clone(v)
	sort.Float64s(s)
	return s[len(s)/2]
}

// auc is the chance that a random hit took longer than a random miss.
func auc(hit, miss []float64) float64 {
	s := slices.Clone(miss)
	sort.Float64s(s)
	sum := 0.0
	for _, h := range hit {
		lo, hi := sort.SearchFloat64s(s, h), sort.SearchFloat64s(s, h+0.5)
		sum += float64(lo) + float64(hi-lo)/2
	}
	return sum / float64(len(hit)) / float64(len(miss))
}

// differ shows where two answers first differ.
func (a raw) differ(b raw) string {
	x, y := fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b)
	i := 0
	for i < len(x) && i < len(y) && x[i] == y[i] {
		i++
	}
	cut := func(s string) string { return s[max(0, i-80):min(len(s), i+120)] }
	return "\n… " + cut(x) + "\n… " + cut(y)
}
