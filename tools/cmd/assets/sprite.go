package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

var (
	svgInner   = regexp.MustCompile(`(?s)<svg[^>]*>(.*)</svg>`)
	whitespace = regexp.MustCompile(`\s+`)
)

// sprite gathers every icon into one file of symbols, so a page asks for one
// file and names an icon by a fragment. The id of a symbol is its file's name.
func (b *builder) sprite() error {
	files, err := filepath.Glob(filepath.Join(b.from, "icons", "*.svg"))
	if err != nil {
		return err
	}
	sort.Strings(files)
	var out strings.Builder
	out.WriteString(`<svg xmlns="http://www.w3.org/2000/svg">`)
	for _, f := range files {
		src, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		m := svgInner.FindSubmatch(src)
		if m == nil {
			return fmt.Errorf("%s is not an SVG picture", f)
		}
		body := strings.ReplaceAll(strings.TrimSpace(whitespace.ReplaceAllString(string(m[1]), " ")), "> <", "><")
		body = strings.ReplaceAll(body, " />", "/>")
		fmt.Fprintf(&out, `<symbol id="%s" viewBox="0 0 24 24">%s</symbol>`, strings.TrimSuffix(filepath.Base(f), ".svg"), body)
	}
	out.WriteString("</svg>\n")
	return b.put("icons.svg", []byte(out.String()))
}
