package record

import (
	"math/big"
	"slices"
	"strings"

	"portico/internal/fhir"
)

// smoking are the LOINC codes of tobacco use, which old data carries without a
// category (US Core Smoking Status).
var smoking = []string{"72166-2", "11367-0", "39240-7", "82810-3", "88029-4"}

// vitalCodes are the LOINC codes of the vital signs profile
// (hl7.org/fhir/R4/observation-vitalsigns.html), for data without categories.
var vitalCodes = []string{"85353-1", "9279-1", "8867-4", "2708-6", "59408-5", "8310-5", "8302-2", "9843-4", "8287-5", "29463-7", "39156-5", "59576-9",
	"77606-2", "85354-9", "8480-6", "8462-4", "8306-3", "8289-1"}

// causeOfDeath is the LOINC code of what someone died of. It is in the record, but
// is no test result.
const causeOfDeath = "69453-9"

func observation(n fhir.Node, r *Row) []Measure {
	cats := categories(n)
	switch {
	case r.Code == causeOfDeath:
		r.Section = Other
	case has(cats, "vital-signs"), len(cats) == 0 && slices.Contains(vitalCodes, r.Code):
		r.Section = Vitals
	case has(cats, "treatment-intervention-preference", "care-experience-preference", "observation-adi-documentation"):
		r.Section = Plans // what somebody wants for the end of life is no test result
	case has(cats, "social-history", "sdoh"), slices.Contains(smoking, r.Code):
		r.Section = Social
	}
	r.Group = groupOf(cats)
	if r.Section != Results && len(cats) > 0 {
		r.Group = cats[0]
	}
	m := measure(n)
	m.Title, m.System, m.Code = r.Title, r.System, r.Code
	r.Measure = m
	r.Critical = has([]string{strings.ToUpper(m.Flag)}, "HH", "LL", "AA")
	if absent := n.Get("dataAbsentReason").Concept(); absent.Words() != "" && m.Value == "" {
		r.State = absent.Words()
	}
	if w := n.Get("issued").When(); r.At.Text == "" {
		r.At = w
	}
	var parts []Measure
	for _, c := range n.Get("component").List() {
		p := measure(c)
		k := componentName(c)
		p.Title, p.Code, p.System = k.Title, k.Code, k.System
		r.Abnormal = r.Abnormal || p.Abnormal
		parts = append(parts, p)
	}
	switch {
	case r.Value != "":
	case slices.ContainsFunc(parts, func(p Measure) bool { return p.Value == Recording }):
		r.Value = Recording
	case len(parts) > 0 && len(parts) <= 4:
		r.together(parts)
	}
	return parts
}

// LOINC's codes of the two parts of a blood pressure.
const systolic, diastolic = "8480-6", "8462-4"

// together writes the parts of a value that is read in one: 120/80. In whatever
// order they were sent, a blood pressure is read with the systolic one first.
func (r *Row) together(parts []Measure) {
	var values []string
	if len(parts) == 2 && parts[0].Code == diastolic && parts[1].Code == systolic {
		parts = []Measure{parts[1], parts[0]}
	}
	for _, p := range parts {
		if p.Value == "" || p.Unit != parts[0].Unit {
			return
		}
		values = append(values, p.Comparator+p.Value)
	}
	r.Value, r.Unit, r.UnitCode = strings.Join(values, "/"), parts[0].Unit, parts[0].UnitCode
}

// groupOf reads the categories of US Core and of HL7 table 0074.
func groupOf(cats []string) string {
	switch {
	case has(cats, "MB", "MCB", "VR", "MYC", "PAR"):
		return Microbiology
	case has(cats, "PAT", "SP", "CP", "CY", "PTH", "LP7839-6"):
		return Pathology
	case has(cats, "imaging", "RAD", "IMG", "CT", "RUS", "RX", "NMR", "NMS", "OUS", "XRC", "CUS", "LP29684-5"):
		return Imaging
	case has(cats, "laboratory", "LAB", "CH", "HM", "SR", "IMM", "TX", "UR", "BLB", "CG", "GE", "LP29693-6"):
		return Laboratory
	}
	return OtherResult
}

// measure reads the value of an Observation or of one of its components.
func measure(n fhir.Node) Measure {
	var m Measure
	v, kind := n.Choice("value", "Quantity", "CodeableConcept", "String", "Boolean", "Integer", "Range", "Ratio", "SampledData", "Time", "DateTime", "Period", "Attachment")
	switch kind {
	case "Quantity":
		m.quantity(v.Quantity())
	case "CodeableConcept":
		m.Value = v.Concept().Words()
	case "String", "Time", "DateTime":
		m.Value = v.Line()
	case "Boolean":
		m.Value = "false"
		if v.Truth() {
			m.Value = "true"
		}
	case "Integer":
		m.Value = v.Number()
		m.Num = m.Value
	case "Range":
		m.between(v.Get("low").Quantity(), v.Get("high").Quantity())
	case "Ratio":
		a, b := v.Get("numerator").Quantity(), v.Get("denominator").Quantity()
		m.Value = strings.TrimSpace(a.Comparator+a.Value+" "+a.Unit) + ":" + strings.TrimSpace(b.Comparator+b.Value+" "+b.Unit)
	case "Period":
		m.Value = strings.Trim(v.Get("start").Line()+" – "+v.Get("end").Line(), " –")
	case "SampledData":
		m.Value = Recording
	case "Attachment":
		m.Value = v.Get("title").Line() // what it is stands on its page
	}
	for _, i := range listOf(n.Get("interpretation")) {
		c := i.Concept()
		if m.Flag = c.Code(); m.Flag == "" {
			m.Flag = c.Words()
		}
		break
	}
	m.limits(n)
	m.Abnormal = m.outside()
	return m
}

