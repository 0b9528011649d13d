package fhir

import (
	"math"
	"strconv"
	"strings"
)

// Sampled is what a device measured many times in a row: an ECG, a pressure curve
// (hl7.org/fhir/R4/datatypes.html#SampledData).
type Sampled struct {
	Unit   string
	Period float64     // milliseconds from one value to the next, 0 if unknown
	Lines  [][]float64 // one for each dimension; NaN where a value could not be measured
	Lost   int         // how many could not
}

const (
	mostSampled    = 2 << 20 // bytes of data that are read: a day of heart beats, an hour of an ECG lead
	mostDimensions = 16
	mostSample     = 1e100
)

// Sampled reads a SampledData; ok is false for one that cannot be drawn: whose numbers
// are none, or too many.
func (n Node) Sampled() (s Sampled, ok bool) {
	origin := n.Get("origin").Quantity()
	s.Unit = origin.Unit
	if s.Unit == "" {
		s.Unit = origin.Code
	}
	zero, ok1 := decimal(origin.Value, 0)
	factor, ok2 := decimal(n.Get("factor").Number(), 1)
	period, ok3 := decimal(n.Get("period").Number(), 0)
	dimensions, ok4 := decimal(n.Get("dimensions").Number(), 1)
	data := n.Get("data").Long()
	if !ok1 || !ok2 || !ok3 || !ok4 || data == "" || len(data) > mostSampled || dimensions != math.Trunc(dimensions) || dimensions < 1 || dimensions > mostDimensions {
		return Sampled{}, false
	}
	s.Period = max(0, period)
	s.Lines = make([][]float64, int(dimensions))
	i := 0
	for word := range strings.FieldsSeq(data) {
		v := math.NaN()
		switch word {
		case "E", "U", "L": // an error, above and below what the device can detect
			s.Lost++
		default:
			d, good := decimal(word, 0)
			if v = zero + d*factor; !good || !(math.Abs(v) <= mostSample) {
				return Sampled{}, false
			}
		}
		line := i % len(s.Lines)
		s.Lines[line] = append(s.Lines[line], v)
		i++
	}
	return s, i > s.Lost
}

// decimal reads a number as FHIR writes one, none as def.
func decimal(text string, def float64) (v float64, ok bool) {
	if text == "" {
		return def, true
	}
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && !math.IsInf(v, 0) && !math.IsNaN(v)
}
