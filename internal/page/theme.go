package page

import (
	"bytes"
	"fmt"
)

// The grounds a clinic's colour stands on; tokens.css has the same values and a
// test compares them.
const (
	lightSurface = "#FFFFFF"
	lightCanvas  = "#F6F4EF"
	darkSurface  = "#17282C"
	darkCanvas   = "#0F1B1E"
)

// textContrast is WCAG 2.2's enhanced contrast (1.4.6), which links and buttons
// reach whatever colour a clinic brings; leastContrast is the minimum (1.4.3).
const (
	textContrast  = 7.0
	leastContrast = 4.5
)

// token is one colour of a theme under its name in tokens.css.
type token struct {
	name  string
	value rgb
}

// Theme makes the style sheet of a clinic from its one colour, written as
// #RRGGBB: links and buttons, their hover, tints, the deep ground and the
// landscape, for light and dark. The colour is darkened (or lightened, on dark)
// until text in it is read with a contrast of 7:1. The same colour gives the
// same bytes. A text that is no colour is refused with ErrColour.
func Theme(brandHex string) ([]byte, error) {
	c, err := parseColour(brandHex)
	if err != nil {
		return nil, err
	}
	base := c.lch()
	light, dark := lightTokens(base), darkTokens(base)
	var b bytes.Buffer
	b.WriteString("@media screen{:root{")
	writeTokens(&b, light)
	b.WriteString("}:root[data-theme=\"dark\"]{")
	writeTokens(&b, dark)
	b.WriteString("}}@media screen and (prefers-color-scheme:dark){:root:not([data-theme=\"light\"]){")
	writeTokens(&b, dark)
	b.WriteString("}}\n")
	return b.Bytes(), nil
}

func writeTokens(b *bytes.Buffer, ts []token) {
	for i, t := range ts {
		if i > 0 {
			b.WriteByte(';')
		}
		fmt.Fprintf(b, "--%s:%s", t.name, t.value.hex())
	}
}

// lightTokens derives the light theme. Lightness steps are those of the
// built-in theme, so that any colour looks equally weighted.
func lightTokens(base lch) []token {
	white := mustColour(lightSurface)
	brand := reach(base, -0.005, textContrast, white, mustColour(lightCanvas))
	tint := lch{0.945, min(base.c, 0.022), base.h}
	deep := lch{0.375, min(base.c, 0.1), base.h}
	return []token{
		{"brand", brand.rgb()},
		{"brand-strong", lch{brand.l - 0.075, brand.c, base.h}.rgb()},
		{"brand-tint", tint.rgb()},
		{"on-brand", white},
		{"deep", deep.rgb()},
		{"deep-tile", lch{0.44, deep.c, base.h}.rgb()},
		{"on-deep", white},
		{"on-deep-2", lch{0.92, min(base.c, 0.03), base.h}.rgb()},
		{"art-1", lch{0.51, min(base.c, 0.1), base.h}.rgb()},
		{"art-2", lch{0.6, min(base.c, 0.1), base.h}.rgb()},
		{"art-3", lch{0.76, min(base.c, 0.08), base.h}.rgb()},
		{"art-4", lch{0.9, min(base.c, 0.04), base.h}.rgb()},
	}
}

func darkTokens(base lch) []token {
	start := lch{max(base.l, 0.78), min(base.c, 0.12), base.h}
	brand := reach(start, 0.005, textContrast, mustColour(darkSurface), mustColour(darkCanvas))
	deep := lch{0.365, min(base.c, 0.08), base.h}
	return []token{
		{"brand", brand.rgb()},
		{"brand-strong", lch{min(brand.l+0.07, 0.97), brand.c, base.h}.rgb()},
		{"brand-tint", lch{0.32, min(base.c, 0.04), base.h}.rgb()},
		{"on-brand", lch{0.22, min(base.c, 0.04), base.h}.rgb()},
		{"deep", deep.rgb()},
		{"deep-tile", lch{0.32, deep.c, base.h}.rgb()},
		{"on-deep", mustColour("#FFFFFF")},
		{"on-deep-2", lch{0.92, min(base.c, 0.03), base.h}.rgb()},
		{"art-1", lch{0.42, min(base.c, 0.08), base.h}.rgb()},
		{"art-2", lch{0.5, min(base.c, 0.08), base.h}.rgb()},
		{"art-3", lch{0.6, min(base.c, 0.08), base.h}.rgb()},
		{"art-4", lch{0.71, min(base.c, 0.07), base.h}.rgb()},
	}
}

// reach changes c's lightness by step until it stands out from every ground by
// ratio. Black and white end the walk, and one of them always does.
func reach(c lch, step, ratio float64, grounds ...rgb) lch {
	for ; c.l > 0 && c.l < 1; c.l += step {
		enough := true
		for _, g := range grounds {
			enough = enough && contrast(c.rgb(), g) >= ratio
		}
		if enough {
			return c
		}
	}
	return lch{min(max(c.l, 0), 1), 0, c.h}
}

func mustColour(hex string) rgb {
	c, err := parseColour(hex)
	if err != nil {
		panic(err)
	}
	return c
}
