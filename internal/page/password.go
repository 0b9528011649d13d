package page

import (
	"strconv"
	"strings"
)

func (p PasswordSpec) managerMin() string { return strconv.Itoa(p.Min) }

// managerRules tells password managers what to make, in Apple's
// "passwordrules" notation; other browsers ignore it.
func (p PasswordSpec) managerRules() string {
	return "minlength: " + strconv.Itoa(max(p.Min, 20)) + "; maxlength: 64; allowed: upper, lower, digit, [-];"
}

func describePassword(s Shell, p PasswordSpec) string {
	ids := describe(s, p.Name, p.Hint)
	if len(p.Rules) > 0 {
		ids += " " + p.Name + "-rules"
	}
	return strings.TrimSpace(ids)
}

func (s *Strength) class() string {
	return "meter-" + strconv.Itoa(min(max(s.Score, 0), 4))
}
