package pdf

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// file is the finished file taken apart: object bodies by number, from 1.
type file struct {
	objects []string // objects[0] is unused
	pages   []int    // object numbers of the pages, in order
}

var (
	startXref = regexp.MustCompile(`startxref\n(\d+)\n%%EOF\s*$`)
	pageObj   = regexp.MustCompile(`^<</Type /Page\n`)
)

// takeApart splits what fpdf wrote by its own cross-reference table. fpdf
// writes objects one after another with nothing between them, so a body ends
// where the next object, or the table, begins.
func takeApart(b []byte) (*file, error) {
	m := startXref.FindSubmatch(b)
	if m == nil {
		return nil, fmt.Errorf("pdf: no cross-reference table")
	}
	table, _ := strconv.Atoi(string(m[1]))
	lines := strings.Split(string(b[table:]), "\n")
	var n int
	if _, err := fmt.Sscanf(lines[1], "0 %d", &n); err != nil {
		return nil, fmt.Errorf("pdf: cross-reference table: %w", err)
	}
	at := make([]int, n)
	for i := 1; i < n; i++ {
		at[i], _ = strconv.Atoi(lines[2+i][:10])
	}
	order := append(slices.Sorted(slices.Values(at[1:])), table)
	f := &file{objects: make([]string, n)}
	for i := 1; i < n; i++ {
		next, _ := slices.BinarySearch(order, at[i]+1)
		body := string(b[at[i]:order[next]])
		body = strings.TrimPrefix(body, strconv.Itoa(i)+" 0 obj\n")
		f.objects[i] = strings.TrimSuffix(body, "\nendobj\n")
		if pageObj.MatchString(f.objects[i]) {
			f.pages = append(f.pages, i)
		}
	}
	return f, nil
}

func (f *file) add(body string) int {
	f.objects = append(f.objects, body)
	return len(f.objects) - 1
}

// assemble lets fpdf finish, then adds what it does not know: the structure
// tree, links, languages, metadata, and an identifier made from the content.
func (d *Doc) assemble() ([]byte, error) {
	d.f.SetCreationDate(d.meta.Created)
	d.f.SetModificationDate(d.meta.Created)
	var raw bytes.Buffer
	if err := d.f.Output(&raw); err != nil {
		return nil, fmt.Errorf("pdf: %w", err)
	}
	f, err := takeApart(raw.Bytes())
	if err != nil {
		return nil, err
	}
	if len(f.pages) != len(d.marks) {
		return nil, fmt.Errorf("pdf: %d pages found, %d drawn", len(f.pages), len(d.marks))
	}
	catalog, info := len(f.objects)-1, len(f.objects)-2
	tree := d.writeTree(f)
	xmp := d.xmp()
	meta := f.add(fmt.Sprintf("<</Type /Metadata /Subtype /XML /Length %d>>\nstream\n%s\nendstream", len(xmp), xmp))
	f.objects[info] = fmt.Sprintf("<</Title %s /Author %s /Producer (Portico) /CreationDate (%s) /ModDate (%s)>>",
		hexText(d.meta.Title), hexText(d.meta.Author), d.stamp(), d.stamp())
	f.objects[catalog] = fmt.Sprintf("<</Type /Catalog /Pages 1 0 R /Lang (%s) /MarkInfo <</Marked true>> "+
		"/ViewerPreferences <</DisplayDocTitle true>> /StructTreeRoot %d 0 R /Metadata %d 0 R%s>>",
		plain(d.meta.Lang), tree, meta, d.writeFiles(f))
	return f.bytes(catalog, info), nil
}

// stamp is the date of creation as PDF writes it (ISO 32000-1, 7.9.4), in UTC.
func (d *Doc) stamp() string { return "D:" + d.meta.Created.UTC().Format("20060102150405") + "Z" }

// bytes writes the file with one cross-reference table. Version 1.7 is what
// PDF/UA-1 builds on.
func (f *file) bytes(catalog, info int) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xc2\xb5\xc2\xb6\n")
	at := make([]int, len(f.objects))
	for i := 1; i < len(f.objects); i++ {
		at[i] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i, f.objects[i])
	}
	table := b.Len()
	id := fmt.Sprintf("<%x>", sha256.Sum256(b.Bytes()))[:33] + ">"
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(f.objects))
	for _, off := range at[1:] {
		fmt.Fprintf(&b, "%010d 00000 n \n", off)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /ID [%s %s]>>\nstartxref\n%d\n%%%%EOF\n",
		len(f.objects), catalog, info, id, id, table)
	return b.Bytes()
}

