package registry

import (
	"slices"
	"strings"
)

// closeness is how well two parts of a name fit, best last.
type closeness int

const (
	apart   closeness = iota
	weak              // Mario and Maria, Daniel and Daniela: near in letters, often another person
	near              // a slip of the pen
	partly            // one of two surnames; a second given name used alone; an initial
	short             // a nickname
	equal             // the same
	unknown closeness = -1
)

// nameFit is how a claimed name fits one known name.
type nameFit struct {
	given, family closeness
	swapped       bool // given and family name in each other's place
	middle        bool // further given names that contradict each other
	suffix        bool // Jr. against Sr.
	usage         Usage
}

// worth orders fits, to take the best of several known names.
func (f nameFit) worth() int {
	w := givenPoints[f.given] + familyPoints[f.family]
	if f.swapped {
		w -= 3
	}
	if f.suffix {
		w -= suffixCost
	}
	if f.usage == Former {
		w--
	}
	return w
}

// fitName compares a claimed name with a known one, in the order given and with
// given and family name exchanged.
func fitName(asked, known normal) nameFit {
	straight := nameFit{given: fitGiven(asked.given, known.given), family: fitFamily(asked, known)}
	straight.middle = contradict(asked.given, known.given)
	if sameWords(asked, known) && (straight.given != equal || straight.family != equal) {
		straight = nameFit{given: equal, family: equal, swapped: true}
	}
	turned := normal{given: asked.family, family: asked.given, whole: strings.Join(asked.given, "")}
	cross := nameFit{given: fitGiven(turned.given, known.given), family: fitFamily(turned, known), swapped: true}
	if cross.given >= near && cross.family >= near && cross.worth() > straight.worth() {
		straight = cross
	}
	straight.suffix = asked.suffix != "" && known.suffix != "" && asked.suffix != known.suffix
	return straight
}

// sameWords tells whether two names consist of the same words, however they are
// dealt out to given and family name.
func sameWords(a, b normal) bool {
	x, y := slices.Concat(a.given, a.family), slices.Concat(b.given, b.family)
	slices.Sort(x)
	slices.Sort(y)
	return len(x) > 1 && slices.Equal(x, y)
}

// fitFamily knows double surnames: García López is also known as García, and
// the parts may be joined by a hyphen or stand in another order.
func fitFamily(a, b normal) closeness {
	if len(a.family) == 0 || len(b.family) == 0 {
		return unknown
	}
	if a.whole == b.whole || same(strings.Join(a.family, ""), strings.Join(b.family, "")) {
		return equal
	}
	few, many := a.family, b.family
	if len(few) > len(many) {
		few, many = many, few
	}
	found := 0
	for _, w := range few {
		if slices.ContainsFunc(many, func(m string) bool { return same(w, m) }) {
			found++
		}
	}
	switch {
	case found == len(few) && len(few) == len(many):
		return equal
	case found == len(few):
		return partly
	case found > 0: // one surname in common, the other not: a half-sister, a cousin
		return weak
	case slipped(a.whole, b.whole) || slipped(few[0], many[0]):
		return near
	}
	return apart
}

// fitGiven compares mainly the first given name; people leave out the others, or
// go by the second.
func fitGiven(a, b []string) closeness {
	if len(a) == 0 || len(b) == 0 {
		return unknown
	}
	if same(strings.Join(a, ""), strings.Join(b, "")) || same(a[0], b[0]) {
		return equal
	}
	if nickname(a[0], b[0]) {
		return short
	}
	if initial(a[0], b[0]) {
		return partly
	}
	has := func(list []string, w string) bool {
		return slices.ContainsFunc(list, func(l string) bool { return same(l, w) })
	}
	if has(b[1:], a[0]) || has(a[1:], b[0]) {
		return partly
	}
	if gendered(a[0], b[0]) {
		return weak
	}
	if slipped(a[0], b[0]) {
		return near
	}
	return apart
}

// initial tells whether one word is the first letter of the other.
func initial(a, b string) bool {
	return len(a) == 1 && strings.HasPrefix(b, a) || len(b) == 1 && strings.HasPrefix(a, b)
}

// gendered finds pairs that differ by their ending alone, as brother and sister
// do: Mario and Maria, Daniel and Daniela, Andre and Andrea.
func gendered(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	stem, end := b[:len(b)-1], b[len(b)-1]
	if len(a) < len(b) {
		return end == 'a' && a == stem
	}
	other := a[len(a)-1]
	return a[:len(a)-1] == stem && (end == 'a' && (other == 'o' || other == 'e') || other == 'a' && (end == 'o' || end == 'e'))
}

// contradict tells whether both have further given names and these do not fit:
// John Michael and John Peter are two people.
func contradict(a, b []string) bool {
	if len(a) < 2 || len(b) < 2 || !same(a[0], b[0]) {
		return false
	}
	x, y := a[1], b[1]
	return !same(x, y) && !initial(x, y) && !nickname(x, y) && !slipped(x, y)
}
