package record

import "portico/internal/fhir"

// Recording stands for a value that a device measured many times in a row, in place of
// its numbers: rooms have a word for it, and draw it on its own page.
const Recording = "recording"

// Recorded is one such value.
type Recorded struct {
	Measure // what was recorded; its own name where it is a component's, as a lead of an ECG
	fhir.Sampled
}

// Recordings gives those of an Observation's document, its components' too. One that
// cannot be drawn has no lines.
func Recordings(n fhir.Node) (out []Recorded) {
	take := func(of fhir.Node, m Measure) {
		if v, kind := of.Choice("value", "SampledData"); kind != "" {
			s, _ := v.Sampled()
			out = append(out, Recorded{m, s})
		}
	}
	take(n, Measure{})
	for _, c := range n.Get("component").List() {
		take(c, componentName(c))
	}
	return out
}

// componentName is what a component is called.
func componentName(c fhir.Node) (m Measure) {
	k := c.Get("code").Concept()
	m.Title, m.Code, m.System = k.Words(), k.Code(), k.First().System
	if code := k.In(loinc); code != "" {
		m.Code, m.System = code, loinc
	}
	return m
}
