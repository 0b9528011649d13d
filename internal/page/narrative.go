package page

import (
	"strconv"

	"golang.org/x/text/language"

	"portico/internal/ccda"
)

// NarrativeSpec says which sections of a clinical document to show, and how.
type NarrativeSpec struct {
	ID       string         // begins every id on the page: "doc"
	Level    int            // of the sections' headings, 2 to 6; sections within go one deeper
	Language string         // of the document: "en-US"; "" if it does not say
	Sections []ccda.Section // what they hold is never taken for HTML

	// Picture gives the portal's own address for a picture in the document, ""
	// if it cannot be shown. Without it no picture is.
	Picture func(*ccda.File) string
}

// narrative is a place in the document: what it is called on the page and how
// deep it is.
type narrative struct {
	NarrativeSpec
	home  string // id of the section
	inner bool   // within a table, where nothing scrolls by itself
}

func (n narrative) in(kind string, i int) narrative {
	n.ID += "-" + kind + strconv.Itoa(i+1)
	return n
}

// below is the place of the sections within a section.
func (n narrative) below() narrative {
	n.Level = min(n.Level+1, 6)
	return n
}

func (n narrative) section(i int) narrative {
	n = n.in("s", i)
	n.home = n.ID
	return n
}

// note is the id of a footnote, which are counted by section.
func (n narrative) note(i int) string { return n.home + "-n" + strconv.Itoa(i) }

// within is the place of what stands in a table.
func (n narrative) within() narrative {
	n.inner = true
	return n
}

func (n narrative) picture(p ccda.Picture) string {
	if p.File == nil || n.Picture == nil {
		return ""
	}
	return n.Picture(p.File)
}

// silent tells whether a section has nothing to show at all.
func silent(s ccda.Section) bool { return s.Text.Empty() && len(s.Sections) == 0 }

// heads are the rows that name the columns. Some programs write them as the
// first row of the body.
func heads(t ccda.Table) (head, body []ccda.Row) {
	if len(t.Head) > 0 || len(t.Rows) < 2 {
		return t.Head, t.Rows
	}
	for _, c := range t.Rows[0] {
		if !c.Header {
			return nil, t.Rows
		}
	}
	return t.Rows[:1], t.Rows[1:]
}

// single is the text of a cell or item that is nothing but text.
func single(blocks []ccda.Block) ([]ccda.Inline, bool) {
	if len(blocks) != 1 {
		return nil, false
	}
	p, ok := blocks[0].(ccda.Paragraph)
	return p.Text, ok && len(p.Caption) == 0
}

// languageTag is the language a document says it is in, if browsers know it.
func languageTag(said string) string {
	tag, err := language.Parse(said)
	if err != nil || tag == language.Und {
		return ""
	}
	return tag.String()
}

// narrativeCellSpec is a cell, what it would head, and its section.
type narrativeCellSpec struct {
	ccda.Cell
	scope, title string
}

// heads tells whether the cell is drawn as a head. An empty one heads nothing.
func (c narrativeCellSpec) heads() bool {
	return (c.Header || c.scope == "col") && len(c.Blocks) > 0
}
