package checkin

import (
	"math/big"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"portico/internal/fault"
	"portico/internal/lang"
)

const (
	// shownField lists the fields a page had: which questions an answer opened is
	// known only when it is sent, for the pages need no script.
	shownField = "shown"
	// wholeField says that nothing was left open.
	wholeField = "whole"
	// otherEnd is what an open choice's box for other words is called.
	otherEnd = "_other"
	// other is its value among the options.
	other = "other"
	// Parts of a date, the time beside it, and the unit of a quantity.
	dayEnd, monthEnd, yearEnd = "_day", "_month", "_year"
	timeEnd, unitEnd          = "_time", "_unit"
	// mostUnit is the longest unit that somebody writes.
	mostUnit = 20
	// mostAnswer is the longest answer, in characters, where the form sets no limit.
	mostAnswer = 2000
)

var (
	integer = regexp.MustCompile(`^[+-]?[0-9]{1,9}$`)
	decimal = regexp.MustCompile(`^[+-]?[0-9]{1,12}([.][0-9]{1,8})?$`)
)

// fields are the names of everything a form's page may send.
func (f Form) fields() (out []string) {
	f.walk(func(it, _ *Item) {
		if it.asks() {
			out = append(out, it.Name, it.Name+otherEnd, it.Name+dayEnd, it.Name+monthEnd, it.Name+yearEnd, it.Name+timeEnd, it.Name+unitEnd)
		}
	})
	return append(out, shownField)
}

// read makes answers of what was typed. Whole is false when answers opened
// questions that the page did not show. What is wrong is only said of questions
// that are asked.
func (f Form) read(t Typed) (a Answers, whole bool, err error) {
	a = Answers{}
	wrong := map[string]fault.Problem{}
	f.walk(func(it, _ *Item) {
		if !it.asks() {
			return
		}
		given, key := it.read(t, f.Zone)
		if key != "" {
			wrong[it.Link] = fault.Problem{Field: it.Name, Text: key, Args: []any{it.most()}}
			return
		}
		if len(given) > 0 {
			a[it.Link] = given
		}
	})
	on, shown, whole := f.enabled(a), strings.Fields(t.Get(shownField)), true
	var bad *fault.Fault
	f.walk(func(it, _ *Item) {
		switch p, isWrong := wrong[it.Link]; {
		case !on[it.Link]:
			delete(a, it.Link)
		case !it.asks():
		case isWrong:
			bad = bad.And(p.Field, p.Text, p.Args...)
		case !slices.Contains(shown, it.Name):
			whole = false
		case it.Required && len(a[it.Link]) == 0:
			bad = bad.And(it.Name, "checkin.form.answer")
		}
	})
	return a, whole, bad.OrNil()
}

func (it Item) most() int {
	if it.Max > 0 && it.Max < mostAnswer {
		return it.Max
	}
	return mostAnswer
}

// read gives the answers to one question, or the sentence about what is wrong; zone
// is the clinic's.
func (it Item) read(t Typed, zone *time.Location) ([]Answer, string) {
	switch it.Type {
	case "choice", "open-choice":
		return it.chosen(t)
	case "date":
		return it.day(t)
	case "dateTime":
		return it.moment(t, zone)
	case "quantity":
		return it.amount(t)
	}
	v := strings.TrimSpace(t.Get(it.Name))
	switch {
	case v == "":
		return nil, ""
	case utf8.RuneCountInString(v) > it.most():
		return nil, "checkin.long"
	}
	return it.lines(v)
}

// scalar reads one answer that is written in one field.
func (it Item) scalar(v string) ([]Answer, string) {
	switch it.Type {
	case "boolean":
		if v != "yes" && v != "no" {
			return nil, "checkin.choose"
		}
		return []Answer{{Kind: "valueBoolean", Value: strconv.FormatBool(v == "yes")}}, ""
	case "integer":
		if !integer.MatchString(v) {
			return nil, "checkin.form.integer"
		}
		n, _ := strconv.Atoi(v) // nine digits at most
		return []Answer{{Kind: "valueInteger", Value: strconv.Itoa(n)}}, ""
	case "decimal":
		v = strings.Replace(v, ",", ".", 1)
		if !decimal.MatchString(v) {
			return nil, "checkin.form.decimal"
		}
		return []Answer{{Kind: "valueDecimal", Value: plainNumber(v)}}, ""
	case "time":
		at, ok := clockTime(v)
		if !ok {
			return nil, "checkin.form.time.wrong"
		}
		return []Answer{{Kind: "valueTime", Value: at.Format(time.TimeOnly)}}, ""
	case "url":
		u, err := url.Parse(v)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
			return nil, "checkin.form.url"
		}
		return []Answer{{Kind: "valueUri", Value: v}}, ""
	}
	return []Answer{{Kind: "valueString", Value: v}}, ""
}

