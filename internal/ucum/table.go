package ucum

import "strings"

// name is a word in its two numbers.
type name struct{ one, many string }

// atom is a unit symbol of UCUM.
type atom struct {
	size   string         // in the base units of dims, an exact fraction
	dims   map[string]int // base unit and power
	metric bool           // takes prefixes
	short  string         // how it is shown, "" for its symbol
	en, es name
}

type prefix struct {
	power      int
	en, es     string
	plainShort string // how it is shown, "" for itself
}

var prefixes = map[string]prefix{
	"T": {12, "tera", "tera", ""}, "G": {9, "giga", "giga", ""}, "M": {6, "mega", "mega", ""}, "k": {3, "kilo", "kilo", ""},
	"h": {2, "hecto", "hecto", ""}, "da": {1, "deca", "deca", ""}, "d": {-1, "deci", "deci", ""}, "c": {-2, "centi", "centi", ""},
	"m": {-3, "milli", "mili", ""}, "u": {-6, "micro", "micro", "µ"}, "n": {-9, "nano", "nano", ""}, "p": {-12, "pico", "pico", ""},
	"f": {-15, "femto", "femto", ""}, "a": {-18, "atto", "atto", ""},
}

func dim(names ...string) map[string]int {
	m := map[string]int{}
	for _, n := range names {
		m[n]++
	}
	return m
}

// own is a unit that is like no other: it has no factor to anything.
func own(symbol string, metric bool, short string, en, es name) atom {
	return atom{"1", dim(symbol), metric, short, en, es}
}

