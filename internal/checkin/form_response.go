package checkin

import (
	"encoding/json"
	"time"

	"portico/internal/ids"
	"portico/internal/lang"
)

// sender is the source under which answers stand in the record.
const sender = "portico.checkin"

type object = map[string]any

// response writes the answers as a FHIR R4 QuestionnaireResponse: every item that
// was asked, in the form's order, with the words the patient read.
func (f Form) response(a Answers, of ids.Patient, id string, at time.Time, l lang.Lang) ([]byte, error) {
	on := f.enabled(a)
	r := object{"resourceType": "QuestionnaireResponse", "id": id, "status": "completed", "authored": at.UTC().Format(time.RFC3339),
		"subject":    object{"reference": "Patient/" + string(of)},
		"identifier": object{"system": "urn:portico:checkin", "value": id}, "language": string(l)}
	if f.URL != "" {
		r["questionnaire"] = f.URL
		if f.Version != "" {
			r["questionnaire"] = f.URL + "|" + f.Version
		}
	}
	if items := responseItems(f.Items, a, on, l); len(items) > 0 {
		r["item"] = items
	}
	return json.Marshal(r)
}

// responseItems nests as FHIR wants it: what stands in a group in the group's item,
// what stands in a question in its answer.
func responseItems(items []Item, a Answers, on map[string]bool, l lang.Lang) (out []object) {
	for _, it := range items {
		if !on[it.Link] || it.Type == "display" {
			continue
		}
		o := object{"linkId": it.link()}
		if text := it.Text.In(l); text != "" {
			o["text"] = text
		}
		within := responseItems(it.Items, a, on, l)
		var answers []object
		for _, g := range a[it.Link] {
			answers = append(answers, object{g.Kind: g.json(it, l)})
		}
		switch {
		case len(answers) > 0:
			if len(within) > 0 {
				answers[0]["item"] = within
			}
			// The copies of a question are one question with several answers.
			if n := len(out); it.Nth > 0 && it.asks() && n > 0 && out[n-1]["linkId"] == it.link() {
				out[n-1]["answer"] = append(out[n-1]["answer"].([]object), answers...)
				continue
			}
			o["answer"] = answers
		case len(within) > 0:
			o["item"] = within
		default:
			continue
		}
		out = append(out, o)
	}
	return out
}

func (g Answer) json(it Item, l lang.Lang) any {
	switch g.Kind {
	case "valueBoolean":
		return g.Value == "true"
	case "valueInteger", "valueDecimal":
		return json.Number(g.Value)
	case "valueQuantity":
		return g.quantity(l)
	case "valueCoding":
		o := object{"display": it.Options[g.At-1].Words.In(l)}
		if g.Code.System != "" {
			o["system"] = g.Code.System
		}
		if g.Code.Code != "" {
			o["code"] = g.Code.Code
		}
		return o
	}
	return g.Value
}

func (g Answer) quantity(l lang.Lang) object {
	o := object{"value": json.Number(g.Value)}
	if unit := g.Unit.In(l); unit != "" {
		o["unit"] = unit
	}
	if g.Code.System != "" && g.Code.Code != "" {
		o["system"], o["code"] = g.Code.System, g.Code.Code
	}
	return o
}
