package ucum

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestUnitsInWords(t *testing.T) {
	for _, c := range []struct{ code, short, spoken, corto, hablado string }{
		{"mg/dL", "mg/dL", "milligrams per deciliter", "mg/dL", "miligramos por decilitro"},
		{"mm[Hg]", "mm Hg", "millimeters of mercury", "mm Hg", "milímetros de mercurio"},
		{"mmol/L", "mmol/L", "millimoles per liter", "mmol/L", "milimoles por litro"},
		{"{score}", "points", "points", "puntos", "puntos"},
		{"(score)", "points", "points", "puntos", "puntos"},
		{"cm", "cm", "centimeters", "cm", "centímetros"},
		{"kg", "kg", "kilograms", "kg", "kilogramos"},
		{"fL", "fL", "femtoliters", "fL", "femtolitros"},
		{"kg/m2", "kg/m²", "kilograms per square meter", "kg/m²", "kilogramos por metro cuadrado"},
		{"g/dL", "g/dL", "grams per deciliter", "g/dL", "gramos por decilitro"},
		{"%", "%", "percent", "%", "por ciento"},
		{"U/L", "U/L", "units per liter", "U/L", "unidades por litro"},
		{"10*3/uL", "10³/µL", "thousand per microliter", "10³/µL", "mil por microlitro"},
		{"10*6/uL", "10⁶/µL", "million per microliter", "10⁶/µL", "millones por microlitro"},
		{"10*9/L", "10⁹/L", "billion per liter", "10⁹/L", "mil millones por litro"},
		{"pg", "pg", "picograms", "pg", "picogramos"},
		{"mL/min/{1.73_m2}", "mL/min/1.73 m²", "milliliters per minute per 1.73 square meters", "mL/min/1.73 m²", "mililitros por minuto por 1.73 metros cuadrados"},
		{"kU/L", "kU/L", "kilounits per liter", "kU/L", "kilounidades por litro"},
		{"mL/min", "mL/min", "milliliters per minute", "mL/min", "mililitros por minuto"},
		{"g/L", "g/L", "grams per liter", "g/L", "gramos por litro"},
		{"Cel", "°C", "degrees Celsius", "°C", "grados Celsius"},
		{"[degF]", "°F", "degrees Fahrenheit", "°F", "grados Fahrenheit"},
		{"mg/g", "mg/g", "milligrams per gram", "mg/g", "miligramos por gramo"},
		{"mg/g{creat}", "mg/g of creatinine", "milligrams per gram of creatinine", "mg/g de creatinina", "miligramos por gramo de creatinina"},
		{"ng/mL", "ng/mL", "nanograms per milliliter", "ng/mL", "nanogramos por mililitro"},
		{"mm", "mm", "millimeters", "mm", "milímetros"},
		{"{T-score}", "T-score", "T-score", "puntaje T", "puntaje T"},
		{"pg/mL", "pg/mL", "picograms per milliliter", "pg/mL", "picogramos por mililitro"},
		{"{count}", "", "", "", ""},
		{"{nominal}", "", "", "", ""},
		{"1", "", "", "", ""},
		{"pH", "pH", "pH", "pH", "pH"},
		{"{pack-years}", "pack-years", "pack-years", "paquetes-año", "paquetes-año"},
		{"L/min", "L/min", "liters per minute", "L/min", "litros por minuto"},
		{"m/(6.min)", "m/6 min", "meters per 6 minutes", "m/6 min", "metros por 6 minutos"},
		{"ml", "mL", "milliliters", "mL", "mililitros"},
		{"/min", "per minute", "per minute", "por minuto", "por minuto"},
		{"{beats}/min", "beats/min", "beats per minute", "latidos/min", "latidos por minuto"},
		{"bpm", "beats/min", "beats per minute", "latidos/min", "latidos por minuto"},
		{"/[HPF]", "per high-power field", "per high-power field", "por campo de gran aumento", "por campo de gran aumento"},
		{"/100{WBC}", "per 100 white blood cells", "per 100 white blood cells", "por 100 glóbulos blancos", "por 100 glóbulos blancos"},
		{"meq/L", "mEq/L", "milliequivalents per liter", "mEq/L", "miliequivalentes por litro"},
		{"mEq/L", "mEq/L", "milliequivalents per liter", "mEq/L", "miliequivalentes por litro"},
		{"u[iU]/mL", "µIU/mL", "microinternational units per milliliter", "µIU/mL", "microunidades internacionales por mililitro"},
		{"µg/dL", "µg/dL", "micrograms per deciliter", "µg/dL", "microgramos por decilitro"},
		{"[lb_av]", "lb", "pounds", "lb", "libras"},
		{"[in_i]", "in", "inches", "in", "pulgadas"},
		{"[cfu]/mL", "CFU/mL", "colonies per milliliter", "CFU/mL", "colonias por mililitro"},
		{"ng/mL{FEU}", "ng/mL FEU", "nanograms per milliliter FEU", "ng/mL FEU", "nanogramos por mililitro FEU"},
		{"furlong", "furlong", "furlong", "furlong", "furlong"},
	} {
		short, spoken := Words(c.code, "en")
		corto, hablado := Words(c.code, "es")
		if short != c.short || spoken != c.spoken || corto != c.corto || hablado != c.hablado {
			t.Errorf("%s: %q %q %q %q", c.code, short, spoken, corto, hablado)
		}
	}
}

