package ucum

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
)

// decimal is a value as FHIR writes it. Longer ones are nobody's measurement.
var decimal = regexp.MustCompile(`^[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,2})?$`)

// Convert gives value, a decimal as received, in another unit; ok is false where
// the two are not the same kind of quantity or value is no decimal. The factor
// is exact; the result is written to the place that the value's own last digit
// has in the new unit, so nothing looks more precise than it was: 7.0 g/dL is
// 70 g/L, 98.6 °F is 37.0 °C.
func Convert(value, from, to string) (string, bool) {
	a, b, ok := pair(from, to)
	if !ok || !decimal.MatchString(value) {
		return "", false
	}
	if Same(from, to) {
		return value, true
	}
	v, ok := new(big.Rat).SetString(value)
	if !ok {
		return "", false
	}
	factor, shift := between(a, b)
	step, _ := factor.Float64()
	places := int(math.Round(-math.Log10(step))) + decimals(value)
	return v.Mul(v, factor).Add(v, shift).FloatString(min(max(places, 0), 30)), true
}

func pair(from, to string) (a, b Unit, ok bool) {
	a, err := Parse(from)
	if err != nil {
		return a, b, false
	}
	b, err = Parse(to)
	return a, b, err == nil && (a.comparable(b) || a.degrees() && b.degrees())
}

// degrees tells whether u is a temperature scale and nothing else.
func (u Unit) degrees() bool {
	return len(u.parts) == 1 && u.parts[0].power == 1 && u.parts[0].note == "" && (u.parts[0].atom == "Cel" || u.parts[0].atom == "[degF]")
}

// between gives factor and shift: to = from × factor + shift.
func between(a, b Unit) (factor, shift *big.Rat) {
	if a.degrees() && b.degrees() && a.parts[0].atom != b.parts[0].atom {
		if a.parts[0].atom == "Cel" {
			return big.NewRat(9, 5), big.NewRat(32, 1)
		}
		return big.NewRat(5, 9), big.NewRat(-160, 9)
	}
	return new(big.Rat).Quo(a.size, b.size), new(big.Rat)
}

// decimals is the place of the last digit: 1 for "7.0", -2 for "3e2".
func decimals(value string) int {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(value), "e")
	_, after, _ := strings.Cut(mantissa, ".")
	n, _ := strconv.Atoi(exponent) // "" is 0
	return len(after) - n
}