// atoms are the units met in laboratory reports and vital signs. Sizes are the
// definitions of the UCUM tables (ucum.org/ucum, 2.2), which for inch and pound
// are those of the agreement of 1959.
var atoms = map[string]atom{
	"m":   {"1", dim("m"), true, "", name{"meter", "meters"}, name{"metro", "metros"}},
	"g":   {"1", dim("g"), true, "", name{"gram", "grams"}, name{"gramo", "gramos"}},
	"s":   {"1", dim("s"), true, "", name{"second", "seconds"}, name{"segundo", "segundos"}},
	"K":   own("K", true, "", name{"kelvin", "kelvins"}, name{"kelvin", "kelvin"}),
	"mol": {"1", dim("mol"), true, "", name{"mole", "moles"}, name{"mol", "moles"}},
	"L":   {"1/1000", dim("m", "m", "m"), true, "", name{"liter", "liters"}, name{"litro", "litros"}},
	"l":   {"1/1000", dim("m", "m", "m"), true, "L", name{"liter", "liters"}, name{"litro", "litros"}},
	"min": {"60", dim("s"), false, "", name{"minute", "minutes"}, name{"minuto", "minutos"}},
	"h":   {"3600", dim("s"), false, "", name{"hour", "hours"}, name{"hora", "horas"}},
	"d":   {"86400", dim("s"), false, "", name{"day", "days"}, name{"día", "días"}},
	"wk":  {"604800", dim("s"), false, "", name{"week", "weeks"}, name{"semana", "semanas"}},
	// Months and years have no fixed length to a reader; they stay what they are.
	"mo":  own("mo", false, "", name{"month", "months"}, name{"mes", "meses"}),
	"a":   own("a", false, "", name{"year", "years"}, name{"año", "años"}),
	"%":   {"1/100", dim(), false, "", name{"percent", "percent"}, name{"por ciento", "por ciento"}},
	"Hz":  {"1", map[string]int{"s": -1}, true, "", name{"hertz", "hertz"}, name{"hercio", "hercios"}},
	"Pa":  own("Pa", true, "", name{"pascal", "pascals"}, name{"pascal", "pascales"}),
	"V":   own("V", true, "", name{"volt", "volts"}, name{"voltio", "voltios"}),
	"Gy":  own("Gy", true, "", name{"gray", "grays"}, name{"gray", "grays"}),
	"Sv":  own("Sv", true, "", name{"sievert", "sieverts"}, name{"sievert", "sieverts"}),
	"cal": own("cal", true, "", name{"calorie", "calories"}, name{"caloría", "calorías"}),
	"deg": own("deg", false, "°", name{"degree", "degrees"}, name{"grado", "grados"}),

	"Cel":     own("Cel", false, "°C", name{"degree Celsius", "degrees Celsius"}, name{"grado Celsius", "grados Celsius"}),
	"[degF]":  own("[degF]", false, "°F", name{"degree Fahrenheit", "degrees Fahrenheit"}, name{"grado Fahrenheit", "grados Fahrenheit"}),
	"[in_i]":  {"127/5000", dim("m"), false, "in", name{"inch", "inches"}, name{"pulgada", "pulgadas"}},
	"[ft_i]":  {"381/1250", dim("m"), false, "ft", name{"foot", "feet"}, name{"pie", "pies"}},
	"[lb_av]": {"45359237/100000", dim("g"), false, "lb", name{"pound", "pounds"}, name{"libra", "libras"}},
	"[oz_av]": {"45359237/1600000", dim("g"), false, "oz", name{"ounce", "ounces"}, name{"onza", "onzas"}},

	"U":        own("U", true, "", name{"unit", "units"}, name{"unidad", "unidades"}),
	"[iU]":     own("[iU]", true, "IU", name{"international unit", "international units"}, name{"unidad internacional", "unidades internacionales"}),
	"[IU]":     own("[iU]", true, "IU", name{"international unit", "international units"}, name{"unidad internacional", "unidades internacionales"}),
	"[arb'U]":  own("[arb'U]", true, "units", name{"unit", "units"}, name{"unidad", "unidades"}),
	"[GPL'U]":  own("[GPL'U]", false, "GPL", name{"GPL unit", "GPL units"}, name{"unidad GPL", "unidades GPL"}),
	"[MPL'U]":  own("[MPL'U]", false, "MPL", name{"MPL unit", "MPL units"}, name{"unidad MPL", "unidades MPL"}),
	"[cfu]":    own("[cfu]", false, "CFU", name{"colony", "colonies"}, name{"colonia", "colonias"}),
	"[CFU]":    own("[cfu]", false, "CFU", name{"colony", "colonies"}, name{"colonia", "colonias"}),
	"[copies]": own("{copies}", false, "copies", name{"copy", "copies"}, name{"copia", "copias"}),
	"eq":       own("eq", true, "Eq", name{"equivalent", "equivalents"}, name{"equivalente", "equivalentes"}),
	"osm":      own("osm", true, "Osm", name{"osmole", "osmoles"}, name{"osmol", "osmoles"}),
	"kat":      own("kat", true, "", name{"katal", "katals"}, name{"katal", "katales"}),
	"m[Hg]":    own("m[Hg]", true, "m Hg", name{"meter of mercury", "meters of mercury"}, name{"metro de mercurio", "metros de mercurio"}),
	"m[H2O]":   own("m[H2O]", true, "m H₂O", name{"meter of water", "meters of water"}, name{"metro de agua", "metros de agua"}),
	"[pH]":     own("[pH]", false, "pH", name{"pH", "pH"}, name{"pH", "pH"}),
	"[HPF]":    own("[HPF]", false, "HPF", name{"high-power field", "high-power fields"}, name{"campo de gran aumento", "campos de gran aumento"}),
	"[LPF]":    own("[LPF]", false, "LPF", name{"low-power field", "low-power fields"}, name{"campo de bajo aumento", "campos de bajo aumento"}),
	"[ppm]":    {"1/1000000", dim(), false, "ppm", name{"part per million", "parts per million"}, name{"parte por millón", "partes por millón"}},
	"[drp]":    own("[drp]", false, "drops", name{"drop", "drops"}, name{"gota", "gotas"}),
}

