package page

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ErrColour means a text that is no colour of the form #RRGGBB or #RGB.
var ErrColour = errors.New("a colour is written as #RRGGBB, for example #0B5C63")

// rgb is a colour of the screen, each part 0 to 1, gamma encoded.
type rgb struct{ r, g, b float64 }

func parseColour(text string) (rgb, error) {
	h := strings.TrimPrefix(strings.TrimSpace(text), "#")
	if len(h) == 3 {
		h = string([]byte{h[0], h[0], h[1], h[1], h[2], h[2]})
	}
	n, err := strconv.ParseUint(h, 16, 32)
	if len(h) != 6 || err != nil {
		return rgb{}, ErrColour
	}
	return rgb{float64(n>>16) / 255, float64(n>>8&255) / 255, float64(n&255) / 255}, nil
}

func (c rgb) hex() string {
	part := func(v float64) int { return int(math.Round(min(max(v, 0), 1) * 255)) }
	return fmt.Sprintf("#%02X%02X%02X", part(c.r), part(c.g), part(c.b))
}

// round gives the colour a browser will really show.
func (c rgb) round() rgb {
	out, err := parseColour(c.hex())
	if err != nil {
		panic(err) // hex writes what parseColour reads
	}
	return out
}

func linear(v float64) float64 {
	if v <= 0.04045 {
		return v / 12.92
	}
	return math.Pow((v+0.055)/1.055, 2.4)
}

func gamma(v float64) float64 {
	if v <= 0.0031308 {
		return 12.92 * v
	}
	return 1.055*math.Pow(v, 1/2.4) - 0.055
}

// luminance is the relative luminance of WCAG 2.2.
func (c rgb) luminance() float64 {
	return 0.2126*linear(c.r) + 0.7152*linear(c.g) + 0.0722*linear(c.b)
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b rgb) float64 {
	x, y := a.luminance(), b.luminance()
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// lch is a colour of OKLCH: lightness 0 to 1, chroma, hue in radians. Changing
// lightness there keeps the hue a person sees (Björn Ottosson, "A perceptual
// color space for image processing", 2020; CSS Color 4 section 9.3).
type lch struct{ l, c, h float64 }

func (c rgb) lch() lch {
	r, g, b := linear(c.r), linear(c.g), linear(c.b)
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	A := 1.9779984951*l - 2.4285922050*m + 0.4505937099*s
	B := 0.0259040371*l + 0.7827717662*m - 0.8086757660*s
	return lch{0.2104542553*l + 0.7936177850*m - 0.0040720468*s, math.Hypot(A, B), math.Atan2(B, A)}
}

// rgb finds the screen colour nearest to c, giving up chroma, never lightness
// or hue, where the screen cannot show it.
func (c lch) rgb() rgb {
	for c.c > 0 {
		if out, ok := c.exact(); ok {
			return out.round()
		}
		c.c = max(c.c-0.004, 0)
	}
	out, _ := c.exact()
	return out.round()
}

func (c lch) exact() (out rgb, inGamut bool) {
	A, B := c.c*math.Cos(c.h), c.c*math.Sin(c.h)
	cube := func(v float64) float64 { return v * v * v }
	l := cube(c.l + 0.3963377774*A + 0.2158037573*B)
	m := cube(c.l - 0.1055613458*A - 0.0638541728*B)
	s := cube(c.l - 0.0894841775*A - 1.2914855480*B)
	r := 4.0767416621*l - 3.3077115913*m + 0.2309699292*s
	g := -1.2684380046*l + 2.6097574011*m - 0.3413193965*s
	b := -0.0041960863*l - 0.7034186147*m + 1.7076147010*s
	const slack = 1e-4
	inGamut = min(r, g, b) >= -slack && max(r, g, b) <= 1+slack
	return rgb{gamma(max(r, 0)), gamma(max(g, 0)), gamma(max(b, 0))}, inGamut
}
