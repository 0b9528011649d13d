package results

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"portico/internal/fhir"
	"portico/internal/page"
	"portico/internal/record"
)

// block is one table of a report: the values that stand by themselves, or what
// belongs to one member, such as the medicines tried on an organism.
type block struct {
	head *Line
	rows [][]page.Cell
}

// blocks sorts the members of a report into tables. A member that has members,
// or more parts than a value has, gets a table of its own.
func blocks(s page.Shell, lines []Line) []block {
	main := block{}
	var heads []block
	for i := range lines {
		l := &lines[i]
		below := i+1 < len(lines) && lines[i+1].Depth > l.Depth
		switch {
		case below || l.beside():
			b := block{head: l}
			for _, m := range l.Parts {
				b.rows = append(b.rows, partRow(s, m))
			}
			heads = append(heads, b)
		case len(heads) > 0 && l.Depth > heads[len(heads)-1].head.Depth:
			b := &heads[len(heads)-1]
			b.rows = append(b.rows, lineRows(s, *l)...)
		default:
			main.rows = append(main.rows, lineRows(s, *l)...)
		}
	}
	if len(main.rows) == 0 {
		return heads
	}
	return append([]block{main}, heads...)
}

// mostTogether is how many parts are read as one value: package record writes as
// many in one.
const mostTogether = 4

// beside tells whether the line has parts that its value does not already say: the
// medicines tried on an organism, however few, unlike the two numbers of 120/80.
func (l Line) beside() bool {
	return len(l.Parts) > mostTogether || l.Value != "" && slices.ContainsFunc(l.Parts, func(m record.Measure) bool { return !strings.Contains(l.Value, m.Value) })
}

// lineRows is a member as a row, and below it its parts where they are not
// already in its value.
func lineRows(s page.Shell, l Line) [][]page.Cell {
	rng := ""
	if !l.Shut() {
		rng = cmp.Or(rangeOf(s, l.Measure), s.T("results.range.none"))
	}
	rows := [][]page.Cell{{{Text: name(s, l.Row), Lang: tongue(s, name(s, l.Row), l.Title), Href: "/results/" + string(l.ID)}, {Part: itemValue(s, old(l.Item))}, {Text: rng}}}
	if l.Value == "" {
		for _, m := range l.Parts {
			rows = append(rows, partRow(s, m))
		}
	}
	return rows
}

// old is an item without its mark as new: on the page of its report it is not
// news any more.
func old(i Item) Item {
	i.New = false
	return i
}

func (b block) table(s page.Shell, n int) page.TableSpec {
	return page.TableSpec{ID: "members-" + strconv.Itoa(n), Caption: s.T("results.values"), HideCaption: true, Rows: b.rows,
		Columns: []page.Column{{Text: s.T("results.part")}, {Text: s.T("results.value")}, {Text: s.T("results.range")}}}
}

// ending writes the end of a time span.
func ending(s page.Shell, text string) string {
	if text == "" {
		return ""
	}
	return s.When(fhir.At(text))
}
