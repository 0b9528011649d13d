package checkin

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
	"time"

	"portico/internal/fault"
)

// picture is red at its top left corner and blue elsewhere.
func picture(w, h int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{0, 0, 255, 255}
			if x < w/2 && y < h/2 {
				c = color.RGBA{255, 0, 0, 255}
			}
			m.Set(x, y, c)
		}
	}
	return m
}

func asJPEG(t *testing.T, m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withEXIF puts a block that says how to turn a picture, and where it was taken,
// behind the head of a JPEG.
func withEXIF(b []byte, turn byte) []byte {
	body := append([]byte("Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00"), turn, 0, 0, 0, 0, 0, 0, 0)
	body = append(body, "GPS 41.8781 N <script>alert(1)</script>"...)
	out := append([]byte{0xff, 0xd8, 0xff, 0xe1}, binary.BigEndian.AppendUint16(nil, uint16(len(body)+2))...)
	return append(append(out, body...), b[2:]...)
}

// bomb is a small PNG that says it is enormous.
func bomb(side uint32) []byte {
	head := []byte("IHDR")
	head = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(head, side), side)
	head = append(head, 8, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	out = append(out, head...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(head))
}

// Attacks with pictures: what is kept is a picture and nothing else, and what
// cannot be one costs next to nothing.
func TestHostilePictures(t *testing.T) {
	good := asJPEG(t, picture(40, 20))
	for name, c := range map[string]struct {
		sent []byte
		want string // text of the problem, "" if it is kept
	}{
		"plain":           {good, ""},
		"EXIF":            {withEXIF(good, 1), ""},
		"a page behind":   {append(bytes.Clone(good), "<script>alert(1)</script>PK\x03\x04"...), ""},
		"an SVG":          {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), "checkin.photo.kind"},
		"a GIF":           {[]byte("GIF89a/*"), "checkin.photo.kind"},
		"a page in front": {append([]byte("<html>"), good...), "checkin.photo.kind"},
		"cut off":         {good[:len(good)/2], "checkin.photo.broken"},
		"only a head":     {[]byte("\xff\xd8\xff"), "checkin.photo.broken"},
		"a bomb":          {bomb(60_000), "checkin.photo.large"},
		"a worse bomb":    {bomb(1<<31 - 1), "checkin.photo.broken"},
		"too many bytes":  {append(bytes.Clone(good), make([]byte, mostPhoto)...), "checkin.photo.large"},
	} {
		began := time.Now()
		out, err := drawn("f", c.sent)
		if spent := time.Since(began); spent > 2*time.Second {
			t.Errorf("%s took %s", name, spent)
		}
		if c.want != "" {
			if f, ok := fault.As(err); !ok || f.Problems[0].Text != c.want || f.Problems[0].Field != "f" {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, bad := range []string{"Exif", "GPS", "script", "PK\x03\x04"} {
			if bytes.Contains(out, []byte(bad)) {
				t.Errorf("%s: %q was kept", name, bad)
			}
		}
		if m, err := jpeg.DecodeConfig(bytes.NewReader(out)); err != nil || m.Width != 40 || m.Height != 20 {
			t.Errorf("%s: %v %+v", name, err, m)
		}
	}
}

// A phone says in EXIF how its picture is to be turned; the corner is where it says.
func TestPicturesStandUpright(t *testing.T) {
	for turn, red := range map[byte]image.Point{1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 1}, 8: {0, 1}, 9: {0, 0}} {
		out, err := drawn("f", withEXIF(asJPEG(t, picture(64, 32)), turn))
		if err != nil {
			t.Fatal(err)
		}
		m, err := jpeg.Decode(bytes.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		w, h := m.Bounds().Dx(), m.Bounds().Dy()
		if tall := turn >= 5 && turn <= 8; tall != (h > w) {
			t.Errorf("turn %d: %d by %d", turn, w, h)
		}
		r, _, b, _ := m.At(w/4+red.X*w/2, h/4+red.Y*h/2).RGBA()
		if r < b {
			t.Errorf("turn %d: the corner is not at %v", turn, red)
		}
	}
}

// A large picture becomes small enough to keep; what shines through is white.
func TestLargePicturesShrink(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 3200, 1000))); err != nil {
		t.Fatal(err)
	}
	out, err := drawn("f", b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	m, err := jpeg.Decode(bytes.NewReader(out))
	if err != nil || m.Bounds().Dx() != longest || m.Bounds().Dy() != 500 {
		t.Fatalf("%v %v", err, m.Bounds())
	}
	if r, _, _, _ := m.At(5, 5).RGBA(); r < 0xf000 {
		t.Error("nothing is not white")
	}
}

// A "no" must say what is right; a "yes" must not be contradicted.
func TestQuestions(t *testing.T) {
	have, none := contactQuestions(OnFile{Emails: []string{"a@example.com"}})[0], contactQuestions(OnFile{})[0]
	for _, c := range []struct {
		q     Question
		typed Typed
		bad   string
		now   string
	}{
		{have, Typed{}, "checkin.choose.email", ""},
		{have, Typed{"email_right": {"yes"}}, "", ""},
		{have, Typed{"email_right": {"no"}}, "checkin.write", ""},
		{have, Typed{"email_right": {"no"}, "email": {"b@example.com"}}, "", "b@example.com"},
		{have, Typed{"email_right": {"yes"}, "email": {"b@example.com"}}, "checkin.both", ""},
		{have, Typed{"email_right": {"perhaps"}}, "checkin.choose.email", ""},
		{have, Typed{"email_right": {"no"}, "email": {"b at example"}}, "checkin.email", "b at example"},
		{none, Typed{}, "", ""},
		{none, Typed{"email": {"b@example.com"}}, "", "b@example.com"},
		{contactQuestions(OnFile{})[1], Typed{"phone": {"12"}}, "checkin.phone", "12"},
		{contactQuestions(OnFile{})[1], Typed{"phone": {"(312) 555-0100"}}, "", "(312) 555-0100"},
		{emergencyQuestions(nil)[0], Typed{"emergency_name": {"Rosa"}, "emergency_phone": {"312-555-0100"}}, "", "Rosa\n312-555-0100"},
		{emergencyQuestions(nil)[0], Typed{"emergency_name": {string(make([]byte, maxLine+1))}}, "checkin.long", string(make([]byte, maxLine+1))},
	} {
		err := check([]Question{c.q}, c.typed)
		got := ""
		if f, ok := fault.As(err); ok {
			got = f.Problems[0].Text
		}
		if got != c.bad || c.q.change(c.typed) != c.now {
			t.Errorf("%v: %q, %q", c.typed, got, c.q.change(c.typed))
		}
	}
}
