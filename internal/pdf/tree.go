package pdf

// Tag is a standard structure type (ISO 32000-1, 14.8.4).
type Tag string

const (
	Document Tag = "Document"
	Sect     Tag = "Sect" // a part of its own, e.g. one language
	H1       Tag = "H1"
	H2       Tag = "H2"
	H3       Tag = "H3"
	P        Tag = "P"
	L        Tag = "L"  // a list; holds LI
	LI       Tag = "LI" // an entry; holds Lbl and LBody
	Lbl      Tag = "Lbl"
	LBody    Tag = "LBody"
	Figure   Tag = "Figure"
	Link     Tag = "Link"
	Span     Tag = "Span"
	TableTag Tag = "Table" // holds THead and TBody; see Doc.Rows
	THead    Tag = "THead"
	TBody    Tag = "TBody"
	TR       Tag = "TR"
	TH       Tag = "TH" // the head of a column
	TD       Tag = "TD"
)

// node is an element of the structure tree. Its object number is known only
// when the file is put together.
type node struct {
	tag    Tag
	lang   string // "" inherits
	alt    string
	box    *Box // of a Figure, in page units
	parent *node
	kids   []kid
	page   int // first page it has content on, 1-based; 0 for none
	object int
}

// kid is one child of a node: another node, marked content, or an annotation.
type kid struct {
	node *node
	mcid int // marked content, if node is nil and note is nil
	note *note
	page int
}

// note is a link annotation.
type note struct {
	owner  *node
	page   int
	box    Box
	url    string
	text   string // what the link says, for readers that list links
	object int
}

// Box is a rectangle: left, top, width, height, in points.
type Box struct{ X, Y, W, H float64 }

// Open starts an element inside the one that is open. lang is a BCP 47 tag, ""
// for the language around it. Every Open needs its Close.
func (d *Doc) Open(t Tag, lang string) {
	n := &node{tag: t, lang: lang, parent: d.at}
	d.at.kids = append(d.at.kids, kid{node: n})
	d.at = n
}

// Close ends the element opened last.
func (d *Doc) Close() {
	if d.at.parent == nil {
		d.fail("Close without Open")
		return
	}
	d.at = d.at.parent
}

// In draws the content of one element: Open, draw, Close.
func (d *Doc) In(t Tag, lang string, draw func()) {
	d.Open(t, lang)
	draw()
	d.Close()
}

// mark puts what draw draws into the open element, as marked content.
func (d *Doc) mark(draw func()) {
	page := d.f.PageNo()
	id := len(d.marks[page-1])
	d.marks[page-1] = append(d.marks[page-1], d.at)
	d.at.kids = append(d.at.kids, kid{mcid: id, page: page})
	for n := d.at; n != nil && n.page == 0; n = n.parent {
		n.page = page
	}
	d.f.RawWriteStr("/" + string(d.at.tag) + " <</MCID " + itoa(id) + ">> BDC")
	draw()
	d.f.RawWriteStr("EMC")
}

// Decoration draws what carries no meaning (a rule, a fold mark, a box): it is
// not read aloud.
func (d *Doc) Decoration(draw func(Pen)) {
	d.f.RawWriteStr("/Artifact BMC")
	draw(Pen{d.f})
	d.f.RawWriteStr("EMC")
}
