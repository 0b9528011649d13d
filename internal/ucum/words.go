package ucum

import (
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Words names a unit in a language ("es", anything else is English): short as it
// stands beside a number ("mg/dL", "10³/µL", "points"), spoken as it is read
// aloud ("milligrams per deciliter"). A unit that is not known is given back as
// it came; one that says there is no unit ("1", "{ratio}") gives two empty texts.
func Words(code, lang string) (short, spoken string) {
	ask := asked{code, lang == "es"}
	if a, ok := known.Load(ask); ok {
		return a.(answer).short, a.(answer).spoken
	}
	u, err := Parse(code)
	if err != nil {
		return code, code
	}
	w := words{ask.es}
	a := answer{w.short(u.parts), w.spoken(u.parts)}
	if len(code) <= longest && knownCount.Add(1) <= mostKnown {
		known.Store(asked{strings.Clone(code), ask.es}, a)
	}
	return a.short, a.spoken
}

// A clinic's results name some dozen units, each many times on one page, so their
// words are kept. Files say which, therefore not without end.
const mostKnown = 2000

var (
	known      sync.Map // asked to answer
	knownCount atomic.Int64
)

type asked struct {
	code string
	es   bool
}

type answer struct{ short, spoken string }

type words struct{ es bool }

func (w words) name(en, es name) name {
	if w.es {
		return es
	}
	return en
}

func (w words) say(en, es string) string {
	if w.es {
		return es
	}
	return en
}

// short writes symbols: those above the line, then a stroke before each below it.
func (w words) short(parts []part) string {
	var out strings.Builder
	held := "" // a number below the line belongs to what follows: m/6 min
	for i, p := range parts {
		t := w.symbol(p)
		switch {
		case p.power < 0 && p.number != "" && p.note == "":
			held = t + " "
			continue
		case p.power < 0 && i == 0:
			// Nothing above the line: "per minute" reads better than a stroke.
			out.WriteString(w.say("per ", "por ") + w.below(p))
			continue
		case p.power < 0:
			out.WriteString("/" + held)
			held = ""
		case i > 0 && out.Len() > 0:
			out.WriteString("·")
		}
		out.WriteString(t)
	}
	return strings.TrimPrefix(out.String(), "/")
}

var powers = strings.NewReplacer("-", "⁻", "+", "", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹")

func (w words) symbol(p part) string {
	t := ""
	switch {
	case p.number == "1":
	case len(p.number) > 3 && p.number[:2] == "10":
		t = "10" + powers.Replace(p.number[3:])
	case p.number != "":
		t = p.number
	case p.atom != "":
		t = p.prefix
		if s := prefixes[p.prefix].plainShort; s != "" {
			t = s
		}
		if s := atoms[p.atom].short; s != "" {
			t += s
		} else {
			t += p.atom
		}
		if n := max(p.power, -p.power); n > 1 {
			t += powers.Replace(strconv.Itoa(n))
		}
	}
	if p.note == "1.73_m2" {
		return strings.TrimSpace(t + " 1.73 m²")
	}
	return strings.TrimSpace(t + " " + w.note(p, true))
}

func (w words) note(p part, many bool) string {
	n, ok := notes[p.note]
	if !ok {
		return strings.ReplaceAll(p.note, "_", " ")
	}
	if many {
		return w.name(n.en, n.es).many
	}
	return w.name(n.en, n.es).one
}

func (w words) spoken(parts []part) string {
	var above, below []string
	held := ""
	for _, p := range parts {
		switch {
		case p.power > 0:
			if t := w.above(p); t != "" {
				above = append(above, t)
			}
		case p.number != "" && p.note == "":
			held = w.above(part{number: p.number, power: 1}) + " "
		case held != "":
			p.power = -p.power
			below = append(below, w.say("per ", "por ")+held+w.above(p))
			held = ""
		default:
			below = append(below, w.say("per ", "por ")+w.below(p))
		}
	}
	if held != "" {
		below = append(below, w.say("per ", "por ")+strings.TrimSpace(held))
	}
	return strings.Join(append(above, below...), " ")
}

// above says a part in the plural, below in the singular.
func (w words) above(p part) string { return w.part(p, true) }

func (w words) below(p part) string { return w.part(p, p.number != "") }

func (w words) part(p part, many bool) string {
	t := ""
	switch {
	case p.number != "":
		t = w.number(p.number)
	case p.atom != "":
		t = w.unit(p, many)
	}
	return strings.TrimSpace(t + " " + w.note(p, many))
}

func (w words) unit(p part, many bool) string {
	a := atoms[p.atom]
	n := w.name(a.en, a.es)
	t := n.one
	if many {
		t = n.many
	}
	before := w.say(prefixes[p.prefix].en, prefixes[p.prefix].es)
	if w.es && strings.HasPrefix(t, "metro") {
		before = stressed.Replace(before + ".")
	}
	t = strings.TrimSuffix(before, ".") + t
	switch max(p.power, -p.power) {
	case 1:
		return t
	case 2:
		return w.raised("square ", t, " cuadrado", many)
	case 3:
		return w.raised("cubic ", t, " cúbico", many)
	}
	return t + w.say(" to the power ", " a la ") + strconv.Itoa(max(p.power, -p.power))
}

// stressed: a prefix of metro takes the stress, milímetro and kilómetro.
var stressed = strings.NewReplacer("i.", "í.", "o.", "ó.", "a.", "á.")

func (w words) raised(before, t, after string, many bool) string {
	if !w.es {
		return before + t
	}
	if many {
		after += "s"
	}
	return t + after
}

func (w words) number(s string) string {
	if s == "1" {
		return ""
	}
	if len(s) <= 3 || s[:2] != "10" {
		return s
	}
	switch strings.TrimPrefix(s[3:], "+") {
	case "3":
		return w.say("thousand", "mil")
	case "6":
		return w.say("million", "millones")
	case "9":
		return w.say("billion", "mil millones")
	case "12":
		return w.say("trillion", "billones")
	}
	return w.say("10 to the power ", "10 a la ") + s[3:]
}
