package record

import (
	"slices"
	"strings"

	"portico/internal/fhir"
)

func conditionRow(n fhir.Node, r *Row) []Measure {
	r.State = n.Get("clinicalStatus").Concept().Code()
	r.Status = n.Get("verificationStatus").Concept().Code()
	r.Gone = r.Status == "entered-in-error"
	r.Group = category(n)
	if w := n.Get("abatementDateTime").When(); w.Text != "" {
		r.Until = w.Text
	} else if p := n.Get("abatementPeriod"); p.Exists() {
		r.Until = p.Get("end").Line()
	}
	if r.At.Text == "" {
		r.At = n.Get("recordedDate").When()
	}
	return nil
}

func allergy(n fhir.Node, r *Row) []Measure {
	r.State = n.Get("clinicalStatus").Concept().Code()
	r.Status = n.Get("verificationStatus").Concept().Code()
	r.Gone = r.Status == "entered-in-error"
	r.Group = strings.Join(n.Get("category").Texts(), " ")
	r.Flag = n.Get("criticality").Line()
	var what []string
	for _, x := range n.Get("reaction").List() {
		for _, m := range x.Get("manifestation").List() {
			if w := m.Concept().Words(); w != "" && !slices.Contains(what, w) {
				what = append(what, w)
			}
		}
	}
	r.Value = strings.Join(what, ", ")
	return nil
}

func immunization(n fhir.Node, r *Row) []Measure {
	r.named(n.Get("vaccineCode").Concept())
	if s := n.Get("occurrenceString").Line(); r.At.Text == "" && s != "" {
		r.words = s
	}
	r.Value = n.Get("lotNumber").Line()
	return nil
}

func recommendation(n fhir.Node, r *Row) []Measure {
	var what []string
	for _, x := range n.Get("recommendation").List() {
		for _, v := range listOf(x.Get("vaccineCode")) {
			what = append(what, v.Concept().Words())
		}
	}
	r.Title, r.Group = strings.Join(what, ", "), "recommended"
	return nil
}

func medication(n fhir.Node, r *Row) []Measure {
	if c := n.Get("medicationCodeableConcept"); c.Exists() {
		r.named(c.Concept())
	} else if ref := n.Get("medicationReference").Reference(); ref.Display != "" {
		r.Title = ref.Display
	} else if strings.HasPrefix(ref.Raw, "#") {
		for _, c := range n.Get("contained").List() {
			if "#"+c.Get("id").Text() == ref.Raw {
				r.named(c.Get("code").Concept())
			}
		}
	}
	for _, key := range []string{"dosageInstruction", "dosage"} {
		for _, d := range listOf(n.Get(key)) {
			if t := firstText(d, "patientInstruction", "text"); t != "" && r.Value == "" {
				r.Value = t
			}
		}
	}
	r.Group = n.Get("intent").Line()
	r.State = n.Get("statusReason").Concept().Words()
	return nil
}

func encounter(n fhir.Node, r *Row) []Measure {
	for _, t := range n.Get("type").List() {
		r.named(t.Concept())
		break
	}
	class := n.Get("class").Coding()
	r.Group = class.Code
	if r.Title == "" {
		r.Title = class.Display
	}
	for _, x := range n.Get("reasonCode").List() {
		if r.Value == "" {
			r.Value = x.Concept().Words()
		}
	}
	return nil
}

func note(n fhir.Node, r *Row) []Measure {
	r.named(n.Get("type").Concept())
	if t := firstText(n, "description", "title"); t != "" {
		r.words = t
		if r.Title == "" {
			r.Title = t
		}
	}
	r.Group = category(n)
	r.State = n.Get("docStatus").Line()
	if r.Gone = r.Gone || r.State == "entered-in-error"; r.At.Text == "" {
		r.period(n.Get("context"), "period")
	}
	return nil
}

