package ccda

import (
	"slices"
	"strconv"
	"strings"
)

// narrator turns the narrative of a section (CDA R2, 4.3.5.4) into blocks.
type narrator struct {
	pictures map[string]*File
	notes    map[string]int // number of each footnote by its ID
	text     Narrative
}

func narrate(n *node, pictures map[string]*File) Narrative {
	w := &narrator{pictures: pictures, notes: map[string]int{}}
	w.number(n)
	w.text.Notes = make([][]Inline, len(w.notes))
	w.text.Blocks = w.blocks(n)
	return w.text
}

// number counts the footnotes first: a text may refer to one that comes later.
func (w *narrator) number(n *node) {
	for _, k := range n.kids {
		if id := k.attr("ID"); k.name == "footnote" && id != "" && w.notes[id] == 0 {
			w.notes[id] = len(w.notes) + 1
		}
		w.number(k)
	}
}

// flow gathers blocks; text between them becomes paragraphs.
type flow struct {
	done []Block
	run  run
}

func (f *flow) add(b Block) {
	f.flush()
	f.done = append(f.done, b)
}

func (f *flow) flush() {
	if text := f.run.finish(); len(text) > 0 {
		f.done = append(f.done, Paragraph{Text: text})
	}
}

func (w *narrator) blocks(n *node) []Block {
	f := &flow{}
	w.children(f, n, Inline{})
	f.flush()
	return f.done
}

func (w *narrator) children(f *flow, n *node, style Inline) {
	for _, k := range n.kids {
		w.put(f, k, style)
	}
}

// put adds one element. What the standard does not know is gone through for its
// text, be it a script.
func (w *narrator) put(f *flow, n *node, style Inline) {
	switch n.name {
	case "":
		f.run.add(n.text, style)
	case "paragraph":
		w.paragraph(f, n, style)
	case "list":
		f.add(w.list(n))
	case "table":
		f.add(w.table(n))
	case "br":
		f.run.put(Inline{Break: true})
	case "renderMultiMedia":
		w.picture(f, n)
	case "footnote":
		w.footnote(f, n, style)
	case "footnoteRef":
		w.mark(f, n.attr("IDREF"))
	case "linkHtml":
		w.children(f, n, style)
		w.address(f, n, style)
	case "caption": // taken by what it belongs to
	default:
		w.styled(f, n, style)
	}
}

