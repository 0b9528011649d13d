package ccda

import "strings"

// Narrative is what a section says to people, as a tree that can be drawn
// without trusting anything in it. Empty when there is nothing to read.
type Narrative struct {
	Blocks []Block
	Notes  [][]Inline // footnotes; Inline.Note counts them from 1
}

// Empty tells whether there is nothing to read.
func (n Narrative) Empty() bool { return len(n.Blocks) == 0 }

// Block is a Paragraph, List, Table or Picture.
type Block interface{ block() }

// Paragraph is text that stands by itself.
type Paragraph struct {
	Caption []Inline
	Text    []Inline
}

// List is a list of items.
type List struct {
	Caption []Inline
	Ordered bool
	Items   []Item
}

// Item is one item of a List. The text of most is one Paragraph.
type Item struct {
	Caption []Inline
	Blocks  []Block
}

// Table is a table. Rows of a foot come last.
type Table struct {
	Caption []Inline
	Head    []Row
	Rows    []Row
}

// Row is one row of a Table.
type Row []Cell

// Cell is one place of a Table.
type Cell struct {
	Header     bool
	Cols, Rows int // how many it takes, 1 to 100
	Blocks     []Block
}

// Picture is a picture the text refers to.
type Picture struct {
	Caption []Inline
	File    *File // nil if the document does not have it
}

func (Paragraph) block() {}
func (List) block()      {}
func (Table) block()     {}
func (Picture) block()   {}

// Inline is a run of text in one style, a line break, or the mark of a footnote.
type Inline struct {
	Text     string
	Strong   bool
	Emphasis bool
	Deleted  bool // struck by a revision; must be seen as such
	Sub, Sup bool
	Break    bool // a new line; Text is ""
	Note     int  // mark of this footnote; Text is "". 0 if none
}

// Words is the text of a run, without styles; a line break is a space.
func Words(run []Inline) string {
	var b strings.Builder
	writeRun(&b, run)
	return collapse(b.String())
}

// Words is the text of a cell on one line.
func (c Cell) Words() string {
	var b strings.Builder
	writeBlocks(&b, c.Blocks)
	return collapse(b.String())
}

func writeRun(b *strings.Builder, run []Inline) {
	for _, i := range run {
		if i.Break {
			b.WriteByte(' ')
		}
		b.WriteString(i.Text)
	}
	b.WriteByte(' ')
}

func writeBlocks(b *strings.Builder, blocks []Block) {
	for _, block := range blocks {
		switch block := block.(type) {
		case Paragraph:
			writeRun(b, block.Caption)
			writeRun(b, block.Text)
		case List:
			writeRun(b, block.Caption)
			for _, i := range block.Items {
				writeRun(b, i.Caption)
				writeBlocks(b, i.Blocks)
			}
		case Table:
			writeRun(b, block.Caption)
			writeRows(b, block.Head)
			writeRows(b, block.Rows)
		case Picture:
			writeRun(b, block.Caption)
		}
	}
}

func writeRows(b *strings.Builder, rows []Row) {
	for _, row := range rows {
		for _, c := range row {
			writeBlocks(b, c.Blocks)
		}
	}
}