// writeTree adds the structure tree and ties every page and link to it. Keys of
// the parent tree: one per page, then one per link (ISO 32000-1, 14.7.4.4).
func (d *Doc) writeTree(f *file) int {
	root := f.add("")
	d.number(f, d.root)
	for _, n := range d.notes {
		n.object = f.add("")
	}
	var nums strings.Builder
	for i, marks := range d.marks {
		var refs []string
		for _, n := range marks {
			refs = append(refs, ref(n.object))
		}
		fmt.Fprintf(&nums, "%d [%s] ", i, strings.Join(refs, " "))
		var annots []string
		for _, n := range d.notes {
			if n.page == i+1 {
				annots = append(annots, ref(n.object))
			}
		}
		head := fmt.Sprintf("<</Type /Page\n/StructParents %d /Tabs /S\n", i)
		if annots != nil {
			head += "/Annots [" + strings.Join(annots, " ") + "]\n"
		}
		f.objects[f.pages[i]] = strings.Replace(f.objects[f.pages[i]], "<</Type /Page\n", head, 1)
	}
	for i, n := range d.notes {
		key := len(d.marks) + i
		fmt.Fprintf(&nums, "%d %s ", key, ref(n.owner.object))
		f.objects[n.object] = d.annotation(n, key)
	}
	parents := f.add("<</Nums [" + nums.String() + "]>>")
	d.describe(f, d.root, root)
	f.objects[root] = fmt.Sprintf("<</Type /StructTreeRoot /K %s /ParentTree %s /ParentTreeNextKey %d>>",
		ref(d.root.object), ref(parents), len(d.marks)+len(d.notes))
	return root
}

func (d *Doc) number(f *file, n *node) {
	n.object = f.add("")
	for _, k := range n.kids {
		if k.node != nil {
			d.number(f, k.node)
		}
	}
}

// describe writes one element and those below it.
func (d *Doc) describe(f *file, n *node, parent int) {
	s := fmt.Sprintf("<</Type /StructElem /S /%s /P %s", n.tag, ref(parent))
	if n.page > 0 {
		s += " /Pg " + ref(f.pages[n.page-1])
	}
	if n.lang != "" {
		s += " /Lang (" + plain(n.lang) + ")"
	}
	if n.alt != "" {
		s += " /Alt " + hexText(n.alt)
	}
	if n.box != nil {
		s += " /A <</O /Layout /Placement /Block /BBox " + d.corners(*n.box) + ">>"
	}
	if n.tag == L {
		s += " /A <</O /List /ListNumbering /Decimal>>"
	}
	if n.tag == TH {
		s += " /A <</O /Table /Scope /Column>>"
	}
	s += " /K ["
	for _, k := range n.kids {
		switch {
		case k.node != nil:
			s += ref(k.node.object) + " "
			d.describe(f, k.node, n.object)
		case k.note != nil:
			s += fmt.Sprintf("<</Type /OBJR /Obj %s /Pg %s>> ", ref(k.note.object), ref(f.pages[k.page-1]))
		case k.page == n.page:
			s += strconv.Itoa(k.mcid) + " "
		default:
			s += fmt.Sprintf("<</Type /MCR /Pg %s /MCID %d>> ", ref(f.pages[k.page-1]), k.mcid)
		}
	}
	f.objects[n.object] = s + "]>>"
}

func (d *Doc) annotation(n *note, key int) string {
	return fmt.Sprintf("<</Type /Annot /Subtype /Link /Rect %s /Border [0 0 0] /F 4 /Contents %s "+
		"/StructParent %d /A <</S /URI /URI (%s)>>>>", d.corners(n.box), hexText(n.text), key, plain(n.url))
}

func (d *Doc) corners(b Box) string {
	return "[" + num(b.X) + " " + num(d.size.H-b.Y-b.H) + " " + num(b.X+b.W) + " " + num(d.size.H-b.Y) + "]"
}

func ref(n int) string { return strconv.Itoa(n) + " 0 R" }

// hexText writes text as UTF-16 in hexadecimal: nothing in it can end the
// string or start another object.
func hexText(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(strings.ToValidUTF8(s, "\ufffd"))) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String() + ">"
}

// plain writes ASCII inside ( ), with everything else percent-encoded: for
// language tags and addresses, which are ASCII already when they are right.
func plain(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' || c == '(' || c == ')' || c == '\\' {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
