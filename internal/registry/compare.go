package registry

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// name takes the best fit of any claimed with any known name.
func (q question) name(t *tally, p Patient) {
	var best nameFit
	found := false
	known := p.Names
	if len(known) == 0 {
		known = []Name{{Usage: Current, Given: p.Given, Family: p.Family}}
	}
	for i, asked := range q.names {
		for _, n := range known {
			k := normalise(n)
			if len(k.given) == 0 { // a former name is often a family name alone
				k.given = normalise(Name{Given: p.Given}).given
			}
			f := fitName(asked, k)
			f.usage = n.Usage
			if i > 0 {
				f.usage = Former
			}
			if !found || f.worth() > best.worth() {
				best, found = f, true
			}
		}
	}
	q.familyName(t, best)
	q.givenName(t, best)
	if best.swapped && (best.family > apart || best.given > apart) {
		t.add(-3, "name", Close, "registry.match.order")
	}
	if best.suffix {
		t.add(-suffixCost, "name", Differs, "registry.match.suffix")
		t.strict = false
	}
}

func (q question) familyName(t *tally, f nameFit) {
	points := familyPoints[f.family]
	switch f.family {
	case equal:
		if f.usage == Former {
			t.add(points-2, "name", Agrees, "registry.match.family_former")
			return
		}
		t.add(points, "name", Agrees, "registry.match.family")
		return
	case partly:
		t.add(points, "name", Close, "registry.match.family_part")
	case near:
		t.add(points, "name", Close, "registry.match.family_near")
	case weak:
		t.add(points, "name", Differs, "registry.match.family_weak")
	case unknown:
		t.add(points, "name", Unsaid, "registry.match.family_unsaid")
	default:
		t.add(points, "name", Differs, "registry.match.family_differs")
		t.cap(otherSurname)
	}
	t.strict = false
}

func (q question) givenName(t *tally, f nameFit) {
	points := givenPoints[f.given]
	switch f.given {
	case equal:
		if f.middle {
			t.add(points-middleCost, "name", Close, "registry.match.middle")
			t.cap(otherMiddle)
			break
		}
		t.add(points, "name", Agrees, "registry.match.given")
		return
	case short:
		t.add(points, "name", Close, "registry.match.given_nickname")
	case partly:
		t.add(points, "name", Close, "registry.match.given_part")
	case near:
		t.add(points, "name", Close, "registry.match.given_near")
	case weak:
		t.add(points, "name", Differs, "registry.match.given_weak")
		t.cap(otherGiven)
	case unknown:
		t.add(points, "name", Unsaid, "registry.match.given_unsaid")
	default:
		t.add(points, "name", Differs, "registry.match.given_differs")
		t.cap(otherGiven)
	}
	t.strict = false
}

// birthFit is how two birth dates fit.
type birthFit int

const (
	birthApart birthFit = iota
	birthSame
	birthSwapped // day and month in each other's place
	birthDigit   // one digit is another, or two neighbours are exchanged
)

func fitBirth(a, b string) birthFit {
	switch {
	case a == b:
		return birthSame
	case swapped(a) == b:
		return birthSwapped
	case slip(a, b):
		return birthDigit
	}
	return birthApart
}

// swapped exchanges day and month of YYYY-MM-DD; "" if that is no day.
func swapped(day string) string {
	if len(day) != len("2006-01-02") {
		return ""
	}
	other := day[:5] + day[8:] + "-" + day[5:7]
	if _, err := time.Parse(time.DateOnly, other); err != nil {
		return ""
	}
	return other
}

// slip tells whether two dates differ by one typing slip.
func slip(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	var at []int
	for i := range len(a) {
		if a[i] != b[i] {
			at = append(at, i)
		}
	}
	switch len(at) {
	case 1:
		return true
	case 2:
		i, j := at[0], at[1]
		return j-i <= 2 && strings.Count(a[i:j], "-") == j-i-1 && a[i] == b[j] && a[j] == b[i]
	}
	return false
}

func (q question) birthDate(t *tally, p Patient) {
	if q.birth == "" || p.Birth == "" {
		t.add(0, "birth", Unsaid, "registry.match.birth_unsaid")
		t.strict = false
		return
	}
	fit := fitBirth(q.birth, p.Birth)
	points := birthPoints[fit]
	switch fit {
	case birthSame:
		t.add(points, "birth", Agrees, "registry.match.birth")
		return
	case birthSwapped:
		t.add(points, "birth", Close, "registry.match.birth_swapped")
	case birthDigit:
		t.add(points, "birth", Close, "registry.match.birth_digit")
	default:
		t.add(points, "birth", Differs, "registry.match.birth_differs")
		t.cap(otherBirth)
	}
	t.strict = false
}

