package notify

import "strings"

// Segments counts the parts in which a text message travels, each paid for: 160
// letters of the alphabet of 3GPP TS 23.038 fit into one, 153 into each of
// several; with any other letter it is 70 and 67 (TS 23.040). size is how many
// places the text takes.
func Segments(text string) (parts, size int) {
	one, each := 160, 153
	for _, r := range text {
		switch {
		case strings.ContainsRune(basicLetters, r):
			size++
		case strings.ContainsRune(extraLetters, r):
			size += 2
		default:
			one, each = 70, 67
		}
	}
	if one == 70 {
		size = 0
		for _, r := range text {
			if size++; r > 0xffff {
				size++ // a pair of UTF-16
			}
		}
	}
	if size <= one {
		return 1, size
	}
	return (size + each - 1) / each, size
}

// The default alphabet of 3GPP TS 23.038, 6.2.1, and what takes an escape before it.
const (
	basicLetters = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	extraLetters = "^{}\\[~]|€"
)
