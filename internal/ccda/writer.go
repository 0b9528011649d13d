package ccda

import (
	"bufio"
	"encoding/xml"
	"io"
	"strings"
	"unicode/utf8"
)

// writer writes XML element by element. What is opened is closed: elements are
// nested by nesting functions.
type writer struct {
	b     *bufio.Writer
	depth int
}

func newWriter(to io.Writer) *writer {
	w := &writer{b: bufio.NewWriter(to)}
	w.b.WriteString(xml.Header[:len(xml.Header)-1])
	return w
}

// attrs are names and values in turn. An attribute without a value is left out.
type attrs []string

func (w *writer) line() {
	w.b.WriteByte('\n')
	for range w.depth {
		w.b.WriteByte(' ')
	}
}

func (w *writer) start(name string, a attrs) {
	w.line()
	w.b.WriteByte('<')
	w.b.WriteString(name)
	for i := 0; i+1 < len(a); i += 2 {
		if a[i+1] != "" {
			w.b.WriteString(" " + a[i] + `="`)
			w.escape(a[i+1])
			w.b.WriteByte('"')
		}
	}
}

// empty writes an element without content.
func (w *writer) empty(name string, a attrs) {
	w.start(name, a)
	w.b.WriteString("/>")
}

// in writes an element with elements inside.
func (w *writer) in(name string, a attrs, inside func()) {
	w.start(name, a)
	w.b.WriteByte('>')
	w.depth++
	inside()
	w.depth--
	w.line()
	w.b.WriteString("</" + name + ">")
}

// say writes an element with text, or nothing if there is none.
func (w *writer) say(name, text string) { w.tell(name, nil, text) }

func (w *writer) tell(name string, a attrs, text string) {
	if text == "" {
		return
	}
	w.start(name, a)
	w.b.WriteByte('>')
	w.escape(text)
	w.b.WriteString("</" + name + ">")
}

// lines writes an element of a narrative, where a line break is an element.
func (w *writer) lines(name, text string) {
	w.start(name, nil)
	w.b.WriteByte('>')
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			w.b.WriteString("<br/>")
		}
		w.escape(strings.TrimSuffix(line, "\r"))
	}
	w.b.WriteString("</" + name + ">")
}

// escape writes text. Characters that XML cannot hold are left out.
func (w *writer) escape(text string) {
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, text)
	// An error is kept by the buffer and comes out of Flush.
	_ = xml.EscapeText(w.b, []byte(text))
}

func (w *writer) id(id ID) {
	if id.Root == "" {
		w.empty("id", attrs{"nullFlavor", "NI", "extension", id.Extension})
		return
	}
	w.empty("id", attrs{"root", id.Root, "extension", id.Extension, "assigningAuthorityName", id.Authority})
}

func (w *writer) ids(ids []ID) {
	if len(ids) == 0 {
		w.id(ID{})
	}
	for _, id := range ids {
		w.id(id)
	}
}

// template writes a template id with and without its version: C-CDA R2.1 asks
// for both, so that readers of R1.1 know it too.
func (w *writer) template(root, version string) {
	w.empty("templateId", attrs{"root", root})
	if version != "" {
		w.empty("templateId", attrs{"root", root, "extension", version})
	}
}

// code writes a code, or the words in its place.
func (w *writer) code(name, kind string, c Code) {
	a := attrs{"xsi:type", kind, "code", c.Code, "codeSystem", c.System, "codeSystemName", systemNames[c.System], "displayName", c.Display}
	if c.Code != "" && c.System != "" && !strings.ContainsAny(c.Code+c.System, " \t\r\n") {
		w.empty(name, a)
		return
	}
	a = attrs{"xsi:type", kind, "nullFlavor", "UNK"}
	if c.Display == "" {
		w.empty(name, a)
		return
	}
	w.in(name, a, func() { w.say("originalText", c.Display) })
}

func (w *writer) at(name string, t Time) {
	if !t.Known() {
		w.empty(name, attrs{"nullFlavor", "UNK"})
		return
	}
	w.empty(name, attrs{"value", t.String()})
}

// period writes an interval. Where the end is not known, there is none yet.
func (w *writer) period(p Period) { w.over(p, false) }

// over writes an interval that is known to have ended, though maybe not when.
func (w *writer) over(p Period, ended bool) {
	w.in("effectiveTime", attrs{"xsi:type", "IVL_TS"}, func() {
		w.at("low", p.Low)
		if ended || p.High.Known() {
			w.at("high", p.High)
		}
	})
}
