package pdf

import (
	_ "embed"
	"encoding/binary"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

//go:embed fonts/next-regular.ttf
var nextRegular []byte

//go:embed fonts/next-bold.ttf
var nextBold []byte

//go:embed fonts/mono-semibold.ttf
var monoSemibold []byte

// Face is one of the embedded fonts.
type Face int

const (
	Regular Face = iota // Atkinson Hyperlegible Next 400
	Bold                // Atkinson Hyperlegible Next 700
	Mono                // Atkinson Hyperlegible Mono 600, for codes and addresses typed by hand
)

var faces = [...]struct {
	family string
	ttf    []byte
	covers map[rune]bool
}{
	Regular: {"next", nextRegular, coverage(nextRegular)},
	Bold:    {"nextbold", nextBold, coverage(nextBold)},
	Mono:    {"mono", monoSemibold, coverage(monoSemibold)},
}

// Unprintable stands for a character that none of the fonts has.
const Unprintable = '?'

// stands replaces characters the fonts lack by ones that read the same.
var stands = map[rune]rune{
	'\u2010': '-', '\u2011': '-', '\u2012': '–', '\u2015': '—', '\u2212': '−',
	'\u2000': ' ', '\u2001': ' ', '\u2002': ' ', '\u2003': ' ', '\u2004': ' ', '\u2005': ' ',
	'\u2006': ' ', '\u2007': '\u00a0', '\u2008': ' ', '\u2009': ' ', '\u200a': ' ', '\u202f': '\u00a0',
	'\u3000': ' ', '\u2028': ' ', '\u2029': ' ', '\u0085': ' ', '\u02bc': '’', '\u02b9': '’',
}

// Clean makes any string drawable in face: broken UTF-8 and characters outside
// the font are replaced, first by the same letter without its rarer accents, at
// last by Unprintable; lost counts the latter. Controls become spaces, so a
// value cannot break out of its line; invisible and direction-changing
// characters go, so what is printed is what is read aloud.
func Clean(face Face, s string) (out string, lost int) {
	var b strings.Builder
	for _, r := range norm.NFC.String(strings.ToValidUTF8(s, "\ufffd")) {
		lost += appendRune(&b, faces[face].covers, r)
	}
	return b.String(), lost
}

func appendRune(b *strings.Builder, covers map[rune]bool, r rune) (lost int) {
	if s, ok := stands[r]; ok {
		r = s
	}
	switch {
	case unicode.IsControl(r):
		b.WriteByte(' ')
	case unicode.Is(unicode.Cf, r), unicode.Is(unicode.Mn, r):
		// Invisible, or an accent no letter was waiting for.
	case covers[r]:
		b.WriteRune(r)
	default:
		return appendBase(b, covers, r)
	}
	return 0
}

// appendBase writes r with as many of its accents as the font has: "ễ" as "ê".
func appendBase(b *strings.Builder, covers map[rune]bool, r rune) (lost int) {
	parts := []rune(norm.NFKD.String(string(r)))
	for n := len(parts); n > 0; n-- {
		whole := []rune(norm.NFC.String(string(parts[:n])))
		if len(whole) == 1 && covers[whole[0]] {
			b.WriteRune(whole[0])
			return 0
		}
	}
	b.WriteRune(Unprintable)
	return 1
}

// coverage lists the characters of a TrueType file, from its format 4 "cmap"
// table (OpenType 1.9, "cmap"). The files are ours, so their shape is known;
// TestFontsHaveEveryLetterWeWrite would fail on another.
func coverage(ttf []byte) map[rune]bool {
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(ttf[at:])) }
	u32 := func(at int) int { return int(binary.BigEndian.Uint32(ttf[at:])) }
	out := map[rune]bool{}
	for i := range u16(4) {
		entry := 12 + 16*i
		if string(ttf[entry:entry+4]) != "cmap" {
			continue
		}
		cmap := u32(entry + 8)
		for j := range u16(cmap + 2) {
			sub := cmap + u32(cmap+4+8*j+4)
			if u16(sub) == 4 {
				readSegments(u16, sub, out)
			}
		}
	}
	return out
}

func readSegments(u16 func(int) int, sub int, out map[rune]bool) {
	n := u16(sub+6) / 2
	ends, starts, deltas, offsets := sub+14, sub+16+2*n, sub+16+4*n, sub+16+6*n
	for i := range n {
		first, last, delta, off := u16(starts+2*i), u16(ends+2*i), u16(deltas+2*i), u16(offsets+2*i)
		for c := first; c <= last && c != 0xffff; c++ {
			glyph := (c + delta) & 0xffff
			if off != 0 {
				if glyph = u16(offsets + 2*i + off + 2*(c-first)); glyph != 0 {
					glyph = (glyph + delta) & 0xffff
				}
			}
			if glyph != 0 {
				out[rune(c)] = true
			}
		}
	}
}