func (w *narrator) styled(f *flow, n *node, style Inline) {
	name := n.name[strings.IndexByte(n.name, ':')+1:]
	switch name {
	case "sub":
		style.Sub = true
	case "sup":
		style.Sup = true
	case "content":
		for _, code := range strings.Fields(n.attr("styleCode")) {
			style.Strong = style.Strong || strings.EqualFold(code, "Bold")
			style.Emphasis = style.Emphasis || strings.EqualFold(code, "Italics") || strings.EqualFold(code, "Emphasis") || strings.EqualFold(code, "Underline")
		}
		style.Deleted = style.Deleted || n.attr("revised") == "delete"
	}
	// Elements of HTML that do not belong here, but would run words together.
	apart := slices.Contains([]string{"p", "div", "li", "tr", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"}, name)
	if apart {
		f.flush()
	}
	w.children(f, n, style)
	if apart {
		f.flush()
	}
}

func (w *narrator) caption(n *node) []Inline {
	c := n.child("caption")
	if c.name == "" {
		return nil
	}
	return w.inline(c)
}

// inline is for captions and footnotes, which are one run of text: blocks within
// become lines.
func (w *narrator) inline(n *node) []Inline {
	var out []Inline
	for _, b := range w.blocks(n) {
		if len(out) > 0 {
			out = append(out, Inline{Break: true})
		}
		if p, ok := b.(Paragraph); ok && len(p.Caption) == 0 {
			out = append(out, p.Text...)
		} else {
			out = append(out, Inline{Text: Cell{Blocks: []Block{b}}.Words()})
		}
	}
	return out
}

func (w *narrator) paragraph(f *flow, n *node, style Inline) {
	f.flush()
	from := len(f.done)
	w.children(f, n, style)
	f.flush()
	caption := w.caption(n)
	if len(caption) == 0 {
		return
	}
	if len(f.done) > from {
		if p, ok := f.done[from].(Paragraph); ok {
			p.Caption = caption
			f.done[from] = p
			return
		}
	}
	f.done = slices.Insert(f.done, from, Block(Paragraph{Caption: caption}))
}

func (w *narrator) list(n *node) List {
	l := List{Caption: w.caption(n), Ordered: n.attr("listType") == "ordered"}
	for _, k := range n.kids {
		switch {
		case k.name == "item":
			l.Items = append(l.Items, Item{Caption: w.caption(k), Blocks: w.blocks(k)})
		case k.name != "caption" && k.words() != "": // must not be here, must not be lost
			l.Items = append(l.Items, Item{Blocks: w.blocks(&node{kids: []*node{k}})})
		}
	}
	return l
}

func (w *narrator) table(n *node) Table {
	t := Table{Caption: w.caption(n)}
	var foot []Row
	for _, k := range n.kids {
		switch k.name {
		case "thead":
			t.Head = append(t.Head, w.rows(k)...)
		case "tfoot": // comes before the body in HTML 4, of which this is made
			foot = append(foot, w.rows(k)...)
		case "tbody":
			t.Rows = append(t.Rows, w.rows(k)...)
		case "tr":
			t.Rows = append(t.Rows, w.row(k))
		case "caption", "col", "colgroup":
		default:
			if k.words() != "" {
				t.Rows = append(t.Rows, Row{{Cols: 1, Rows: 1, Blocks: w.blocks(&node{kids: []*node{k}})}})
			}
		}
	}
	t.Rows = append(t.Rows, foot...)
	return t
}

func (w *narrator) rows(n *node) []Row {
	var out []Row
	for _, k := range n.kids {
		if k.name == "tr" {
			out = append(out, w.row(k))
		} else if k.words() != "" {
			out = append(out, Row{{Cols: 1, Rows: 1, Blocks: w.blocks(&node{kids: []*node{k}})}})
		}
	}
	return out
}

func (w *narrator) row(n *node) Row {
	var out Row
	for _, k := range n.kids {
		if k.name == "" && strings.TrimSpace(k.text) == "" {
			continue
		}
		c := Cell{Header: k.name == "th", Cols: span(k.attr("colspan")), Rows: span(k.attr("rowspan"))}
		if k.name == "td" || k.name == "th" {
			c.Blocks = w.blocks(k)
		} else {
			c.Blocks = w.blocks(&node{kids: []*node{k}})
		}
		out = append(out, c)
	}
	return out
}

func span(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 1
	}
	return min(max(n, 1), maxSpan)
}

func (w *narrator) picture(f *flow, n *node) {
	caption := w.caption(n)
	ids := strings.Fields(n.attr("referencedObject"))
	if len(ids) == 0 {
		ids = []string{""}
	}
	for _, id := range ids[:min(len(ids), maxPictures)] {
		f.add(Picture{Caption: caption, File: w.pictures[id]})
		caption = nil
	}
}

func (w *narrator) footnote(f *flow, n *node, style Inline) {
	id := n.attr("ID")
	note := w.notes[id]
	if note == 0 || w.text.Notes[note-1] != nil { // without a name, or with another's: say it here
		f.run.add(" (", style)
		w.children(f, n, style)
		f.run.add(")", style)
		return
	}
	w.text.Notes[note-1] = []Inline{} // taken: a second one of this name is not this note
	w.text.Notes[note-1] = w.inline(n)
	w.mark(f, id)
}

func (w *narrator) mark(f *flow, id string) {
	if note := w.notes[id]; note > 0 {
		f.run.put(Inline{Note: note})
	}
}

// address writes where a link leads: on paper, and because it is not made a link
// here. An address within the document says nothing to people.
func (w *narrator) address(f *flow, n *node, style Inline) {
	href := clean(n.attr("href"))
	scheme, _, _ := strings.Cut(strings.ToLower(href), ":")
	if !slices.Contains([]string{"http", "https", "mailto", "tel"}, scheme) || len(href) > 200 || strings.Contains(n.words(), href) {
		return
	}
	f.run.add(" ("+href+")", style)
}

// run is text being gathered, white space collapsed over the bounds of styles.
type run struct {
	out   []Inline
	style Inline          // of what is in text
	text  strings.Builder // not yet in out, so that many small pieces cost no more than one
	space bool            // a space is due before the next word
}

func (r *run) add(text string, style Inline) {
	words := strings.Fields(text)
	if len(words) == 0 {
		r.space = r.space || text != ""
		return
	}
	due := r.space || strings.TrimLeft(text, " \t\r\n") != text
	r.space = strings.TrimRight(text, " \t\r\n") != text
	if style != r.style {
		r.settle()
		r.style = style
	}
	if due && !r.fresh() {
		r.text.WriteByte(' ')
	}
	for i, word := range words {
		if i > 0 {
			r.text.WriteByte(' ')
		}
		r.text.WriteString(word)
	}
}

// fresh tells whether a line begins here.
func (r *run) fresh() bool {
	return r.text.Len() == 0 && (len(r.out) == 0 || r.out[len(r.out)-1].Break)
}

func (r *run) settle() {
	if r.text.Len() == 0 {
		return
	}
	i := r.style
	i.Text = r.text.String()
	r.out = append(r.out, i)
	r.text.Reset()
}

// put adds a line break or the mark of a note. A break before any text is
// dropped.
func (r *run) put(i Inline) {
	r.settle()
	if i.Break && len(r.out) == 0 {
		return
	}
	r.out = append(r.out, i)
	r.space = false
}

// finish gives what was gathered, without line breaks at its end.
func (r *run) finish() []Inline {
	r.settle()
	out := r.out
	for len(out) > 0 && out[len(out)-1].Break {
		out = out[:len(out)-1]
	}
	*r = run{}
	return out
}