func TestOneUnitWrittenTwoWays(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"10*3/uL", "10*9/L", true}, {"10^3/uL", "10*3/uL", true}, {"K/uL", "10*9/L", true}, {"g/L", "mg/mL", true}, {"ug/mL", "mg/L", true}, {"mL", "cm3", true},
		{"mmHg", "mm[Hg]", true}, {"ml", "mL", true}, {"µg/L", "mcg/L", true}, {"m[iU]/L", "u[iU]/mL", true}, {"[IU]/L", "[iU]/L", true}, {"kg.m-2", "kg/m2", true}, {"mg/(dL)", "mg/dL", true},
		{"furlong", "furlong", true}, {"{copies}/mL", "copies/mL", true},
		{"mg/dL", "g/L", false}, {"mg/dL", "mmol/L", false}, {"U/L", "[iU]/L", false}, {"meq/L", "mmol/L", false}, {"mL/min", "mL/min/{1.73_m2}", false},
		{"ng/mL{FEU}", "ng/mL{DDU}", false}, {"{score}", "{count}", false}, {"%", "1", false}, {"Cel", "[degF]", false}, {"Cel", "K", false}, {"furlong", "mile", false}, {"m", "M", false},
	} {
		if Same(c.a, c.b) != c.same || Same(c.b, c.a) != c.same {
			t.Errorf("%s and %s: %v", c.a, c.b, !c.same)
		}
	}
}

func TestConvertsOnlyWhereExact(t *testing.T) {
	for _, c := range []struct{ value, from, to, want string }{
		{"7.0", "g/dL", "g/L", "70"}, {"126", "mg/dL", "g/L", "1.26"}, {"1.26", "g/L", "mg/dL", "126"}, {"7", "g/L", "mg/dL", "700"}, {"0.0", "g/dL", "g/L", "0"},
		{"5.20", "10*3/uL", "10*9/L", "5.20"}, {"232", "10*3/uL", "/uL", "232000"}, {"12.345", "g/L", "mg/dL", "1234.5"}, {"-1.5", "mmol/L", "umol/L", "-1500"},
		{"70", "kg", "[lb_av]", "154"}, {"70.5", "kg", "[lb_av]", "155.4"}, {"1", "[lb_av]", "g", "454"}, {"150.00", "[lb_av]", "kg", "68.04"}, {"16", "[oz_av]", "[lb_av]", "1.0"},
		{"165.1", "cm", "[in_i]", "65.0"}, {"65.0", "[in_i]", "cm", "165.1"}, {"5", "[ft_i]", "[in_i]", "60"},
		{"98.6", "[degF]", "Cel", "37.0"}, {"37.0", "Cel", "[degF]", "98.6"}, {"-40", "Cel", "[degF]", "-40"}, {"3e2", "mg/dL", "g/L", "3"}, {"1.2E1", "g/dL", "g/L", "120"},
		{"5", "%", "1", "0.05"}, {"90", "min", "h", "1.50"}, {"1.50", "km", "m", "1500"},
		{"126", "mg/dL", "mmol/L", ""}, {"5", "U/L", "[iU]/L", ""}, {"5", "U/L", "nkat/L", ""}, {"5", "mm[Hg]", "kPa", ""}, {"37", "Cel", "K", ""}, {"1", "a", "d", ""},
		{"5", "meq/L", "mmol/L", ""}, {"90", "mL/min", "mL/min/{1.73_m2}", ""}, {"1", "Cel/d", "[degF]/d", ""}, {"<5", "g/dL", "g/L", ""}, {"1/3", "g/dL", "g/L", ""}, {"0x10", "g/dL", "g/L", ""}, {"", "g", "kg", ""},
		{"1e999999", "g", "kg", ""}, {"1_0", "g", "kg", ""}, {"NaN", "g", "kg", ""},
	} {
		got, ok := Convert(c.value, c.from, c.to)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%s %s in %s: %q %v, want %q", c.value, c.from, c.to, got, ok, c.want)
		}
	}
}

