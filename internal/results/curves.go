package results

import (
	"cmp"
	"slices"
	"strconv"

	"portico/internal/record"
	"portico/internal/ucum"
)

// lines sorts marks into curves. Few kinds of units occur in one test, so each is
// compared with the others once.
type lines struct {
	out   []Curve
	parts []string // of each curve
	known map[kind]line
}

// kind is what marks of one line have in common, before units are compared.
type kind struct{ part, unit string }

// line tells where marks of a kind go.
type line struct {
	curve   int
	convert bool // from the kind's unit to the curve's
}

// curves sorts values that can be drawn by part and unit, in the order in which
// they first occur: the newest first. Units that mean the same, or that convert
// exactly, share a line; the unit is the newest value's.
func curves(marks []record.Mark) []Curve {
	l := lines{known: map[kind]line{}}
	for i := range marks {
		l.add(&marks[i], len(marks)-i)
	}
	return l.out
}

// add draws a mark; left is how many may follow it on its line.
func (l *lines) add(m *record.Mark, left int) {
	v, err := strconv.ParseFloat(m.Number, 64)
	if err != nil {
		return
	}
	k := kind{cmp.Or(m.Code, m.Title), unitKey(m.UnitCode, m.Unit)}
	at, ok := l.known[k]
	if !ok {
		at = l.place(k, m)
		l.known[k] = at
	}
	c := &l.out[at.curve]
	d := Drawn{ID: m.ID, At: m.At, Value: v, Label: m.Number, Comparator: m.Comparator, Abnormal: m.Abnormal}
	if at.convert {
		text, ok := ucum.Convert(m.Number, k.unit, c.Code)
		if d.Value, err = strconv.ParseFloat(text, 64); err != nil || !ok {
			return
		}
		d.Label = text
	}
	if c.Points == nil {
		c.Points = make([]Drawn, 0, left)
	}
	c.Points = append(c.Points, d)
}

// place finds the line for marks of a kind, or begins one.
func (l *lines) place(k kind, m *record.Mark) line {
	for i := range l.out {
		c := &l.out[i]
		switch {
		case l.parts[i] != k.part:
		case c.Code == k.unit || ucum.Same(c.Code, k.unit):
			return line{curve: i}
		case converts(k.unit, c.Code):
			if !slices.Contains(c.From, k.unit) {
				c.From = append(c.From, k.unit)
			}
			return line{curve: i, convert: true}
		}
	}
	l.out = append(l.out, Curve{Title: m.Title, Unit: m.Unit, Code: k.unit})
	l.parts = append(l.parts, k.part)
	return line{curve: len(l.out) - 1}
}

func converts(from, to string) bool {
	_, ok := ucum.Convert("1", from, to)
	return ok
}

// unitKey tells units apart: by their code, else as they were sent.
func unitKey(code, unit string) string { return cmp.Or(code, unit) }

// spoken is a unit in words, "" for one that package ucum does not know.
func spoken(code, lang string) string {
	if _, err := ucum.Parse(code); err != nil {
		return ""
	}
	_, words := ucum.Words(code, lang)
	return words
}
