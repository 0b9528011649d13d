package sharing

import (
	"bufio"
	"context"
	"io"
	"strings"
	"unicode/utf8"
)

// wide is how many characters a line of a plain text has at most: what every
// editor, printer and terminal shows.
const wide = 80

// text writes the copy as plain text in UTF-8.
func (m *making) text(ctx context.Context, to io.Writer) error {
	out := &lines{w: bufio.NewWriter(to)}
	out.heading(m.t("sharing.title"), "=")
	for _, f := range m.facts() {
		out.para(f.Label+": "+f.Text, "    ")
	}
	out.blank()
	for _, r := range m.remarks() {
		out.para(r, "")
	}
	err := m.chapters(ctx, func(c chapter) error {
		out.blank()
		out.heading(c.Title, "-")
		if len(c.Rows) == 0 {
			out.para(m.t("sharing.empty"), "")
		}
		for _, r := range c.Rows {
			out.entry(c.Columns, r)
		}
		return m.papers(ctx, c.Items, func(p paper) { out.paper(m, p) })
	})
	if err != nil {
		return err
	}
	out.blank()
	for _, gap := range m.missing(m.gaps) {
		out.para(gap, "")
	}
	out.para(m.t("sharing.end"), "")
	return out.w.Flush()
}

// lines writes wrapped lines. Errors show at Flush.
type lines struct{ w *bufio.Writer }

func (l *lines) blank() { l.w.WriteString("\n") }

func (l *lines) heading(text, under string) {
	l.para(text, "")
	l.w.WriteString(strings.Repeat(under, min(wide, utf8.RuneCountInString(text))) + "\n\n")
}

// entry writes one row of a table: its first two cells, then a line for each
// further one that says something, with the column's heading.
func (l *lines) entry(columns []column, r line) {
	l.para(joined(": ", r.Cells[0], r.Cells[1]), "    ")
	for i := 2; i < len(r.Cells); i++ {
		if r.Cells[i] != "" {
			l.para("    "+columns[i].Title+": "+r.Cells[i], "        ")
		}
	}
}

// paper writes what a note or document says, and names its files.
func (l *lines) paper(m *making, p paper) {
	l.blank()
	l.heading(p.Title, ".")
	for _, text := range p.Texts {
		for _, row := range textLines(text) {
			l.para(row, "")
		}
	}
	for _, e := range p.Files {
		l.para(m.told("elsewhere", e), "    ")
	}
}

// para writes text broken into lines; those after the first begin with indent. A
// word longer than a line is cut.
func (l *lines) para(text, indent string) {
	start := text[:len(text)-len(strings.TrimLeft(text, " "))]
	row, used := start, utf8.RuneCountInString(start)
	flush := func() { l.w.WriteString(strings.TrimRight(row, " ") + "\n") }
	fresh := true
	for _, word := range strings.Fields(text) {
		for {
			n := utf8.RuneCountInString(word)
			gap := 1
			if fresh {
				gap = 0
			}
			if used+gap+n <= wide {
				row, used, fresh = row+strings.Repeat(" ", gap)+word, used+gap+n, false
				break
			}
			if fresh { // it fits on no line
				cut := []rune(word)[:wide-used]
				row, word = row+string(cut), string([]rune(word)[len(cut):])
			}
			flush()
			row, used, fresh = indent, len(indent), true
		}
	}
	flush()
}
