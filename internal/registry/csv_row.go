package registry

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// earliest is the first year of birth that is believed. Nobody alive today was
// born before; a record of somebody who was is a slip.
const earliest = 1880

// rowContext is what a row is read with.
type rowContext struct {
	region string
	now    time.Time
	mixed  bool // some dates of the file can only be day first
}

// row turns one row into a person, or reports everything that is wrong with it.
func (s *sheet) row(r record, l layout, c rowContext) {
	p := parser{line: r.line, at: map[column]int{}, values: map[column]string{}, c: c}
	for i, col := range l.columns {
		if col == "" || i >= len(r.fields) {
			continue
		}
		p.at[col] = i + 1
		if len(r.fields[i]) > maxField {
			p.bad(col, "registry.csv.too_long", maxField)
			continue
		}
		p.values[col] = strings.Join(strings.Fields(r.fields[i]), " ")
	}
	in := p.person()
	in.Silent = l.silence()
	for _, b := range p.refusals {
		s.refuse(b)
	}
	if len(p.refusals) == 0 {
		s.rows = append(s.rows, in)
	}
}

// parser reads the values of one row.
type parser struct {
	line     int
	at       map[column]int
	values   map[column]string
	c        rowContext
	refusals []Refusal
}

func (p *parser) bad(col column, key string, args ...any) {
	p.refusals = append(p.refusals, Refusal{Line: p.line, Column: p.at[col], Heading: col.title(), Key: key, Args: args})
}

func (p *parser) person() Incoming {
	v := p.values
	in := Incoming{Line: p.line, Active: true, Language: language(v[colLanguage]), Sex: p.sex(), Birth: p.birth()}
	in.Names = append(in.Names, Name{Current, strings.TrimSpace(v[colGiven] + " " + v[colMiddle]),
		strings.TrimSpace(v[colFamily] + " " + v[colSecond]), v[colSuffix]})
	if len(words(v[colFamily])) == 0 {
		p.bad(colFamily, "registry.csv.name_missing")
	}
	if len(words(v[colGiven])) == 0 {
		p.bad(colGiven, "registry.csv.name_missing")
	}
	for former := range strings.SplitSeq(v[colFormer], ";") {
		if len(words(former)) > 0 {
			in.Names = append(in.Names, Name{Usage: Former, Given: v[colGiven], Family: strings.TrimSpace(former)})
		}
	}
	if v[colNumber] != "" {
		if _, ok := NormalNumber(v[colNumber]); !ok {
			p.bad(colNumber, "registry.csv.number")
		}
		in.Numbers = []Number{{Value: v[colNumber], Usage: Current}}
	}
	in.Contacts = p.contacts()
	a := Address{Usage: Current, City: v[colCity], State: v[colState], PostalCode: v[colPostal], Country: v[colCountry]}
	for _, line := range []string{v[colAddress], v[colAddress2]} {
		if line != "" {
			a.Lines = append(a.Lines, line)
		}
	}
	if !a.empty() {
		in.Addresses = []Address{a}
	}
	in.Deceased, in.DeathUndated = p.deceased()
	return in
}

// birth demands a whole day that is not in the future.
func (p *parser) birth() string {
	if p.values[colBirth] == "" {
		p.bad(colBirth, "registry.csv.birth_missing")
		return ""
	}
	day, ok := p.date(colBirth)
	if !ok {
		return ""
	}
	return day.Format(time.DateOnly)
}

var (
	isoDay   = regexp.MustCompile(`^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00?:00(?::00)?Z?)?$`)
	slashDay = regexp.MustCompile(`^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?: 0?0:00(?::00)?)?$`)
	onlyYear = regexp.MustCompile(`^(\d{4}|\d{4}-\d{2}|\d{1,2}/\d{4})$`)
)

