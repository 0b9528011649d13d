package clinic

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/page"
)

// Profile is what administrators can change. An empty field is as in the settings.
type Profile struct {
	Name        string               `json:"name,omitempty"`
	Phone       string               `json:"phone,omitempty"`
	Emergency   string               `json:"emergency,omitempty"`
	Address     string               `json:"address,omitempty"` // lines
	Colour      string               `json:"colour,omitempty"`  // #RRGGBB
	Logo        string               `json:"logo,omitempty"`    // name of a kept file
	Hours       map[lang.Lang]string `json:"hours,omitempty"`
	NumberLabel map[lang.Lang]string `json:"number_label,omitempty"`
	Welcome     map[lang.Lang]string `json:"welcome,omitempty"`
}

// Longest texts, in characters: what fits into the frame of a page at 320 pixels
// and on a letter.
const (
	longestName    = 80
	longestPhone   = 40
	longestHours   = 160
	longestLabel   = 40
	longestWelcome = 200
	longestLine    = 60
	mostLines      = 6
)

var (
	emergencyNumber = regexp.MustCompile(`^[0-9][0-9 ()+-]{1,18}$`)
	hexColour       = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`)
)

// tidy takes blanks at the ends away, and what cannot be shown.
func (p Profile) tidy() Profile {
	p.Name, p.Phone, p.Emergency, p.Colour = oneLine(p.Name), oneLine(p.Phone), oneLine(p.Emergency), strings.ToUpper(oneLine(p.Colour))
	var lines []string
	for l := range strings.SplitSeq(p.Address, "\n") {
		if l = oneLine(l); l != "" {
			lines = append(lines, l)
		}
	}
	p.Address = strings.Join(lines, "\n")
	for _, m := range []*map[lang.Lang]string{&p.Hours, &p.NumberLabel, &p.Welcome} {
		out := map[lang.Lang]string{}
		for _, l := range lang.All {
			if s := oneLine((*m)[l]); s != "" {
				out[l] = s
			}
		}
		*m = out
	}
	return p
}

// oneLine keeps line ends and other control characters out of what becomes the
// name in an e-mail's head.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

// check finds what is wrong with a profile that stands over the settings.
func (r *Room) check(p Profile) error {
	var bad *fault.Fault
	fits := func(field, text string, most int) {
		if n := utf8.RuneCountInString(text); n > most {
			bad = bad.And(field, "clinic.bad.long", n, most)
		} else if strings.ContainsAny(text, "<>") {
			bad = bad.And(field, "clinic.bad.signs")
		}
	}
	fits("name", p.Name, longestName)
	if one := utf8.RuneCountInString(p.Name); one == 1 || one == 0 && r.Defaults.Name == "" {
		bad = bad.And("name", "clinic.bad.name")
	}
	fits("phone", p.Phone, longestPhone)
	// The phone stands on every page, errors included: there has to be one.
	if n, err := phonenumbers.Parse(p.Phone, r.Region); p.Phone != "" && (err != nil || !phonenumbers.IsPossibleNumber(n)) || p.Phone == "" && r.Defaults.Phone == "" {
		bad = bad.And("phone", "clinic.bad.phone")
	}
	if p.Emergency != "" && !emergencyNumber.MatchString(p.Emergency) {
		bad = bad.And("emergency", "clinic.bad.emergency")
	}
	lines := strings.Split(p.Address, "\n")
	if strings.ContainsAny(p.Address, "<>") {
		bad = bad.And("address", "clinic.bad.signs")
	} else if len(lines) > mostLines || slices.ContainsFunc(lines, func(l string) bool { return utf8.RuneCountInString(l) > longestLine }) {
		bad = bad.And("address", "clinic.bad.address", mostLines, longestLine)
	}
	for _, l := range lang.All {
		fits("hours-"+string(l), p.Hours[l], longestHours)
		fits("label-"+string(l), p.NumberLabel[l], longestLabel)
		fits("welcome-"+string(l), p.Welcome[l], longestWelcome)
	}
	if len(p.Welcome) == 1 {
		bad = bad.And("welcome-"+string(other(p.Welcome)), "clinic.bad.both")
	}
	return p.checkColour(bad)
}

// other is the language that is missing.
func other(m map[lang.Lang]string) lang.Lang {
	for _, l := range lang.All {
		if m[l] == "" {
			return l
		}
	}
	return lang.En
}

func (p Profile) checkColour(bad *fault.Fault) error {
	if p.Colour == "" {
		return bad.OrNil()
	}
	if !hexColour.MatchString(p.Colour) {
		return bad.And("colour", "clinic.bad.colour")
	}
	c, err := page.CheckColour(p.Colour)
	if err != nil {
		return bad.And("colour", "clinic.bad.colour")
	}
	if !c.Enough {
		return bad.And("colour", "clinic.bad.contrast", figure(min(c.Light, c.Dark)), c.Nearest)
	}
	return bad.OrNil()
}

// figure writes a contrast with one decimal, cut off: what is just short of the
// limit must not look as if it reached it.
func figure(c float64) string {
	n := int(c * 10)
	return itoa(n/10) + "." + itoa(n%10)
}

// field is one that can be changed, in one language where it has several.
type field struct {
	key  string // of its name, as in texts "clinic.field.…"
	lang lang.Lang
	get  func(*Profile) string
	set  func(*Profile, string)
}

// fields lists all of a profile.
var fields = func() []field {
	var out []field
	for _, f := range []struct {
		key string
		at  func(*Profile) *string
	}{
		{"name", func(p *Profile) *string { return &p.Name }}, {"phone", func(p *Profile) *string { return &p.Phone }},
		{"emergency", func(p *Profile) *string { return &p.Emergency }}, {"address", func(p *Profile) *string { return &p.Address }},
		{"colour", func(p *Profile) *string { return &p.Colour }}, {"logo", func(p *Profile) *string { return &p.Logo }},
	} {
		out = append(out, field{key: f.key, get: func(p *Profile) string { return *f.at(p) }, set: func(p *Profile, v string) { *f.at(p) = v }})
	}
	for _, f := range []struct {
		key string
		at  func(*Profile) *map[lang.Lang]string
	}{
		{"hours", func(p *Profile) *map[lang.Lang]string { return &p.Hours }}, {"label", func(p *Profile) *map[lang.Lang]string { return &p.NumberLabel }},
		{"welcome", func(p *Profile) *map[lang.Lang]string { return &p.Welcome }},
	} {
		for _, l := range lang.All {
			out = append(out, field{f.key, l, func(p *Profile) string { return (*f.at(p))[l] }, func(p *Profile, v string) {
				m := maps.Clone(*f.at(p))
				if m == nil {
					m = map[lang.Lang]string{}
				}
				m[l] = v
				*f.at(p) = m
			}})
		}
	}
	return out
}()

// changes lists the fields in which two profiles differ, as keys of their names.
func changes(a, b Profile) []string {
	var out []string
	for _, f := range fields {
		if f.get(&a) != f.get(&b) && !slices.Contains(out, f.key) {
			out = append(out, f.key)
		}
	}
	return out
}

// Both is a field that two administrators changed at the same time.
type Both struct {
	Key  string // of its name, as in texts "clinic.field.…"
	Lang lang.Lang
	Now  string // what is in force
}

// merge brings a draft that was begun from base up to what is in force: fields
// that the draft did not change follow. Those that both changed keep the draft's
// value and are listed.
func merge(base, draft, force Profile) (Profile, []Both) {
	var both []Both
	for _, f := range fields {
		was, mine, now := f.get(&base), f.get(&draft), f.get(&force)
		switch {
		case was == now || mine == now:
		case mine == was:
			f.set(&draft, now)
		default:
			both = append(both, Both{f.key, f.lang, now})
		}
	}
	return draft.tidy(), both
}
