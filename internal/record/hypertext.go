package record

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// silent are elements whose content nobody is meant to read.
var silent = []atom.Atom{atom.Head, atom.Script, atom.Style, atom.Template, atom.Object, atom.Iframe, atom.Noscript, atom.Svg, atom.Math, atom.Select, atom.Textarea}

// inline are elements that stand within a line; every other one begins a new
// line.
var inline = []atom.Atom{atom.A, atom.Abbr, atom.B, atom.Big, atom.Cite, atom.Code, atom.Dfn, atom.Em, atom.Font, atom.I, atom.Ins, atom.Kbd, atom.Label,
	atom.Mark, atom.Q, atom.S, atom.Samp, atom.Small, atom.Span, atom.Strike, atom.Strong, atom.Sub, atom.Sup, atom.Time, atom.Tt, atom.U, atom.Var, atom.Wbr}

// plainWords gives what a page of HTML says, line by line: cells of a table
// after one another, pictures by their description. It reads tags one by one, so
// nothing is nested too deep for it, and what is no text is left out.
func plainWords(page []byte) string {
	w := &wordWriter{}
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return strings.TrimSpace(w.out.String() + w.line.String())
		case html.TextToken:
			w.text(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			w.open(t, t.Type == html.SelfClosingTagToken)
		case html.EndTagToken:
			w.shut(z.Token().DataAtom)
		}
	}
}

type wordWriter struct {
	out, line strings.Builder
	mute      []atom.Atom // silent elements that are open
	kept      int         // open pre elements, whose lines stand as they are
}

func (w *wordWriter) text(s string) {
	if len(w.mute) > 0 {
		return
	}
	if w.kept > 0 {
		for i, l := range strings.Split(s, "\n") {
			if i > 0 {
				w.end()
			}
			w.line.WriteString(l)
		}
		return
	}
	words := strings.Join(strings.Fields(s), " ")
	if strings.TrimLeft(s, " \t\r\n") != s {
		w.blank()
	}
	w.line.WriteString(words)
	if words != "" && strings.TrimRight(s, " \t\r\n") != s {
		w.blank()
	}
}

// blank writes one space between words.
func (w *wordWriter) blank() {
	if l := w.line.String(); l != "" && !strings.HasSuffix(l, " ") {
		w.line.WriteByte(' ')
	}
}

func (w *wordWriter) open(t html.Token, alone bool) {
	switch {
	case t.DataAtom == atom.Body: // ends a head that nobody closed
		w.mute = nil
	case slices.Contains(silent, t.DataAtom):
		if !alone {
			w.mute = append(w.mute, t.DataAtom)
		}
	case len(w.mute) > 0:
	case t.DataAtom == atom.Img:
		for _, a := range t.Attr {
			if a.Key == "alt" && a.Val != "" {
				w.text(" [" + a.Val + "] ")
			}
		}
	case t.DataAtom == atom.Td, t.DataAtom == atom.Th:
		if w.line.Len() > 0 {
			w.line.WriteString(" | ")
		}
	case !slices.Contains(inline, t.DataAtom):
		w.end()
		if t.DataAtom == atom.Li {
			w.line.WriteString("- ")
		}
		if t.DataAtom == atom.Pre {
			w.kept++
		}
	}
}

func (w *wordWriter) shut(a atom.Atom) {
	if at := slices.Index(w.mute, a); at >= 0 { // with what was left open within
		w.mute = w.mute[:at]
		return
	}
	if len(w.mute) > 0 || a == atom.Td || a == atom.Th || slices.Contains(inline, a) {
		return
	}
	w.end()
	if a == atom.Pre {
		w.kept = max(0, w.kept-1)
	}
}

// end ends a line; an empty one is not written.
func (w *wordWriter) end() {
	if l := strings.TrimRight(w.line.String(), " "); strings.Trim(l, "- |") != "" {
		w.out.WriteString(l + "\n")
	}
	w.line.Reset()
}
