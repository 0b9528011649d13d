package checkin

import "slices"

const loinc = "http://loinc.org"

// Codes of the PHQ-9 (LOINC 44249-1) that mean more than their words. Its ninth
// question asks about thoughts of being better off dead or of hurting oneself.
var (
	phq9     = Code{loinc, "44249-1"}
	selfHarm = Code{loinc, "44260-8"}
)

// Score is the sum of what the answers count.
type Score struct {
	Sum, Most int
	Whole     bool // every question that counts was answered
	Band      string
}

// score sums the answers to questions whose options all have a value (extension
// ordinalValue); false if the form has none.
func (f Form) score(a Answers) (s Score, ok bool) {
	s.Whole = true
	on := f.enabled(a)
	f.walk(func(it, _ *Item) {
		if !it.counts() || !on[it.Link] {
			return
		}
		ok = true
		s.Most += slices.MaxFunc(it.Options, func(x, y Option) int { return x.Score - y.Score }).Score
		given := a[it.Link]
		if len(given) == 0 {
			s.Whole = false
		}
		for _, g := range given {
			if g.At > 0 {
				s.Sum += it.Options[g.At-1].Score
			}
		}
	})
	if slices.Contains(f.Codes, phq9) && s.Whole {
		s.Band = phq9Band(s.Sum)
	}
	return s, ok
}

func (it Item) counts() bool {
	return len(it.Options) > 0 && !slices.ContainsFunc(it.Options, func(o Option) bool { return !o.Scored })
}

// phq9Band names how severe a PHQ-9 score is (Kroenke, Spitzer, Williams, J Gen
// Intern Med 2001;16:606-613). The words are for staff.
func phq9Band(sum int) string {
	switch {
	case sum >= 20:
		return "severe"
	case sum >= 15:
		return "rather"
	case sum >= 10:
		return "moderate"
	case sum >= 5:
		return "mild"
	}
	return "minimal"
}

// alarms tells whether the answers say that somebody thinks of hurting themselves:
// any answer above "not at all".
func (f Form) alarms(a Answers) (yes bool) {
	f.walk(func(it, _ *Item) {
		if !slices.Contains(it.Codes, selfHarm) {
			return
		}
		for _, g := range a[it.Link] {
			yes = yes || g.At > 0 && it.Options[g.At-1].Score > 0
		}
	})
	return yes
}