// notes are the annotations with a word of their own; the rest are shown as
// they came. The pair "", "" is shown as nothing: it says there is no unit.
var notes = map[string]struct{ en, es name }{
	"score":      {name{"point", "points"}, name{"punto", "puntos"}},
	"T-score":    {name{"T-score", "T-score"}, name{"puntaje T", "puntaje T"}},
	"Z-score":    {name{"Z-score", "Z-score"}, name{"puntaje Z", "puntaje Z"}},
	"count":      {name{"", ""}, name{"", ""}},
	"nominal":    {name{"", ""}, name{"", ""}},
	"ratio":      {name{"", ""}, name{"", ""}},
	"INR":        {name{"INR", "INR"}, name{"INR", "INR"}},
	"index":      {name{"index", "index"}, name{"índice", "índice"}},
	"index_val":  {name{"index", "index"}, name{"índice", "índice"}},
	"titer":      {name{"titer", "titer"}, name{"título", "título"}},
	"cells":      {name{"cell", "cells"}, name{"célula", "células"}},
	"copies":     {name{"copy", "copies"}, name{"copia", "copias"}},
	"beats":      {name{"beat", "beats"}, name{"latido", "latidos"}},
	"breaths":    {name{"breath", "breaths"}, name{"respiración", "respiraciones"}},
	"pack-years": {name{"pack-year", "pack-years"}, name{"paquete-año", "paquetes-año"}},
	"1.73_m2":    {name{"1.73 square meters", "1.73 square meters"}, name{"1.73 metros cuadrados", "1.73 metros cuadrados"}},
	"creat":      {name{"of creatinine", "of creatinine"}, name{"de creatinina", "de creatinina"}},
	"WBC":        {name{"white blood cell", "white blood cells"}, name{"glóbulo blanco", "glóbulos blancos"}},
	"WBCs":       {name{"white blood cell", "white blood cells"}, name{"glóbulo blanco", "glóbulos blancos"}},
}

// spellings are usual in US reports and no UCUM, or mean something else there
// that no laboratory measures ("K/uL" is kelvins). Compared in lower case.
var spellings = map[string]string{
	"mmhg": "mm[Hg]", "mm hg": "mm[Hg]", "ph": "[pH]", "(score)": "{score}", "score": "{score}", "ratio": "{ratio}", "index": "{index}",
	"lb": "[lb_av]", "lbs": "[lb_av]", "in": "[in_i]", "inches": "[in_i]", "ft": "[ft_i]", "oz": "[oz_av]",
	"°c": "Cel", "degc": "Cel", "deg c": "Cel", "°f": "[degF]", "degf": "[degF]", "deg f": "[degF]",
	"bpm": "{beats}/min", "beats/min": "{beats}/min", "breaths/min": "{breaths}/min",
	"k/ul": "10*3/uL", "k/mm3": "10*3/uL", "th/ul": "10*3/uL", "thou/ul": "10*3/uL", "x10e3/ul": "10*3/uL", "x10(3)/ul": "10*3/uL", "thousand/ul": "10*3/uL",
	"m/ul": "10*6/uL", "mil/ul": "10*6/uL", "x10e6/ul": "10*6/uL", "million/ul": "10*6/uL", "cells/ul": "{cells}/uL",
	"iu/l": "[iU]/L", "iu/ml": "[iU]/mL", "miu/l": "m[iU]/L", "miu/ml": "m[iU]/mL", "uiu/ml": "u[iU]/mL", "meq/l": "meq/L", "mosm/kg": "mosm/kg",
	"mcg/dl": "ug/dL", "mcg/l": "ug/L", "mcg/ml": "ug/mL", "mcg/mg": "ug/mg", "sec": "s", "seconds": "s", "years": "a", "copies/ml": "{copies}/mL",
	"ml/min/1.73m2": "mL/min/{1.73_m2}", "ml/min/1.73 m2": "mL/min/{1.73_m2}", "ml/min/1.73": "mL/min/{1.73_m2}", "ml/min/{1.73_m2}": "mL/min/{1.73_m2}", "ml/min/1.73m²": "mL/min/{1.73_m2}",
	"/hpf": "/[HPF]", "/lpf": "/[LPF]", "fl": "fL", "mg/dl": "mg/dL", "g/dl": "g/dL", "mmol/l": "mmol/L", "u/l": "U/L", "ng/ml": "ng/mL", "pg/ml": "pg/mL",
}

var micro = strings.NewReplacer("µ", "u", "μ", "u")

// Tidy turns a usual spelling into its UCUM code and leaves everything else.
func Tidy(unit string) string {
	unit = micro.Replace(strings.TrimSpace(unit))
	if _, _, isUnit := split(unit); isUnit {
		return unit
	}
	if code, ok := spellings[strings.ToLower(unit)]; ok {
		return code
	}
	return unit
}
