package enroll_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/enroll"
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

func (p *portal) reset() {
	if err := p.DB.Housekeep(ctx, "enroll", func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE activation_code SET tries = 0`)
		return err
	}); err != nil {
		p.t.Fatal(err)
	}
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
