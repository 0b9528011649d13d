package page

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// pairs are all places where one colour must be told from another, with the
// least contrast: 7 for text to read at length, 4.5 for other text (WCAG 1.4.3),
// 3 for the edges of controls and for focus (1.4.11).
var pairs = []struct {
	front, back string
	least       float64
}{
	{"ink", "canvas", 7}, {"ink", "surface", 7}, {"ink", "sunk", 7}, {"ink", "brand-tint", 7},
	{"ink", "info-tint", 7}, {"ink", "ok-tint", 7}, {"ink", "warn-tint", 7}, {"ink", "bad-tint", 7},
	{"ink-2", "canvas", 7}, {"ink-2", "surface", 7}, {"ink-2", "sunk", 4.5}, {"ink-2", "ok-tint", 4.5}, {"ink-2", "brand-tint", 4.5},
	{"brand", "surface", 7}, {"brand", "canvas", 7}, {"brand", "brand-tint", 4.5}, {"brand-strong", "brand-tint", 7},
	{"brand", "info-tint", 4.5}, {"brand", "ok-tint", 4.5}, {"brand", "warn-tint", 4.5}, {"brand", "bad-tint", 4.5}, {"brand", "sunk", 4.5},
	{"brand-strong", "surface", 7}, {"brand-strong", "canvas", 7}, {"brand-strong", "sunk", 4.5},
	{"on-brand", "brand", 7}, {"on-brand", "brand-strong", 7},
	{"on-deep", "deep", 7}, {"on-deep", "deep-tile", 4.5}, {"on-deep-2", "deep", 4.5},
	{"info", "info-tint", 4.5}, {"ok", "ok-tint", 4.5}, {"warn", "warn-tint", 4.5}, {"bad", "bad-tint", 4.5},
	{"bad", "surface", 4.5}, {"bad", "canvas", 4.5}, {"on-bad", "bad", 4.5}, {"on-bad", "bad-strong", 4.5},
	{"line-strong", "surface", 3}, {"line-strong", "canvas", 3}, {"line-strong", "sunk", 3},
	{"focus", "canvas", 3}, {"focus", "surface", 3}, {"focus", "focus-gap", 3}, {"focus", "brand-tint", 3},
	{"bad", "line", 1}, {"ok", "surface", 3}, {"warn", "surface", 3},
	{"ink", "band", 7}, {"ok", "band", 4.5}, {"brand", "band", 3}, {"info", "band", 3}, {"warn", "band", 3}, {"info", "surface", 3}, {"ok", "sunk", 3},
}

var declared = regexp.MustCompile(`--([a-z0-9-]+):\s*(#[0-9A-Fa-f]{6})`)