func (q question) contacts(t *tally, p Patient) {
	gain := contactGain
	for _, c := range []struct{ about, asked, agrees, fresh, differs string }{
		{"email", q.email, "registry.match.email", "registry.match.email_new", "registry.match.email_differs"},
		{"phone", q.phone, "registry.match.phone", "registry.match.phone_new", "registry.match.phone_differs"},
	} {
		if c.asked == "" {
			continue
		}
		on, known := q.onFile(p, c.about, c.asked)
		switch {
		case on != nil && q.now.Sub(on.Since) >= ContactAge:
			t.add(gain, c.about, Agrees, c.agrees)
			gain = secondGain
			if t.m.Contact == "" {
				t.m.Contact = on.ID
			}
		case on != nil:
			t.add(gain/2, c.about, Close, c.fresh, int(ContactAge.Hours()/24))
		case known:
			t.add(0, c.about, Differs, c.differs)
		default:
			t.add(0, c.about, Unsaid, "registry.match.contact_unsaid")
		}
	}
}

// onFile finds the claimed contact among those on file; known tells whether
// there is any of this sort.
func (q question) onFile(p Patient, about, asked string) (on *Contact, known bool) {
	for i := range p.Contacts {
		c := &p.Contacts[i]
		if (about == "email") != (c.Kind == Email) {
			continue
		}
		known = true
		if contactForm(c.Kind, c.Value, q.region) == asked && (on == nil || c.Since.Before(on.Since)) {
			on = c
		}
	}
	return on, known
}

// place is the part of an address that is compared.
type place struct{ house, postal, street string }

func placeOf(a Address) place {
	var p place
	for _, line := range a.Lines {
		for w := range strings.FieldsSeq(line) {
			if p.house == "" && strings.ContainsFunc(w, unicode.IsDigit) {
				p.house, _ = NormalNumber(w)
			}
		}
		if p.street == "" {
			if w := words(line); len(w) > 0 {
				p.street = slices.MaxFunc(w, func(a, b string) int { return len(a) - len(b) })
			}
		}
	}
	p.postal, _ = NormalNumber(a.PostalCode)
	if len(p.postal) == 9 && strings.Trim(p.postal, "0123456789") == "" { // ZIP+4
		p.postal = p.postal[:5]
	}
	return p
}

func (q question) address(t *tally, p Patient) {
	if q.place.house == "" && q.place.postal == "" {
		return
	}
	if len(p.Addresses) == 0 {
		t.add(0, "address", Unsaid, "registry.match.address_unsaid")
		return
	}
	area := false
	for _, a := range p.Addresses {
		k := placeOf(a)
		house := k.house != "" && k.house == q.place.house
		postal := k.postal != "" && k.postal == q.place.postal
		street := k.street != "" && k.street == q.place.street
		switch {
		case house && (postal || street && (k.postal == "" || q.place.postal == "")):
			if a.Usage == Former {
				t.add(addressGain-3, "address", Agrees, "registry.match.address_former")
				return
			}
			t.add(addressGain, "address", Agrees, "registry.match.address")
			return
		case postal:
			area = true
		}
	}
	if area {
		t.add(postalGain, "address", Close, "registry.match.address_area")
		return
	}
	t.add(-addressCost, "address", Differs, "registry.match.address_differs")
}

// rest compares sex and number, and says what a person should know beside.
func (q question) rest(t *tally, p Patient) {
	if (q.sex == "female" || q.sex == "male") && (p.Sex == "female" || p.Sex == "male") {
		if q.sex == p.Sex {
			t.add(sexGain, "sex", Agrees, "registry.match.sex")
		} else {
			t.add(-sexCost, "sex", Differs, "registry.match.sex_differs")
			t.strict = false
		}
	}
	if q.number != "" {
		has := slices.ContainsFunc(p.Numbers, func(n Number) bool {
			v, _ := NormalNumber(n.Value)
			return v == q.number
		})
		if has {
			t.add(numberGain, "number", Agrees, "registry.match.number")
		} else if len(p.Numbers) > 0 {
			t.add(-numberCost, "number", Differs, "registry.match.number_differs")
			t.strict = false
		}
	}
	for _, w := range []struct {
		on  bool
		key string
	}{{p.Dead(), "registry.match.deceased"}, {p.MultiBirth, "registry.match.twin"},
		{p.Restricted, "registry.match.restricted"}, {!p.Active, "registry.match.inactive"}} {
		if w.on {
			t.add(0, "person", Warns, w.key)
		}
	}
}
