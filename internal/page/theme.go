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
	lightInk     = "#14262B"
	darkInk      = "#EAF2F2"
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

// ColourCheck says how well a clinic's colour can be read.
type ColourCheck struct {
	Light   float64 // contrast of the colour with the light grounds; text on it is white
	Dark    float64 // contrast of its lighter form with the dark grounds
	Enough  bool    // both reach WCAG 2.2 AA for text, 4.5
	Nearest string  // the nearest colour of the same hue that does, #RRGGBB
}

// CheckColour measures a colour, written as #RRGGBB, as a clinic chose it. A text
// that is no colour is refused with ErrColour.
func CheckColour(brandHex string) (ColourCheck, error) {
	c, err := parseColour(brandHex)
	if err != nil {
		return ColourCheck{}, err
	}
	white, canvas := mustColour(lightSurface), mustColour(lightCanvas)
	dark := darkTokens(c.lch())[0].value
	out := ColourCheck{Light: min(contrast(c, white), contrast(c, canvas)),
		Dark:    min(contrast(dark, mustColour(darkSurface)), contrast(dark, mustColour(darkCanvas))),
		Nearest: reach(c.lch(), -0.005, leastContrast, white, canvas).rgb().hex()}
	out.Enough = out.Light >= leastContrast && out.Dark >= leastContrast
	if out.Enough {
		out.Nearest = c.hex()
	}
	return out, nil
}

// Brand is the clinic's colour as its light theme shows it, #RRGGBB: for what is
// printed or mailed. "" gives the built-in one.
func Brand(brandHex string) (string, error) {
	if brandHex == "" {
		return builtInBrand, nil
	}
	c, err := parseColour(brandHex)
	if err != nil {
		return "", err
	}
	return lightTokens(c.lch())[0].value.hex(), nil
}

// --brand of tokens.css, and --on-brand in the dark.
const (
	builtInBrand  = "#0B5C63"
	builtInDark   = "#7AD0CB"
	builtInOnDark = "#06211F"
)

// Swatch is what a drawing of one theme is made of, each #RRGGBB.
type Swatch struct{ Canvas, Surface, Ink, Brand, OnBrand string }

// Swatches gives both themes of a clinic's colour; "" is the built-in one.
func Swatches(brandHex string) (light, dark Swatch, err error) {
	light = Swatch{lightCanvas, lightSurface, lightInk, builtInBrand, lightSurface}
	dark = Swatch{darkCanvas, darkSurface, darkInk, builtInDark, builtInOnDark}
	if brandHex == "" {
		return light, dark, nil
	}
	c, err := parseColour(brandHex)
	if err != nil {
		return light, dark, err
	}
	l, d := lightTokens(c.lch()), darkTokens(c.lch())
	light.Brand, light.OnBrand = l[0].value.hex(), l[3].value.hex()
	dark.Brand, dark.OnBrand = d[0].value.hex(), d[3].value.hex()
	return light, dark, nil
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
