package ccda

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzRead: whatever comes, it is read or refused with a reason, and every text
// that comes out is UTF-8.
func FuzzRead(f *testing.F) {
	f.Add([]byte(visit(f)))
	f.Add([]byte(prose(`<table><thead><tr><th>a</th></tr></thead><tr><td colspan="3">b<br/></td></tr></table><list><item>c</item></list>`)))
	f.Add([]byte(prose(`<footnote ID="a">b</footnote><footnoteRef IDREF="a"/><renderMultiMedia referencedObject="x y"/>`)))
	f.Add([]byte(doc(`<nonXMLBody><text mediaType="text/rtf" representation="B64" compression="DF">c3RyBgA=</text></nonXMLBody>`)))
	f.Add([]byte("<?xml version=\"1.0\" encoding=\"latin1\"?>" + prose("\xe9")))
	f.Add([]byte("\xff\xfe<\x00"))
	f.Add([]byte("<!DOCTYPE a><a/>"))
	l := Limits{Bytes: 1 << 16, Depth: 16, Elements: 500}
	f.Fuzz(func(t *testing.T, in []byte) {
		d, err := Read("a", bytes.NewReader(in), l)
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || sentences[e.Reason] == "" {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		each(d.Sections, func(s Section) {
			if !utf8.ValidString(s.Title + s.Text.Words()) {
				t.Fatalf("%q", s.Title+s.Text.Words())
			}
		})
	})
}

// FuzzWrite: whatever words a chart holds, the document is well-formed and says
// the same when read.
func FuzzWrite(f *testing.F) {
	f.Add("Ana", "O'Neil", "a\nb", "7.0", "mg/dL", "2085-9")
	f.Add("\x00", "]]>", "<br/>&amp;", "<", " ", "\xff")
	f.Fuzz(func(t *testing.T, given, family, cell, number, unit, code string) {
		e := Entry{Code: Code{Code: code, System: code, Display: cell}, Value: Value{Number: number, Unit: unit, Flag: code, Low: number}, State: code, Place: cell}
		p := Part{Columns: []string{cell}, Rows: []Line{{Cells: []string{cell}, Entry: e}}}
		c := CCD{Patient: Patient{Names: []Name{{Given: []string{given}, Family: family}}}, Allergies: p, Medications: p, Results: p, Vitals: p, Social: p, Encounters: p, Plan: p}
		var b bytes.Buffer
		if err := Write(&b, c); err != nil {
			t.Fatal(err)
		}
		for d := xml.NewDecoder(bytes.NewReader(b.Bytes())); ; {
			if _, err := d.Token(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if len(b.Bytes()) > maxTag {
			return
		}
		d, err := Read("a", &b, Usual)
		if err != nil {
			t.Fatal(err)
		}
		if want := rowsOf(p)[0][0]; utf8.ValidString(cell) && !strings.ContainsAny(cell, "\ufffd\ufffe\uffff\r") && strings.TrimSpace(want) == want {
			if got := cellsOf(d.Sections[0])[0][0]; got != want {
				t.Fatalf("%q for %q", got, want)
			}
		}
	})
}