func (m *Measure) quantity(q fhir.Quantity) {
	m.Value, m.Comparator, m.Unit = q.Value, q.Comparator, q.Unit
	if q.System == "http://unitsofmeasure.org" || q.System == "" {
		m.UnitCode = q.Code
	}
	if m.Unit == "" {
		m.Unit = q.Code
	}
	if m.Comparator == "" {
		m.Num = q.Value
	}
}

// between reads a range that is a value. Where one end is missing, the other is a
// limit: "5 or more" must not read as 5.
func (m *Measure) between(low, high fhir.Quantity) {
	switch {
	case low.Value == "" && high.Value == "":
	case high.Value == "":
		m.quantity(low)
		m.Comparator = ">="
	case low.Value == "":
		m.quantity(high)
		m.Comparator = "<="
	default:
		m.quantity(low)
		m.Value, m.Comparator = low.Value+" – "+high.Value, ""
		if m.Unit == "" {
			m.Unit, m.UnitCode = high.Unit, high.Code
		} else if high.Unit != "" && high.Unit != m.Unit {
			m.Value, m.Unit, m.UnitCode = low.Value+" "+low.Unit+" – "+high.Value+" "+high.Unit, "", ""
		}
	}
	m.Num = ""
}

// limits takes the reference range for everybody, or the first. Limits in another
// unit than the value stand as words only.
func (m *Measure) limits(n fhir.Node) {
	all := n.Get("referenceRange").List()
	if len(all) == 0 {
		return
	}
	use := all[0]
	for _, r := range all {
		if t := r.Get("type").Concept(); len(t.Codings) == 0 || t.Has("normal") {
			use = r
			break
		}
	}
	low, high := use.Get("low").Quantity(), use.Get("high").Quantity()
	m.Range = use.Get("text").Line()
	for _, q := range []fhir.Quantity{low, high} {
		if q.Unit != "" && m.Unit != "" && q.Unit != m.Unit && (q.Code == "" || q.Code != m.UnitCode) {
			if m.Range == "" {
				m.Range = strings.TrimSpace(strings.Trim(low.Value+" – "+high.Value, " –") + " " + q.Unit)
			}
			return
		}
	}
	m.Low, m.High = low.Value, high.Value
}

// flagged are the codes of HL7 v3 ObservationInterpretation that say that a value
// is outside its range or that an organism is resistant.
var flagged = []string{"A", "AA", "H", "HH", "L", "LL", "HU", "LU", "HX", "LX", "H>", "L<", "<", ">", "R", "NS"}

// outside tells whether the sender's flag or, where it sent none, its limits say
// that the value is out of range.
func (m Measure) outside() bool {
	if m.Flag != "" {
		return slices.Contains(flagged, strings.ToUpper(m.Flag))
	}
	v, ok := new(big.Rat).SetString(m.Num)
	if m.Num == "" || !ok {
		return false
	}
	if low, ok := new(big.Rat).SetString(m.Low); ok && v.Cmp(low) < 0 {
		return true
	}
	high, ok := new(big.Rat).SetString(m.High)
	return ok && v.Cmp(high) > 0
}

func diagnosticReport(n fhir.Node, r *Row) []Measure {
	cats := categories(n)
	r.Group = groupOf(cats)
	if has(cats, "clinical-note") || len(cats) == 0 && len(n.Get("result").List()) == 0 && len(n.Get("presentedForm").List()) > 0 {
		r.Section = Notes
	}
	if r.Group == OtherResult && r.Section == Results && len(n.Get("result").List()) > 0 {
		r.Group = Laboratory
	}
	r.Value = n.Get("conclusion").Line()
	for _, c := range n.Get("conclusionCode").List() {
		if r.Value == "" {
			r.Value = c.Concept().Words()
		}
	}
	return nil
}

func imagingStudy(n fhir.Node, r *Row) []Measure {
	r.Group = Imaging
	for _, c := range n.Get("procedureCode").List() {
		r.named(c.Concept())
		break
	}
	if r.Title == "" {
		var kinds []string
		for _, s := range n.Get("series").List() {
			if w := s.Get("modality").Coding(); w.Display != "" && !slices.Contains(kinds, w.Display) {
				kinds = append(kinds, w.Display)
			}
			if b := s.Get("bodySite").Coding().Display; b != "" && !slices.Contains(kinds, b) {
				kinds = append(kinds, b)
			}
		}
		r.Title = strings.Join(kinds, ", ")
	}
	return nil
}
