package checkin

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"sync"

	"portico/internal/fault"
)

const (
	// mostPhoto is the largest picture taken, in bytes: a phone's largest are
	// about so.
	mostPhoto = 12 << 20
	// Drawing a picture takes memory by what it claims to be, not by its size on
	// disk: 25 million points of a progressive JPEG take 150 MB, 12 million of a
	// PNG with 16 bits a color take 96.
	mostJPEG, mostPNG = 25_000_000, 12_000_000
	// longest is the longer side of what is kept: the small print of a card stays
	// readable.
	longest = 1600
	// samples is how many points of the picture one kept point is made of, in each
	// direction.
	samples = 3
	quality = 82
)

// drawing lets one picture at a time take that memory.
var drawing sync.Mutex

// drawn reads a JPEG or PNG by its content and draws it anew as a JPEG. What else
// was in the file (place, camera, other files, code) is gone; field is where it
// was sent.
func drawn(field string, upload []byte) ([]byte, error) {
	if len(upload) > mostPhoto {
		return nil, fault.Bad(field, "checkin.photo.large")
	}
	decode, most := jpeg.Decode, mostJPEG
	switch {
	case bytes.HasPrefix(upload, []byte("\xff\xd8\xff")):
	case bytes.HasPrefix(upload, []byte("\x89PNG\r\n\x1a\n")):
		decode, most = png.Decode, mostPNG
	default:
		return nil, fault.Bad(field, "checkin.photo.kind")
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(upload))
	if err != nil || size.Width < 1 || size.Height < 1 {
		return nil, fault.Bad(field, "checkin.photo.broken")
	}
	if size.Width > most || size.Height > most || size.Width*size.Height > most {
		return nil, fault.Bad(field, "checkin.photo.large")
	}
	drawing.Lock()
	defer drawing.Unlock()
	src, err := decode(bytes.NewReader(upload))
	if err != nil {
		return nil, fault.Bad(field, "checkin.photo.broken")
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, upright(shrunk(src), turn(upload)), &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// shrunk makes a picture at most longest wide and high, on white.
func shrunk(src image.Image) *image.RGBA {
	b := src.Bounds()
	w, h := b.Dx(), b.Dy()
	if long := max(w, h); long > longest {
		w, h = max(1, w*longest/long), max(1, h*longest/long)
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			out.SetRGBA(x, y, mean(src, image.Rect(b.Min.X+x*b.Dx()/w, b.Min.Y+y*b.Dy()/h, b.Min.X+(x+1)*b.Dx()/w, b.Min.Y+(y+1)*b.Dy()/h)))
		}
	}
	return out
}

// mean is the color of a part of a picture.
func mean(src image.Image, part image.Rectangle) color.RGBA {
	nx, ny := min(samples, max(1, part.Dx())), min(samples, max(1, part.Dy()))
	var r, g, b uint32
	for j := range ny {
		for i := range nx {
			cr, cg, cb, ca := src.At(part.Min.X+i*part.Dx()/nx, part.Min.Y+j*part.Dy()/ny).RGBA()
			white := 0xffff - ca // what shines through is paper
			r, g, b = r+(cr+white)>>8, g+(cg+white)>>8, b+(cb+white)>>8
		}
	}
	n := uint32(nx * ny)
	return color.RGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}
}

// upright turns a picture as EXIF's orientation says (CIPA DC-008, tag 0x0112),
// since what said so is dropped.
func upright(src *image.RGBA, turn int) *image.RGBA {
	if turn < 2 || turn > 8 {
		return src
	}
	w, h := src.Bounds().Dx(), src.Bounds().Dy()
	size := image.Rect(0, 0, w, h)
	if turn >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	for y := range h {
		for x := range w {
			to := [...]image.Point{2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y},
				5: {y, x}, 6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x}}[turn]
			out.SetRGBA(to.X, to.Y, src.RGBAAt(x, y))
		}
	}
	return out
}
