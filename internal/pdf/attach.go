package pdf

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"strings"

	"codeberg.org/go-pdf/fpdf"
)

// attached is a file inside the document.
type attached struct {
	name, mime, text string
	data             []byte
}

// Attach puts a file into the document, to be saved from there by a reader that
// lists attachments. text says what it is. The bytes are not looked at.
func (d *Doc) Attach(name, mime, text string, data []byte) {
	d.files = append(d.files, attached{name, mime, text, data})
}

// writeFiles adds the attachments and gives what the catalog says of them: the
// list by name (ISO 32000-1, 7.11.4), and that they belong to the document as a
// whole (ISO 19005-3, 6.8).
func (d *Doc) writeFiles(f *file) string {
	if len(d.files) == 0 {
		return ""
	}
	var names, all strings.Builder
	for i, a := range d.files {
		var packed bytes.Buffer
		z := zlib.NewWriter(&packed)
		z.Write(a.data) // into memory: it cannot fail
		z.Close()
		stream := f.add(fmt.Sprintf("<</Type /EmbeddedFile /Subtype /%s /Params <</Size %d /ModDate (%s)>> /Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream",
			nameOf(a.mime), len(a.data), d.stamp(), packed.Len(), packed.String()))
		spec := f.add(fmt.Sprintf("<</Type /Filespec /F (%s) /UF %s /EF <</F %s /UF %s>> /Desc %s /AFRelationship /Supplement>>",
			plain(a.name), hexText(a.name), ref(stream), ref(stream), hexText(a.text)))
		fmt.Fprintf(&names, "(%06d) %s ", i+1, ref(spec)) // keys must be in order
		all.WriteString(ref(spec) + " ")
	}
	return " /Names <</EmbeddedFiles <</Names [" + names.String() + "]>>>> /AF [" + all.String() + "]"
}

// nameOf writes a media type as a name object (ISO 32000-1, 7.3.5).
func nameOf(mime string) string {
	var b strings.Builder
	for _, c := range []byte(mime) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '.' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "#%02X", c)
		}
	}
	return b.String()
}

// quality is what pictures are written in again with: losses do not show on
// paper, and nothing but their dots comes into the document.
const quality = 85

// Picture draws a picture as wide as the column, or smaller where it would be
// higher than most points, with alt as its description. It is drawn on white.
func (d *Doc) Picture(alt string, img image.Image, most float64) {
	b := img.Bounds()
	if b.Empty() {
		return
	}
	flat := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(flat, flat.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(flat, flat.Bounds(), img, b.Min, draw.Over)
	flat = shrunk(flat)
	var packed bytes.Buffer
	if err := jpeg.Encode(&packed, flat, &jpeg.Options{Quality: quality}); err != nil {
		d.fail("picture")
		return
	}
	w := min(d.Width, float64(b.Dx()))
	h := w * float64(b.Dy()) / float64(b.Dx())
	if h > most {
		w, h = w*most/h, most
	}
	d.Need(h)
	d.shown++
	name := "picture" + itoa(d.shown)
	o := fpdf.ImageOptions{ImageType: "jpg"}
	d.f.RegisterImageOptionsReader(name, o, &packed)
	alt, _ = Clean(Regular, alt)
	at := Box{d.Left, d.Y, w, h}
	d.Open(Figure, "")
	d.at.alt, d.at.box = alt, &at
	d.mark(func() { d.f.ImageOptions(name, at.X, at.Y, at.W, at.H, false, o, 0, "") })
	d.Close()
	d.Y += h
}

// mostDots is how many dots a side of a picture keeps: 200 to an inch on the
// width of a letter.
const mostDots = 1600

// shrunk makes a picture smaller by whole numbers, each dot the mean of those it
// stands for.
func shrunk(in *image.RGBA) *image.RGBA {
	w, h := in.Rect.Dx(), in.Rect.Dy()
	by := (max(w, h) + mostDots - 1) / mostDots
	if by == 1 {
		return in
	}
	out := image.NewRGBA(image.Rect(0, 0, max(1, w/by), max(1, h/by)))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			var sum [4]int
			n := 0
			for dy := 0; dy < by && y*by+dy < h; dy++ {
				for dx := 0; dx < by && x*by+dx < w; dx++ {
					at := in.PixOffset(x*by+dx, y*by+dy)
					for c := range sum {
						sum[c] += int(in.Pix[at+c])
					}
					n++
				}
			}
			at := out.PixOffset(x, y)
			for c := range sum {
				out.Pix[at+c] = uint8(sum[c] / n)
			}
		}
	}
	return out
}