// clockTime reads a time of the day in the ways that browsers send and people write
// it: 14:30, 14:30:00, 2:30 pm.
func clockTime(v string) (time.Time, bool) {
	v = strings.ToUpper(strings.NewReplacer(" ", "", ".", "", "\u00a0", "", "\u202f", "").Replace(v))
	for _, layout := range []string{"15:04", "15:04:05", "3:04PM", "3PM"} {
		if at, err := time.Parse(layout, v); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// moment reads a date with the time beside it, which can be left out.
func (it Item) moment(t Typed, zone *time.Location) ([]Answer, string) {
	out, wrong := it.day(t)
	clock := strings.TrimSpace(t.Get(it.Name + timeEnd))
	switch {
	case wrong != "" || len(out) == 0 && clock == "":
		return nil, wrong
	case len(out) == 0:
		return nil, "checkin.form.date"
	}
	out[0].Kind = "valueDateTime"
	if clock == "" {
		return out, ""
	}
	at, ok := clockTime(clock)
	if !ok {
		return nil, "checkin.form.time.wrong"
	}
	if zone == nil {
		zone = time.UTC
	}
	d, _ := time.Parse(time.DateOnly, out[0].Value) // just written so
	out[0].Value = time.Date(d.Year(), d.Month(), d.Day(), at.Hour(), at.Minute(), at.Second(), 0, zone).Format(time.RFC3339)
	return out, ""
}

// amount reads a number with its unit.
func (it Item) amount(t Typed) ([]Answer, string) {
	v, unit := strings.Replace(strings.TrimSpace(t.Get(it.Name)), ",", ".", 1), strings.TrimSpace(t.Get(it.Name+unitEnd))
	switch {
	case v == "":
		return nil, ""
	case !decimal.MatchString(v):
		return nil, "checkin.form.decimal"
	}
	a := Answer{Kind: "valueQuantity", Value: plainNumber(v)}
	switch {
	case len(it.Units) == 0 && utf8.RuneCountInString(unit) > mostUnit:
		return nil, "checkin.form.unit"
	case len(it.Units) == 0:
		a.Unit = Words{lang.En: unit}
	case len(it.Units) == 1:
		a.Code, a.Unit = it.Units[0].Code, it.Units[0].Words
	default:
		n, err := strconv.Atoi(unit)
		if err != nil || n < 1 || n > len(it.Units) {
			return nil, "checkin.form.unit"
		}
		a.Code, a.Unit = it.Units[n-1].Code, it.Units[n-1].Words
	}
	return []Answer{a}, ""
}

// plainNumber writes a decimal as JSON does, keeping its digits.
func plainNumber(v string) string {
	v = strings.TrimPrefix(v, "+")
	sign := ""
	if strings.HasPrefix(v, "-") {
		sign, v = "-", v[1:]
	}
	if r, ok := new(big.Rat).SetString(v); ok && r.Sign() == 0 {
		sign = ""
	}
	v = strings.TrimLeft(v, "0")
	if v == "" || v[0] == '.' {
		v = "0" + v
	}
	return sign + v
}

func (it Item) day(t Typed) ([]Answer, string) {
	y, m, d := t.Get(it.Name+yearEnd), t.Get(it.Name+monthEnd), t.Get(it.Name+dayEnd)
	if y+m+d == "" {
		return nil, ""
	}
	at, err := time.Parse("2006-1-2", y+"-"+strings.TrimLeft(m, "0")+"-"+strings.TrimLeft(d, "0"))
	if err != nil || at.Year() < 1850 || at.Year() > 2200 {
		return nil, "checkin.form.date"
	}
	return []Answer{{Kind: "valueDate", Value: at.Format("2006-01-02")}}, ""
}

func (it Item) chosen(t Typed) (out []Answer, wrong string) {
	for _, v := range t[it.Name] {
		if it.Type == "open-choice" && v == other {
			continue
		}
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > len(it.Options) {
			return nil, "checkin.form.choose"
		}
		o := it.Options[n-1]
		out = append(out, Answer{Kind: o.Kind, Value: o.Value, Code: o.Code, At: n})
	}
	if words := strings.TrimSpace(t.Get(it.Name + otherEnd)); it.Type == "open-choice" && words != "" {
		if utf8.RuneCountInString(words) > it.most() {
			return nil, "checkin.long"
		}
		out = append(out, Answer{Kind: "valueString", Value: words})
	}
	if !it.Repeats && len(out) > 1 {
		return nil, "checkin.form.one"
	}
	return out, ""
}
