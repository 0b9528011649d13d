package clinic

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strconv"
	"sync"

	"portico/internal/fault"
)

const (
	// mostUpload is the largest picture taken, in bytes.
	mostUpload = 2 << 20
	// mostPixels bounds the memory that drawing a picture takes: a small file can
	// claim to be enormous.
	mostPixels = 8 << 20
	// The header shows a logo 40 pixels high; twice that is sharp on every screen.
	logoHigh, logoWide = 96, 384
	// mostKept is the largest logo kept: a page weighs at most 60 KB with it.
	mostKept = 12 << 10
)

// drawing lets one picture at a time take that memory.
var drawing sync.Mutex

// drawn reads a PNG or JPEG by its content and draws it anew as a PNG that fits
// into the header. What else was in the file (place, camera, texts, code) is gone.
func drawn(upload []byte) ([]byte, error) {
	bad := fault.Bad("logo", "clinic.bad.logo")
	var decode func([]byte) (image.Image, error)
	switch {
	case bytes.HasPrefix(upload, []byte("\x89PNG\r\n\x1a\n")):
		decode = func(b []byte) (image.Image, error) { return png.Decode(bytes.NewReader(b)) }
	case bytes.HasPrefix(upload, []byte("\xff\xd8\xff")):
		decode = func(b []byte) (image.Image, error) { return jpeg.Decode(bytes.NewReader(b)) }
	default:
		return nil, bad
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(upload))
	if err != nil || size.Width < 1 || size.Height < 1 {
		return nil, bad
	}
	if size.Width*size.Height > mostPixels {
		return nil, fault.Bad("logo", "clinic.bad.logo.large")
	}
	drawing.Lock()
	defer drawing.Unlock()
	src, err := decode(upload)
	if err != nil {
		return nil, bad
	}
	src = shrunk(src, logoHigh)
	for high := logoHigh; high >= logoHigh/3; high = high * 4 / 5 {
		var out bytes.Buffer
		enc := png.Encoder{CompressionLevel: png.BestCompression}
		if err := enc.Encode(&out, shrunk(src, high)); err != nil {
			return nil, err
		}
		if out.Len() <= mostKept {
			return out.Bytes(), nil
		}
	}
	return nil, fault.Bad("logo", "clinic.bad.logo.busy")
}

// shrunk makes a picture at most high and its share of wide, each pixel the mean
// of those it stands for. A smaller one stays as it is.
func shrunk(src image.Image, high int) image.Image {
	b := src.Bounds()
	w, h := b.Dx(), b.Dy()
	wide := logoWide * high / logoHigh
	nw, nh := w, h
	if nh > high {
		nw, nh = max(1, w*high/h), high
	}
	if nw > wide {
		nw, nh = wide, max(1, h*wide/w)
	}
	out := image.NewNRGBA(image.Rect(0, 0, nw, nh))
	for y := range nh {
		for x := range nw {
			out.SetNRGBA(x, y, mean(src, image.Rect(b.Min.X+x*w/nw, b.Min.Y+y*h/nh, b.Min.X+max((x+1)*w/nw, x*w/nw+1), b.Min.Y+max((y+1)*h/nh, y*h/nh+1))))
		}
	}
	return out
}

// mean is the colour of a part, weighted by how opaque each pixel is.
func mean(src image.Image, part image.Rectangle) color.NRGBA {
	var r, g, b, a, n uint64
	for y := part.Min.Y; y < part.Max.Y; y++ {
		for x := part.Min.X; x < part.Max.X; x++ {
			cr, cg, cb, ca := src.At(x, y).RGBA()
			r, g, b, a, n = r+uint64(cr), g+uint64(cg), b+uint64(cb), a+uint64(ca), n+1
		}
	}
	if a == 0 || n == 0 {
		return color.NRGBA{}
	}
	part8 := func(v uint64) uint8 { return uint8(v * 255 / a) } // premultiplied sums over the sum of alpha
	return color.NRGBA{part8(r), part8(g), part8(b), uint8(a / n >> 8)}
}

// File is a file that browsers may keep for ever under its name.
type File struct {
	Mime string
	Body []byte
}

// named gives a file its name, which holds the hash of its content.
func named(kind, ext string, body []byte) string {
	sum := sha256.Sum256(body)
	return kind + "." + hex.EncodeToString(sum[:10]) + ext
}

func itoa(n int) string { return strconv.Itoa(n) }