// tokens reads the light theme and the dark theme from the source sheet.
func tokens(t *testing.T) (light, dark map[string]rgb) {
	t.Helper()
	b, err := os.ReadFile("../../assets/css/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	lightText, rest, _ := strings.Cut(string(b), "@media (prefers-color-scheme: dark)")
	bySystem, byChoice, _ := strings.Cut(rest, `:root[data-theme="dark"]`)
	light, dark = colours(t, lightText), colours(t, byChoice)
	system := colours(t, bySystem)
	for name, c := range system {
		if dark[name] != c {
			t.Errorf("--%s differs between the system's dark and the chosen dark", name)
		}
	}
	if len(system) != len(dark) {
		t.Errorf("%d dark colours by system, %d by choice", len(system), len(dark))
	}
	for name, c := range light {
		if _, ok := dark[name]; !ok {
			dark[name] = c
		}
	}
	return light, dark
}

func colours(t *testing.T, css string) map[string]rgb {
	t.Helper()
	out := map[string]rgb{}
	for _, m := range declared.FindAllStringSubmatch(css, -1) {
		c, err := parseColour(m[2])
		if err != nil {
			t.Fatal(m[0], err)
		}
		out[m[1]] = c
	}
	return out
}

func checkPairs(t *testing.T, theme string, c map[string]rgb) {
	t.Helper()
	for _, p := range pairs {
		front, ok1 := c[p.front]
		back, ok2 := c[p.back]
		if !ok1 || !ok2 {
			t.Fatalf("%s has no --%s or no --%s", theme, p.front, p.back)
		}
		if r := contrast(front, back); r < p.least {
			t.Errorf("%s: --%s %s on --%s %s has %.2f:1, needs %.1f:1", theme, p.front, front.hex(), p.back, back.hex(), r, p.least)
		}
	}
}

func TestEveryPairOfColoursHasContrast(t *testing.T) {
	light, dark := tokens(t)
	checkPairs(t, "light", light)
	checkPairs(t, "dark", dark)
}

func TestThemeStandsOnTheGroundsOfTheSheet(t *testing.T) {
	light, dark := tokens(t)
	for _, g := range []struct {
		name, value string
		from        map[string]rgb
	}{{"surface", lightSurface, light}, {"canvas", lightCanvas, light}, {"surface", darkSurface, dark}, {"canvas", darkCanvas, dark}} {
		if g.from[g.name].hex() != g.value {
			t.Errorf("theme.go thinks --%s is %s, the sheet says %s", g.name, g.value, g.from[g.name].hex())
		}
	}
}

// Any colour a clinic brings gives a theme in which everything can be read.
func TestThemeOfAnyColourHasContrast(t *testing.T) {
	light, dark := tokens(t)
	steps := []float64{0, 1. / 3, 2. / 3, 1}
	tried := []rgb{mustColour("#0B5C63"), mustColour("#E06000"), mustColour("#FFEE00"), mustColour("#7F7F7F")}
	for _, r := range steps {
		for _, g := range steps {
			for _, b := range steps {
				tried = append(tried, rgb{r, g, b})
			}
		}
	}
	for _, c := range tried {
		checkPairs(t, "light theme of "+c.hex(), with(light, lightTokens(c.lch())))
		checkPairs(t, "dark theme of "+c.hex(), with(dark, darkTokens(c.lch())))
		if t.Failed() {
			return
		}
	}
}

func with(base map[string]rgb, ts []token) map[string]rgb {
	out := make(map[string]rgb, len(base))
	for k, v := range base {
		out[k] = v
	}
	for _, t := range ts {
		out[t.name] = t.value
	}
	return out
}

func TestThemeRefusesWhatIsNoColour(t *testing.T) {
	for _, bad := range []string{"", "teal", "#12", "#12345", "#GG0000", "0b5c63;}body{display:none", "#1234567"} {
		if css, err := Theme(bad); err == nil || css != nil {
			t.Errorf("Theme(%q) = %q, %v", bad, css, err)
		}
	}
	a, err := Theme("#0b5c63")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := Theme(" 0B5C63"); err != nil || string(a) != string(b) {
		t.Errorf("the same colour gives two sheets: %s %s %v", a, b, err)
	}
}

func TestDrawingsHaveTheColoursOfTheSheet(t *testing.T) {
	sheetLight, sheetDark := tokens(t)
	light, dark, err := Swatches("")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sheet map[string]rgb
		s     Swatch
	}{{sheetLight, light}, {sheetDark, dark}} {
		for name, hex := range map[string]string{"canvas": c.s.Canvas, "surface": c.s.Surface, "ink": c.s.Ink, "brand": c.s.Brand, "on-brand": c.s.OnBrand} {
			if got := c.sheet[name].hex(); got != hex {
				t.Errorf("--%s is %s, drawn as %s", name, got, hex)
			}
		}
	}
}

// Whatever colour is called good enough is, and the one offered instead is too.
func TestAColourIsMeasuredAsPagesShowIt(t *testing.T) {
	for hex, enough := range map[string]bool{"#0B5C63": true, "#000000": true, "#FFFFFF": false, "#FFD166": false, "#E91E63": false, "#1F3BD6": true} {
		c, err := CheckColour(hex)
		if err != nil || c.Enough != enough {
			t.Errorf("%s: %+v %v", hex, c, err)
		}
		if near, err := CheckColour(c.Nearest); err != nil || !near.Enough {
			t.Errorf("%s: %s is offered instead: %+v %v", hex, c.Nearest, near, err)
		}
	}
	if _, err := CheckColour("red"); err == nil {
		t.Error("red was measured")
	}
}
