package page

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"portico/internal/lang"
)

// tick is a line across the chart with its number.
type tick struct {
	value, y float64
	text     string
}

// niceTicks gives about n round numbers between lo and hi.
func niceTicks(lo, hi float64, n int) []tick {
	raw := (hi - lo) / float64(n)
	size := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * size
	for _, m := range []float64{1, 2, 2.5, 5} {
		if m*size >= raw*.999 {
			step = m * size
			break
		}
	}
	decimals := 0
	for d := step; decimals < 12 && math.Abs(d-math.Round(d)) > d*1e-6; decimals++ {
		d *= 10
	}
	var out []tick
	first := math.Ceil(lo/step - 1e-9)
	for i := 0.0; i < 12; i++ {
		v := (first + i) * step
		if v > hi+step*1e-9 {
			break
		}
		out = append(out, tick{value: v, text: tickText(v, decimals)})
	}
	return out
}

// tickText writes a number of the axis. Numbers nobody reads at a glance are
// written as a power of ten.
func tickText(v float64, decimals int) string {
	if a := math.Abs(v); v == 0 && decimals > 4 {
		return "0"
	} else if a >= 1e7 || decimals > 4 {
		m, e, _ := strings.Cut(strconv.FormatFloat(v, 'e', 1, 64), "e")
		power, _ := strconv.Atoi(e)
		return strings.Replace(strings.TrimSuffix(m, ".0"), "-", "−", 1) + "×10" + raised.Replace(strconv.Itoa(power))
	}
	whole, part, _ := strings.Cut(strconv.FormatFloat(math.Abs(v), 'f', decimals, 64), ".")
	for i := len(whole) - 3; i > 0 && len(whole) > 3; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if part != "" {
		whole += "." + part
	}
	if v < 0 && strings.Trim(whole, "0.") != "" {
		return "−" + whole
	}
	return whole
}

var raised = strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹")

// dayTick is a moment under the axis: a short text and, where it changes, the
// year or the day it belongs to.
type dayTick struct {
	x, line     float64 // of the text; of the small line above it
	text, under string
	anchor      string
}

// step is a distance between two moments of the axis.
type step struct {
	years, months, days, hours int
}

// steps from fine to coarse; each is at most five times the one before.
var steps = []step{
	{hours: 1}, {hours: 3}, {hours: 6}, {hours: 12}, {days: 1}, {days: 2}, {days: 5}, {days: 10},
	{months: 1}, {months: 2}, {months: 3}, {months: 6}, {years: 1}, {years: 2}, {years: 5}, {years: 10}, {years: 20}, {years: 50},
	{years: 100}, {years: 500}, {years: 1000}, {years: 5000},
}

// floor is the last round moment at or before t.
func (d step) floor(t time.Time) time.Time {
	y, m, day := t.Date()
	switch {
	case d.hours > 0:
		return time.Date(y, m, day, t.Hour()-t.Hour()%d.hours, 0, 0, 0, t.Location())
	case d.days > 0:
		return time.Date(y, m, 1+(day-1)/d.days*d.days, 0, 0, 0, 0, t.Location())
	case d.months > 0:
		return time.Date(y, m-(m-1)%time.Month(d.months), 1, 0, 0, 0, 0, t.Location())
	}
	return time.Date(y-y%d.years, 1, 1, 0, 0, 0, 0, t.Location())
}

func (d step) next(t time.Time) time.Time {
	switch {
	case d.hours > 0:
		// By the clock on the wall, so that midnight stays midnight when it changes.
		return time.Date(t.Year(), t.Month(), t.Day(), t.Hour()+d.hours, 0, 0, 0, t.Location())
	case d.days > 0:
		n := t.AddDate(0, 0, d.days)
		// A month begins anew: 1, 11, 21, and not the 31st beside the 1st.
		if n.Month() != t.Month() || d.days > 1 && n.Day()+d.days/2 > daysIn(n) {
			return time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, t.Location())
		}
		return n
	}
	return t.AddDate(d.years, d.months, 0)
}

func daysIn(t time.Time) int {
	return time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// between gives the round moments from a to b, at most n and one more.
func (d step) between(a, b time.Time, n int) []time.Time {
	var out []time.Time
	for t := d.floor(a); !t.After(b) && len(out) <= n; {
		if !t.Before(a) {
			out = append(out, t)
		}
		then := d.next(t)
		if !then.After(t) {
			break
		}
		t = then
	}
	return out
}

func (d step) label(l lang.Lang, t time.Time) (text, under string) {
	switch {
	case d.hours > 0:
		return strings.Replace(l.Hour(t), ":00", "", 1), shortDay(l, t)
	case d.days > 0:
		return shortDay(l, t), strconv.Itoa(t.Year())
	case d.months > 0:
		return shortMonth(l, t), strconv.Itoa(t.Year())
	}
	return strconv.Itoa(t.Year()), ""
}

// shortMonth: in both languages the first three letters are the usual short form.
func shortMonth(l lang.Lang, t time.Time) string { return l.Month(t.Month())[:3] }

func shortDay(l lang.Lang, t time.Time) string {
	if l == lang.Es {
		return fmt.Sprintf("%d %s", t.Day(), shortMonth(l, t))
	}
	return fmt.Sprintf("%s %d", shortMonth(l, t), t.Day())
}

// dayTicks chooses the finest step whose words fit under the axis; when no two
// round moments fit, the first and the last day stand at the ends.
func (s Shell) dayTicks(k scale, p plot) []dayTick {
	if k.from > k.to {
		return nil
	}
	a, b := s.local(time.UnixMilli(k.from)), s.local(time.UnixMilli(k.to))
	most := int(k.span / 74)
	for _, d := range steps {
		moments := d.between(a, b, most)
		if len(moments) > most {
			continue
		}
		if len(moments) < 2 {
			break
		}
		return tickRow(s.Lang, d, moments, k, p)
	}
	return s.endTicks(a, b, k, p)
}

func tickRow(l lang.Lang, d step, moments []time.Time, k scale, p plot) []dayTick {
	var out []dayTick
	before := ""
	for _, m := range moments {
		text, under := d.label(l, m)
		t := dayTick{line: k.x(m), text: text, under: under, anchor: "middle"}
		if under == before {
			t.under = ""
		}
		before = under
		half := max(textWidth(t.text), textWidth(t.under)) / 2
		t.x = clamp(t.line, half, p.w-half)
		out = append(out, t)
	}
	return out
}

func (s Shell) endTicks(a, b time.Time, k scale, p plot) []dayTick {
	one := func(t time.Time) dayTick {
		return dayTick{x: k.x(t), line: k.x(t), text: shortDay(s.Lang, t), under: strconv.Itoa(t.Year()), anchor: "middle"}
	}
	first, last := one(a), one(b)
	if first.text == last.text && first.under == last.under {
		// One day: say it once, in the middle.
		first.x = p.left + (p.right-p.left)/2
		return []dayTick{first}
	}
	return []dayTick{first, last}
}
