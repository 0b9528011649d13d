package ccda

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
)

// The name spaces of CDA R2 and of its US extensions.
const (
	spaceCDA  = "urn:hl7-org:v3"
	spaceSDTC = "urn:hl7-org:sdtc"
	spaceXSI  = "http://www.w3.org/2001/XMLSchema-instance"
)

// node is an element, or a piece of text if name is "".
type node struct {
	name  string // without name space; "sdtc:…" for US extensions, "?:…" for others
	text  string
	attrs []attr
	kids  []*node
	line  int
}

type attr struct{ name, value string }

// known are the attributes that mean something to us; others are not kept.
var known = map[string]bool{
	"root": true, "extension": true, "assigningAuthorityName": true, "code": true, "codeSystem": true, "codeSystemName": true,
	"displayName": true, "value": true, "use": true, "nullFlavor": true, "ID": true, "IDREF": true, "styleCode": true, "listType": true,
	"href": true, "colspan": true, "rowspan": true, "scope": true, "mediaType": true, "representation": true, "compression": true,
	"referencedObject": true, "revised": true, "typeCode": true, "qualifier": true,
}

func (n *node) attr(name string) string {
	for _, a := range n.attrs {
		if a.name == name {
			return a.value
		}
	}
	return ""
}

// child is the first element down this path of names, an empty one if there is
// none.
func (n *node) child(path ...string) *node {
	for _, name := range path {
		i := slices.IndexFunc(n.kids, func(k *node) bool { return k.name == name })
		if i < 0 {
			return &node{}
		}
		n = n.kids[i]
	}
	return n
}

// all are the child elements of that name.
func (n *node) all(name string) []*node {
	var out []*node
	for _, k := range n.kids {
		if k.name == name {
			out = append(out, k)
		}
	}
	return out
}

// words is the text within n, white space collapsed.
func (n *node) words() string { return collapse(n.raw()) }

func (n *node) raw() string {
	if n.name == "" || len(n.kids) == 0 {
		return n.text
	}
	if len(n.kids) == 1 {
		return n.kids[0].raw()
	}
	var b strings.Builder
	n.write(&b)
	return b.String()
}

func (n *node) write(b *strings.Builder) {
	b.WriteString(n.text)
	for _, k := range n.kids {
		k.write(b)
	}
}

func blank(b []byte) bool { return len(bytes.TrimSpace(b)) == 0 }

func collapse(s string) string { return strings.Join(strings.Fields(s), " ") }

// parser builds the tree of a document, without the coded entries.
type parser struct {
	src      *source
	dec      *xml.Decoder
	limits   Limits
	stack    []*node
	text     []byte // text not yet put into the tree
	elements int
	prose    int // depth of the narrative; 0 outside
	skip     int // depth of the coded entry that is passed over; 0 if none
	keep     int // depth of the picture within it that is kept all the same
}

func parse(src *source, l Limits) (*node, error) {
	p := &parser{src: src, dec: xml.NewDecoder(src), limits: l}
	p.dec.CharsetReader = src.decode
	top := &node{}
	p.stack = append(p.stack, top)
	for {
		src.begin()
		t, err := p.dec.Token()
		if err == io.EOF && src.fault == "" && len(top.kids) > 0 {
			return top.kids[0], nil
		}
		if err == nil {
			err = p.token(t)
		} else {
			err = p.blame(err)
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *parser) token(t xml.Token) error {
	switch t := t.(type) {
	case xml.StartElement:
		return p.open(t)
	case xml.EndElement:
		p.close()
	case xml.CharData:
		if len(p.stack) > 1 {
			p.text = append(p.text, t...)
		} else if !blank(t) {
			return p.outside()
		}
	case xml.Directive:
		return p.fail(Doctype)
	}
	return nil
}

// outside is for what stands beside the root element.
func (p *parser) outside() error {
	if len(p.stack[0].kids) == 0 {
		return p.fail(NotDocument)
	}
	return p.fail(Syntax)
}

func (p *parser) open(t xml.StartElement) error {
	p.flush()
	line, _ := p.dec.InputPos()
	n := &node{name: local(t.Name), line: line}
	depth := len(p.stack)
	parent := p.stack[depth-1]
	p.stack = append(p.stack, n)
	if depth == 1 && (n.name != "ClinicalDocument" || len(parent.kids) > 0) {
		return p.outside()
	}
	if p.elements++; p.elements > p.limits.Elements {
		return p.fail(TooMany)
	}
	if depth > p.limits.Depth {
		return p.fail(TooDeep)
	}
	if p.prose == 0 && n.name == "text" {
		p.prose = depth
	}
	switch {
	case p.skip == 0 && n.name == "entry" && parent.name == "section":
		p.skip = depth
	case p.skip > 0 && p.keep == 0 && n.name == "observationMedia":
		p.keep, parent = depth, p.stack[p.skip]
	}
	if p.skip == depth || p.skip == 0 || p.keep > 0 {
		if !n.take(t.Attr) {
			return p.fail(Syntax)
		}
		parent.kids = append(parent.kids, n)
	}
	return nil
}

// take keeps the attributes that mean something; false if one stands twice.
func (n *node) take(from []xml.Attr) bool {
	for _, a := range from {
		if a.Name.Space != "" || !known[a.Name.Local] {
			continue
		}
		if slices.ContainsFunc(n.attrs, func(b attr) bool { return b.name == a.Name.Local }) {
			return false
		}
		if n.attrs == nil {
			n.attrs = make([]attr, 0, min(len(from), len(known)))
		}
		n.attrs = append(n.attrs, attr{a.Name.Local, a.Value})
	}
	return true
}

func local(n xml.Name) string {
	switch n.Space {
	case spaceCDA:
		return n.Local
	case spaceSDTC:
		return "sdtc:" + n.Local
	}
	return "?:" + n.Local
}

func (p *parser) close() {
	p.flush()
	p.stack = p.stack[:len(p.stack)-1]
	for _, depth := range []*int{&p.prose, &p.keep, &p.skip} {
		if *depth == len(p.stack) {
			*depth = 0
		}
	}
}

// flush puts the text read so far into the tree. Text is gathered over comments
// first, so that ten thousand comments make one piece of text.
func (p *parser) flush() {
	if len(p.text) > 0 && (p.skip == 0 || p.keep > 0) && (p.prose > 0 || !blank(p.text)) {
		n := p.stack[len(p.stack)-1]
		n.kids = append(n.kids, &node{text: string(p.text)})
	}
	p.text = p.text[:0]
}

// blame says why the decoder stopped. Its own words are not repeated: they quote
// the document.
func (p *parser) blame(err error) error {
	bad, ok := errors.AsType[*xml.SyntaxError](err)
	switch {
	case p.src.fault != "":
		return p.fail(p.src.fault)
	case p.src.ended && err == io.EOF:
		return p.fail(Empty)
	case p.src.ended:
		return p.fail(Truncated)
	case ok && strings.Contains(bad.Msg, "UTF-8"):
		return p.fail(Encoding)
	}
	return p.fail(Syntax)
}

func (p *parser) fail(r Reason) error {
	line, _ := p.dec.InputPos()
	var names []string
	for _, n := range p.stack[1:] {
		names = append(names, shown(n.name[strings.IndexByte(n.name, ':')+1:]))
	}
	return &Error{Line: line, Path: strings.Join(names, "/"), Reason: r, Cause: p.src.cause}
}