func careTeam(n fhir.Node, r *Row) []Measure {
	if t := n.Get("name").Line(); t != "" {
		r.Title = t
	}
	var who []string
	for _, p := range n.Get("participant").List() {
		// Everybody is in their own team.
		if m := p.Get("member").Reference(); m.Display != "" && m.Type != "Patient" {
			who = append(who, m.Display)
		}
	}
	r.Value = strings.Join(who, ", ")
	if r.Title == "" {
		for _, c := range n.Get("category").List() {
			r.Title = c.Concept().Words()
			break
		}
	}
	r.Who = ""
	return nil
}

func carePlan(n fhir.Node, r *Row) []Measure {
	r.Group = "plan"
	r.Title = n.Get("title").Line()
	for _, c := range n.Get("category").List() {
		if k := c.Concept(); r.Title == "" && !k.Has("assess-plan") {
			r.named(k)
		}
	}
	var what []string
	for _, a := range n.Get("activity").List() {
		if w := a.Get("detail").Get("code").Concept().Words(); w != "" && !slices.Contains(what, w) {
			what = append(what, w)
		}
	}
	r.Value = strings.Join(what, ", ")
	return nil
}

func goal(n fhir.Node, r *Row) []Measure {
	r.Group = "goal"
	r.Title = n.Get("description").Concept().Words()
	r.Status = n.Get("lifecycleStatus").Line()
	r.State = n.Get("achievementStatus").Concept().Words()
	r.Gone = r.Status == "entered-in-error"
	for _, t := range n.Get("target").List() {
		r.Until = t.Get("dueDate").Line()
	}
	return nil
}

func coverage(n fhir.Node, r *Row) []Measure {
	r.named(n.Get("type").Concept())
	r.Who = display(n, []string{"payor"})
	r.Value = n.Get("subscriberId").Line()
	return nil
}

func device(n fhir.Node, r *Row) []Measure {
	r.named(n.Get("type").Concept())
	for _, d := range n.Get("deviceName").List() {
		if name := d.Get("name").Line(); name != "" && r.Title == "" {
			r.Title = name
		}
	}
	r.At = firstWhen(n, "manufactureDate")
	r.Until = n.Get("expirationDate").Line()
	r.Who = n.Get("manufacturer").Line()
	r.Value = firstText(n, "distinctIdentifier", "serialNumber", "modelNumber")
	return nil
}

func family(n fhir.Node, r *Row) []Measure {
	r.Title = n.Get("relationship").Concept().Words()
	var what []string
	for _, c := range n.Get("condition").List() {
		if w := c.Get("code").Concept().Words(); w != "" && !slices.Contains(what, w) {
			what = append(what, w)
		}
	}
	r.Value = strings.Join(what, ", ")
	return nil
}

func claim(n fhir.Node, r *Row) []Measure {
	r.named(n.Get("type").Concept())
	q := n.Get("total")
	if q.IsObject() {
		r.Value, r.Unit = q.Get("value").Number(), q.Get("currency").Text()
	}
	return nil
}

func relatedPerson(n fhir.Node, r *Row) []Measure {
	r.Section = CareTeam
	r.Title = personName(n.Get("name"))
	for _, c := range n.Get("relationship").List() {
		r.Value = c.Concept().Words()
		break
	}
	return nil
}

func questionnaire(n fhir.Node, r *Row) []Measure {
	r.At = n.Get("authored").When()
	r.Title = n.Get("questionnaire").Line()
	if i := strings.LastIndexByte(r.Title, '/'); i >= 0 {
		r.Title = r.Title[i+1:]
	}
	return nil
}

func appointment(n fhir.Node, r *Row) []Measure {
	r.At = n.Get("start").When()
	r.Until = n.Get("end").Line()
	for _, t := range n.Get("serviceType").List() {
		r.named(t.Concept())
		break
	}
	return nil
}

func consent(n fhir.Node, r *Row) []Measure {
	r.named(n.Get("scope").Concept())
	return nil
}