func TestFactors(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"g/L", "mg/dL", "100/1"}, {"[lb_av]", "kg", "45359237/100000000"}, {"[in_i]", "cm", "127/50"}, {"Cel", "[degF]", ""}, {"mg/dL", "mmol/L", ""}, {"Cel", "Cel", "1/1"},
	} {
		got := ""
		if a, b, ok := pair(c.from, c.to); ok {
			if f, shift := between(a, b); shift.Sign() == 0 { // else scales with different zeros
				got = f.String()
			}
		}
		if got != c.want {
			t.Errorf("%s to %s: %q, want %q", c.from, c.to, got, c.want)
		}
	}
}

func TestWhatIsNoUnit(t *testing.T) {
	for _, s := range []string{"", " ", "/", "mg/", "mg//dL", "(mg", "mg)", "()", "{}", "{a", "mg{a{b}", "xyz", "mg dL", "10*", "10*99", "g99", "g0", "0", "99999", "kmin", "[in_i", "k%", "((((((g))))))", strings.Repeat("g.", 40) + "g"} {
		if _, err := Parse(s); err == nil {
			t.Errorf("%q is a unit", s)
		}
	}
}

func TestEverySymbolHasWords(t *testing.T) {
	for _, s := range slices.Sorted(maps.Keys(atoms)) {
		for _, lang := range []string{"en", "es"} {
			if short, spoken := Words(s, lang); short == "" || spoken == "" {
				t.Errorf("%s has no words in %s", s, lang)
			}
		}
	}
	for spelling, code := range spellings {
		if _, err := Parse(code); err != nil {
			t.Errorf("%s stands for %s, which is no unit", spelling, code)
		}
	}
}

// Every unit of the sample charts is known.
func TestUnitsOfRealCharts(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "data")
	if _, err := os.Stat(root); err != nil {
		t.Skip("no sample data")
	}
	seen := map[string]int{}
	for _, dir := range []string{"fhir-synthea", "fhir-uscore"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.Contains(path, ".json") {
				return err
			}
			return unitsOf(path, seen)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d units found", len(seen))
	}
	for code, n := range seen {
		if _, err := Parse(code); err != nil {
			t.Errorf("%q, %d times, is not known", code, n)
		}
	}
	t.Logf("%d units", len(seen))
}

func unitsOf(path string, seen map[string]int) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var r io.Reader = bufio.NewReader(f)
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			return err
		}
	}
	var doc any
	if err := json.NewDecoder(r).Decode(&doc); err != nil {
		return err
	}
	walk(doc, seen)
	return nil
}

func walk(v any, seen map[string]int) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			walk(x, seen)
		}
	case map[string]any:
		if code, ok := v["code"].(string); ok && v["system"] == "http://unitsofmeasure.org" {
			seen[code]++
		}
		for _, x := range v {
			walk(x, seen)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"mg/dL", "10*3/uL", "m/(6.min)", "mL/min/{1.73_m2}", "/100{WBC}", "[in_i]", "kg.m-2", "(((", "10*-12"} {
		f.Add(s, "1.50")
	}
	f.Fuzz(func(t *testing.T, code, value string) {
		Words(code, "es")
		if !Same(code, code) {
			t.Error("a unit is not itself")
		}
		if _, err := Parse(code); err != nil {
			return
		}
		if got, ok := Convert(value, code, code); ok && got != value {
			t.Errorf("%s %s in itself is %s", value, code, got)
		}
	})
}

func BenchmarkWords(b *testing.B) {
	for b.Loop() {
		Words("10*3/uL", "en")
	}
}