// date reads YYYY-MM-DD or, as in the United States, month/day/year.
func (p *parser) date(col column) (time.Time, bool) {
	v := p.values[col]
	var y, m, d int
	if f := isoDay.FindStringSubmatch(v); f != nil {
		y, m, d = number(f[1]), number(f[2]), number(f[3])
	} else if f := slashDay.FindStringSubmatch(v); f != nil {
		y, m, d = number(f[3]), number(f[1]), number(f[2])
		switch {
		case len(f[3]) == 2:
			p.bad(col, "registry.csv.date_short_year")
			return time.Time{}, false
		case m > 12 && d <= 12:
			p.bad(col, "registry.csv.date_day_first")
			return time.Time{}, false
		case p.c.mixed && m != d && d <= 12:
			p.bad(col, "registry.csv.date_ambiguous")
			return time.Time{}, false
		}
	} else if onlyYear.MatchString(v) {
		p.bad(col, "registry.csv.date_incomplete")
		return time.Time{}, false
	} else {
		p.bad(col, "registry.csv.date")
		return time.Time{}, false
	}
	day := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	switch {
	case day.Year() != y || int(day.Month()) != m || day.Day() != d:
		p.bad(col, "registry.csv.date_none")
	case day.After(p.c.now):
		p.bad(col, "registry.csv.date_future")
	case y < earliest:
		p.bad(col, "registry.csv.date_early")
	default:
		return day, true
	}
	return time.Time{}, false
}

func number(s string) int {
	n, _ := strconv.Atoi(s) // digits by the pattern
	return n
}

// dayOrder tells whether some date of the file can only be read day first; then
// 4/5/1962 could be either and is not guessed.
func dayOrder(rows []record, l layout) bool {
	for i, col := range l.columns {
		if col != colBirth && col != colDeceased && col != colSince {
			continue
		}
		for _, r := range rows {
			if i >= len(r.fields) {
				continue
			}
			f := slashDay.FindStringSubmatch(strings.TrimSpace(r.fields[i]))
			if f != nil && number(f[1]) > 12 && number(f[2]) <= 12 {
				return true
			}
		}
	}
	return false
}

var sexes = map[string]string{
	"": "", "f": "female", "female": "female", "woman": "female", "mujer": "female", "femenino": "female", "w": "female",
	"m": "male", "male": "male", "man": "male", "hombre": "male", "masculino": "male", "h": "male",
	"o": "other", "x": "other", "other": "other", "otro": "other", "nonbinary": "other", "non-binary": "other",
	"u": "unknown", "unk": "unknown", "unknown": "unknown", "desconocido": "unknown",
}

func (p *parser) sex() string {
	s, ok := sexes[strings.ToLower(p.values[colSex])]
	if !ok {
		p.bad(colSex, "registry.csv.sex")
	}
	return s
}

func (p *parser) contacts() []Contact {
	var since time.Time
	if p.values[colSince] != "" {
		since, _ = p.date(colSince)
	}
	var out []Contact
	if v := p.values[colEmail]; v != "" {
		a, ok := NormalEmail(v)
		if !ok {
			p.bad(colEmail, "registry.csv.email")
		}
		out = append(out, Contact{Kind: Email, Value: a, Since: since})
	}
	for _, c := range []struct {
		col  column
		kind Kind
	}{{colMobile, Mobile}, {colPhone, Phone}} {
		if v := p.values[c.col]; v != "" {
			n, ok := NormalPhone(v, p.c.region)
			if !ok {
				p.bad(c.col, "registry.csv.phone")
			}
			out = append(out, Contact{Kind: c.kind, Value: n, Since: since})
		}
	}
	return out
}

// deceased takes a day, or yes where the day is not known; then it is the moment
// of the import.
func (p *parser) deceased() (at time.Time, undated bool) {
	switch strings.ToLower(p.values[colDeceased]) {
	case "", "n", "no", "false", "0":
		return time.Time{}, false
	case "y", "yes", "true", "1", "si", "sí":
		return p.c.now, true
	}
	day, _ := p.date(colDeceased)
	return day, false
}

// languages that spreadsheets write out.
var languages = map[string]string{"english": "en", "spanish": "es", "chinese": "zh", "portuguese": "pt", "french": "fr", "russian": "ru",
	"vietnamese": "vi", "korean": "ko", "tagalog": "tl", "arabic": "ar", "german": "de", "haitian creole": "ht", "polish": "pl",
	"inglés": "en", "ingles": "en", "español": "es", "espanol": "es"}

var languageTag = regexp.MustCompile(`^[a-z]{2,3}(-[a-z0-9]{2,8})*$`)

// language gives a tag for what a sender says; "" if it says nothing we know.
func language(s string) string {
	s = strings.ToLower(strings.ReplaceAll(strings.TrimSpace(s), "_", "-"))
	if tag, ok := languages[s]; ok {
		return tag
	}
	if languageTag.MatchString(s) {
		return s
	}
	return ""
}
