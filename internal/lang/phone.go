package lang

import "strings"

// Phone writes a stored number the way people of North America write it, (413)
// 555-0100, in both languages; any other stays as it is.
func Phone(number string) string {
	d, ok := strings.CutPrefix(number, "+1")
	d, extension, _ := strings.Cut(d, "x")
	if !ok || len(d) != 10 || strings.Trim(d, "0123456789") != "" {
		return number
	}
	out := "(" + d[:3] + ") " + d[3:6] + "-" + d[6:]
	if extension != "" {
		out += " x" + extension
	}
	return out
}
