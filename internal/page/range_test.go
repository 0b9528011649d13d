package page

import (
	"math"
	"strings"
	"testing"

	"portico/internal/lang"
)

func glucose(v float64, comparator string) RangeSpec {
	return RangeSpec{ID: "r", Value: v, Comparator: comparator, Text: "it", Low: ptr(70), High: ptr(99), LowText: "70", HighText: "99"}
}

func TestWhereAValueStands(t *testing.T) {
	upTo, from := RangeSpec{Value: 199, High: ptr(200)}, RangeSpec{Value: 39, Low: ptr(40)}
	lessUpTo, lessFrom := upTo, from
	lessUpTo.Comparator, lessFrom.Comparator = "<", "<"
	for _, c := range []struct {
		r      RangeSpec
		want   side
		x      float64
		points int
	}{
		{glucose(70, ""), within, 25, 0}, {glucose(99, ""), within, 75, 0}, {glucose(84.5, ""), within, 50, 0},
		{glucose(69, ""), below, 23.28, 0}, {glucose(100, ""), above, 76.72, 0},
		{glucose(400, ""), above, 97, 1}, {glucose(1, ""), below, 3, -1},
		{glucose(20, "<"), below, 3, -1}, {glucose(70, "<"), below, 25, -1}, {glucose(70, "<="), unknown, 25, -1}, {glucose(90, "<"), unknown, 59.48, -1},
		{glucose(99, ">"), above, 75, 1}, {glucose(80, ">="), unknown, 42.24, 1}, {glucose(200, "<"), unknown, 97, -1},
		{upTo, within, 65.67, 0}, {lessUpTo, within, 65.67, -1}, {from, below, 33.15, 0}, {lessFrom, below, 33.15, -1},
		{RangeSpec{Value: 3, High: ptr(0)}, above, 97, 1}, {RangeSpec{Value: 0, Low: ptr(0)}, within, 34, 0},
		{RangeSpec{Value: -4, Low: ptr(-5), High: ptr(-1)}, within, 37.5, 0},
	} {
		x, points := c.r.place()
		if got := c.r.side(); got != c.want || math.Abs(x-c.x) > .01 || points != c.points {
			t.Errorf("%s%g: side %d at %.2f pointing %d, want %d at %.2f pointing %d", c.r.Comparator, c.r.Value, got, x, points, c.want, c.x, c.points)
		}
	}
}

func TestNoBarWithoutARange(t *testing.T) {
	for name, r := range map[string]RangeSpec{
		"no limits":         {ID: "r", Value: 3},
		"the wrong way":     {ID: "r", Value: 3, Low: ptr(9), High: ptr(2)},
		"no width":          {ID: "r", Value: 3, Low: ptr(2), High: ptr(2)},
		"no number":         {ID: "r", Value: math.NaN(), Low: ptr(2)},
		"limit no number":   {ID: "r", Value: 3, Low: ptr(math.NaN()), High: ptr(4)},
		"limit without end": {ID: "r", Value: 3, High: ptr(math.Inf(1))},
	} {
		if text, _ := draw(t, RangeBar(testShell(lang.En), r)); strings.Contains(text, "svg") {
			t.Errorf("%s: a bar is drawn", name)
		}
	}
}

func TestRangeBarInWords(t *testing.T) {
	s := testShell(lang.En)
	low, high := glucose(0, ""), glucose(0, "")
	low.High, high.Low = nil, nil
	for _, c := range []struct {
		r              RangeSpec
		sentence, show string
	}{
		{glucose(120, ""), "it is above the range: 70 – 99.", "7099LowIn rangeHigh"},
		{glucose(60, ""), "it is below the range: 70 – 99.", "7099LowIn rangeHigh"},
		{glucose(90, "<"), "The value is it. The range is 70 – 99.", "7099LowIn rangeHigh"},
		{low, "it is below the range: 70 and up.", "70LowIn range"},
		{high, "it is in the range: up to 99.", "99In rangeHigh"},
	} {
		_, doc := draw(t, in(s, RangeBar(s, c.r)))
		checkPage(t, doc)
		if got := words(byClass(doc, "vh")[0]); !strings.Contains(words(doc), c.sentence) {
			t.Errorf("it says %q, want %q", got, c.sentence)
		}
		shown := ""
		for _, n := range byClass(doc, "range-words") {
			shown += strings.Join(strings.Fields(words(n)), " ")
		}
		if strings.ReplaceAll(shown, " ", "") != strings.ReplaceAll(c.show, " ", "") {
			t.Errorf("it shows %q, want %q", shown, c.show)
		}
	}
}
