package registry

import (
	"strings"
	"time"

	"portico/internal/ids"
)

// ContactAge is how long a contact must have been on file before anything is
// sent to it that opens an account: whoever talks the desk into a new number
// today shall not profit today (security rule A2.3, after NIST SP 800-63A).
const ContactAge = 7 * 24 * time.Hour

// Details are what somebody says about themselves. Any part may be missing.
type Details struct {
	Given, Family string
	Suffix        string
	Former        string // a former family name, or full name
	Birth         string // YYYY-MM-DD
	Sex           string
	Address       Address
	Email, Phone  string
	Number        string
}

// Verdict is what a comparison of one thing says.
type Verdict string

const (
	Agrees  Verdict = "agrees"
	Close   Verdict = "close" // fits with a difference worth a look
	Differs Verdict = "differs"
	Unsaid  Verdict = "unsaid" // one side does not say
	Warns   Verdict = "warns"
)

// Reason is one line of why a score is what it is. Key is a text; Args fill its
// blanks and never hold a person's data.
type Reason struct {
	About   string // name, birth, sex, email, phone, address, number, person
	Verdict Verdict
	Key     string
	Args    []any
}

// Match is how well details fit one patient of the index.
type Match struct {
	Patient Patient
	Score   int // 0 to 100; from 70 a person, below 40 hardly
	Reasons []Reason

	// Strict means that given and family name, birth date and a contact that
	// has been on file long enough all agree outright, nothing contradicts, and
	// the person may be answered without a human: alive, in use, not restricted.
	Strict bool
	// Contact is the contact on file that agrees, "" if none does.
	Contact string
}

// ID names the matched patient.
func (m Match) ID() ids.Patient { return m.Patient.ID }

// How much each finding counts. Family, given name and birth date together make
// 70, the score of a likely match; a contact or the number is what lifts one
// above the twins and namesakes.
var (
	familyPoints = map[closeness]int{equal: 22, partly: 18, near: 15, weak: 0, apart: -15, unknown: 0}
	givenPoints  = map[closeness]int{equal: 18, short: 16, partly: 10, near: 11, weak: -8, apart: -22, unknown: 0}
	birthPoints  = map[birthFit]int{birthSame: 30, birthSwapped: 22, birthDigit: 16, birthApart: -40}
)

const (
	suffixCost   = 15
	middleCost   = 8
	contactGain  = 18
	secondGain   = 4 // both e-mail and phone agree
	addressGain  = 10
	postalGain   = 4
	addressCost  = 2
	sexGain      = 2
	sexCost      = 8
	numberGain   = 25
	numberCost   = 12
	otherGiven   = 50 // most that a person of another given name can reach: twins
	otherBirth   = 45 // most that a person of another birth date can reach: father and son
	otherSurname = 75
	otherMiddle  = 85 // María José and María Guadalupe may be twins
)

// question is a set of details made ready to be compared with many patients.
type question struct {
	names  []normal
	birth  string
	sex    string
	email  string
	phone  string
	place  place
	number string
	now    time.Time
	region string
}

func ask(d Details, region string, now time.Time) question {
	q := question{birth: d.Birth, sex: d.Sex, place: placeOf(d.Address), now: now, region: region}
	q.names = append(q.names, normalise(Name{Given: d.Given, Family: d.Family, Suffix: d.Suffix}))
	if former := normalise(Name{Family: d.Former}); len(former.family) > 0 {
		q.names = append(q.names, q.former(former))
	}
	q.email = contactForm(Email, d.Email, region)
	q.phone = contactForm(Phone, d.Phone, region)
	q.number, _ = NormalNumber(d.Number)
	return q
}

// former makes a full name of a former family name; if the given name stands in
// it too, it is left out.
func (q question) former(f normal) normal {
	now := q.names[0]
	f.given, f.suffix = now.given, now.suffix
	for len(f.family) > 1 && len(now.given) > 0 && same(f.family[0], now.given[0]) {
		f.family = f.family[1:]
		f.whole = strings.Join(f.family, "")
	}
	return f
}

// Compare tells how well d fits p at the moment now. Phone numbers without a
// country are read as dialled in region.
func Compare(d Details, p Patient, region string, now time.Time) Match {
	return ask(d, region, now).compare(p)
}

func (q question) compare(p Patient) Match {
	t := tally{m: Match{Patient: p}, top: 100, strict: !p.Dead() && !p.Restricted && p.Active && p.MergedInto == ""}
	q.name(&t, p)
	q.birthDate(&t, p)
	q.contacts(&t, p)
	q.address(&t, p)
	q.rest(&t, p)
	t.m.Score = max(0, min(t.score, t.top, 100))
	t.m.Strict = t.strict && t.m.Contact != ""
	return t.m
}

// tally is a comparison under way.
type tally struct {
	m      Match
	score  int
	top    int // the most that may come of it
	strict bool
}

func (t *tally) add(points int, about string, v Verdict, key string, args ...any) {
	t.score += points
	t.m.Reasons = append(t.m.Reasons, Reason{about, v, key, args})
}

// cap bounds the score; what caps it is never a strict match.
func (t *tally) cap(most int) { t.top, t.strict = min(t.top, most), false }

// OnlyStrict gives the one match that may be answered without a human. There is
// none if two people match strictly, or if another likely candidate shares
// family name and birth date, as a twin does.
func OnlyStrict(matches []Match) (Match, bool) {
	var found []Match
	for _, m := range matches {
		if m.Strict {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		return Match{}, false
	}
	for _, m := range matches {
		if m.ID() != found[0].ID() && twins(m.Patient, found[0].Patient) {
			return Match{}, false
		}
	}
	return found[0], true
}

// twins tells whether two people share birth date and family name.
func twins(a, b Patient) bool {
	if a.Birth == "" || a.Birth != b.Birth {
		return false
	}
	x, y := normalise(Name{Family: a.Family}), normalise(Name{Family: b.Family})
	return fitFamily(x, y) >= near
}
