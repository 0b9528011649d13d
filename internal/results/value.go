package results

import (
	"strconv"
	"strings"

	"portico/internal/page"
	"portico/internal/record"
)

// Verdict is what a value's flag or range says of it, as a word with a shape.
type Verdict struct {
	Key   string // of the word; "" if there is nothing to say
	Icon  string
	Tone  page.Tone
	Raw   string // a flag this room does not know, as received
	Sent  bool   // the sender's flag says so, not our reading of its range
	Count int    // how many, for a word that counts
}

// verdicts are the codes of HL7 v3 ObservationInterpretation
// (hl7.org/fhir/R4/valueset-observation-interpretation.html) in plain words.
var verdicts = map[string]Verdict{
	"N":  {Key: "results.flag.in", Icon: "check", Tone: page.OK},
	"H":  {Key: "results.flag.high", Icon: "arrow-up", Tone: page.Warn},
	"HU": {Key: "results.flag.high", Icon: "arrow-up", Tone: page.Warn},
	"HX": {Key: "results.flag.high", Icon: "arrow-up", Tone: page.Warn},
	"H>": {Key: "results.flag.high", Icon: "arrow-up", Tone: page.Warn},
	">":  {Key: "results.flag.high", Icon: "arrow-up", Tone: page.Warn},
	"HH": {Key: "results.flag.very_high", Icon: "triangle-alert", Tone: page.Bad},
	"L":  {Key: "results.flag.low", Icon: "arrow-down", Tone: page.Warn},
	"LU": {Key: "results.flag.low", Icon: "arrow-down", Tone: page.Warn},
	"LX": {Key: "results.flag.low", Icon: "arrow-down", Tone: page.Warn},
	"L<": {Key: "results.flag.low", Icon: "arrow-down", Tone: page.Warn},
	"<":  {Key: "results.flag.low", Icon: "arrow-down", Tone: page.Warn},
	"LL": {Key: "results.flag.very_low", Icon: "triangle-alert", Tone: page.Bad},
	"A":  {Key: "results.flag.outside", Icon: "circle-alert", Tone: page.Warn},
	"AA": {Key: "results.flag.far_outside", Icon: "triangle-alert", Tone: page.Bad},

	"POS": {Key: "results.flag.positive", Icon: "plus", Tone: page.Plain},
	"NEG": {Key: "results.flag.negative", Icon: "minus", Tone: page.Plain},
	"IND": {Key: "results.flag.unclear", Icon: "circle-question-mark", Tone: page.Plain},
	"E":   {Key: "results.flag.unclear", Icon: "circle-question-mark", Tone: page.Plain},
	"DET": {Key: "results.flag.found", Icon: "plus", Tone: page.Plain},
	"ND":  {Key: "results.flag.not_found", Icon: "minus", Tone: page.Plain},
	"RR":  {Key: "results.flag.reactive", Icon: "plus", Tone: page.Plain},
	"WR":  {Key: "results.flag.weak", Icon: "plus", Tone: page.Plain},
	"NR":  {Key: "results.flag.not_reactive", Icon: "minus", Tone: page.Plain},
	"D":   {Key: "results.flag.down", Icon: "arrow-down", Tone: page.Plain},
	"U":   {Key: "results.flag.up", Icon: "arrow-up", Tone: page.Plain},
	"B":   {Key: "results.flag.better", Icon: "check", Tone: page.Plain},
	"W":   {Key: "results.flag.worse", Icon: "circle-alert", Tone: page.Warn},

	// How a medicine works against an organism.
	"S":   {Key: "results.flag.works", Icon: "check", Tone: page.OK},
	"I":   {Key: "results.flag.works_partly", Icon: "circle-alert", Tone: page.Warn},
	"SDD": {Key: "results.flag.works_dose", Icon: "circle-alert", Tone: page.Warn},
	"R":   {Key: "results.flag.works_not", Icon: "x", Tone: page.Warn},
	"NS":  {Key: "results.flag.works_not", Icon: "x", Tone: page.Warn},
}

// verdict says what the sender's flag says; where it sent none, how the value
// stands to the range it sent. A value known only to lie past a number is judged
// only where that leaves no doubt.
func verdict(m record.Measure) Verdict {
	if m.Flag != "" {
		v, ok := verdicts[strings.ToUpper(m.Flag)]
		if !ok {
			return Verdict{Key: "results.flag.raw", Icon: "info", Tone: page.Plain, Raw: m.Flag, Sent: true}
		}
		v.Sent = true
		return v
	}
	v, err := strconv.ParseFloat(drawable(m), 64)
	low, high := limit(m.Low), limit(m.High)
	if err != nil || low == nil && high == nil {
		return Verdict{}
	}
	less, more := strings.HasPrefix(m.Comparator, "<"), strings.HasPrefix(m.Comparator, ">")
	switch {
	case low != nil && !more && (v < *low || less && v == *low && m.Comparator == "<"):
		return verdicts["L"]
	case high != nil && !less && (v > *high || more && v == *high && m.Comparator == ">"):
		return verdicts["H"]
	case less && (low != nil || high != nil && v > *high), more && (high != nil || low != nil && v < *low):
		return Verdict{}
	}
	return verdicts["N"]
}

func limit(s string) *float64 {
	v, err := strconv.ParseFloat(s, 64)
	if s == "" || err != nil {
		return nil
	}
	return &v
}

func unit(s page.Shell, m record.Measure) string { return m.UnitIn(string(s.Lang)) }

// drawable is the number a value stands at in a chart: "<0.1" at 0.1, with its
// sign beside it. Text and ratios have none.
func drawable(m record.Measure) string {
	if m.Num != "" {
		return m.Num
	}
	if m.Comparator != "" {
		return m.Value
	}
	return ""
}

// number is a value for people, with its comparator, without its unit.
func number(s page.Shell, m record.Measure) string {
	switch m.Value {
	case "true":
		return s.T("page.yes")
	case "false":
		return s.T("page.no")
	case record.Recording:
		return s.T("page.trace.word")
	}
	return m.Comparator + s.Dated(m.Shown())
}

// valued is a value with its unit, "" for none.
func valued(s page.Shell, m record.Measure) string {
	n := number(s, m)
	if u := unit(s, m); n != "" && u != "" {
		return n + "\u00a0" + u
	}
	return n
}

// rangeOf is the reference range in the sender's words or limits, "" for none.
func rangeOf(s page.Shell, m record.Measure) string {
	switch {
	case m.Range != "":
		return m.Range
	case m.Low != "" && m.High != "":
		return s.T("results.range.both", record.Legible(m.Low), record.Legible(m.High))
	case m.Low != "":
		return s.T("results.range.from", record.Legible(m.Low))
	case m.High != "":
		return s.T("results.range.upto", record.Legible(m.High))
	}
	return ""
}

// statuses are the FHIR states that a person must know of, in plain words; a
// final result needs none.
var statuses = map[string]Verdict{
	"registered":  {Key: "results.status.registered", Tone: page.Info},
	"partial":     {Key: "results.status.partial", Tone: page.Info},
	"preliminary": {Key: "results.status.preliminary", Tone: page.Info},
	"amended":     {Key: "results.status.amended", Tone: page.Info},
	"corrected":   {Key: "results.status.corrected", Tone: page.Info},
	"appended":    {Key: "results.status.appended", Tone: page.Info},
	"cancelled":   {Key: "results.status.cancelled", Tone: page.Plain},
	"unknown":     {Key: "results.status.unknown", Tone: page.Plain},
}
