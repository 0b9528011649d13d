package sharing

import (
	"strings"

	"portico/internal/ccda"
)

// teller writes the narrative of a clinical document line by line.
type teller struct{ strings.Builder }

func (t *teller) say(text string) {
	if text != "" {
		t.WriteString(text + "\n")
	}
}

func (t *teller) section(s ccda.Section) {
	t.WriteString("\n")
	t.say(s.Title)
	t.blocks(s.Text.Blocks, "")
	for _, note := range s.Text.Notes {
		t.say("* " + ccda.Words(note))
	}
	for _, in := range s.Sections {
		t.section(in)
	}
}

func (t *teller) blocks(all []ccda.Block, before string) {
	for _, b := range all {
		switch b := b.(type) {
		case ccda.Paragraph:
			t.say(joined(": ", ccda.Words(b.Caption), before+ccda.Words(b.Text)))
		case ccda.Picture:
			t.say(ccda.Words(b.Caption))
		case ccda.List:
			t.say(ccda.Words(b.Caption))
			for _, i := range b.Items {
				t.say(ccda.Words(i.Caption))
				t.blocks(i.Blocks, "- ")
			}
		case ccda.Table:
			t.table(b)
		}
	}
}

// table writes a row to a line, each cell behind the heading of its column where
// the table has one row of headings.
func (t *teller) table(b ccda.Table) {
	t.say(ccda.Words(b.Caption))
	var heads []string
	if len(b.Head) == 1 {
		heads = cellsOf(b.Head[0])
	} else {
		for _, r := range b.Head {
			t.say(joined(" | ", cellsOf(r)...))
		}
	}
	for _, r := range b.Rows {
		cells := cellsOf(r)
		if len(cells) == len(heads) {
			for i, c := range cells {
				if c != "" {
					cells[i] = joined(": ", heads[i], c)
				}
			}
		}
		t.say(joined("; ", cells...))
	}
}

func cellsOf(r ccda.Row) []string {
	var out []string
	for _, c := range r {
		out = append(out, c.Words())
	}
	return out
}
