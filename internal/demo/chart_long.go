package demo

import (
	"encoding/base64"
	"fmt"
	"time"
)

// long is the record of somebody with diabetes and high blood pressure: six years
// of visits, results of every kind, and each section of a record.
func (c *chart) long() {
	diabetes := c.problem("44054006", "Type 2 diabetes", "active", 2100)
	c.problem("38341003", "High blood pressure (hypertension)", "active", 2400)
	c.problem("195662009", "Sore throat (acute pharyngitis)", "resolved", 400)
	c.allergy("91936005", "Penicillin", "high", "Hives and swelling of the face")
	c.allergy("300913006", "Shellfish", "low", "Itching")
	c.medicine("", "", "Take 1 tablet by mouth with the evening meal", "active", 300, 3, diabetes)
	c.medicine("314076", "lisinopril 10 mg tablet", "Take 1 tablet by mouth once a day", "active", 210, 1, nil)
	c.medicine("308182", "amoxicillin 250 mg capsule", "Take 1 capsule by mouth 3 times a day for 10 days", "stopped", 400, 0, nil)
	c.medicine("197361", "amlodipine 5 mg tablet", "Take 1 tablet by mouth once a day", "completed", 1500, 0, nil)
	for i := range 6 {
		c.year(i)
	}
	c.shots()
	c.special()
	c.plans(diabetes)
}

// year is one check-up with its measurements and blood tests, i years ago.
func (c *chart) year(i int) {
	ago := 20 + i*365
	v := c.visit(ago, "185349003", "Yearly check-up", "Diabetes and blood pressure follow-up", 0)
	c.pressure(ago, v, 128+4*i+c.r.IntN(6), 78+2*i+c.r.IntN(4))
	c.vital(ago, v, "8867-4", "Heart rate", fmt.Sprint(66+c.r.IntN(14)), "beats/minute", "/min")
	c.vital(ago, v, "29463-7", "Body weight", fmt.Sprintf("%.1f", 78.4+float64(i)*0.7), "kg", "kg")
	c.vital(ago, v, "8302-2", "Body height", "164.0", "cm", "cm")
	c.vital(ago, v, "39156-5", "Body mass index (BMI) [Ratio]", fmt.Sprintf("%.1f", 29.1+float64(i)*0.3), "kg/m2", "kg/m2")
	c.vital(ago, v, "8310-5", "Body temperature", "36.7", "Cel", "Cel")
	c.add("Observation", fields{"status": "final", "category": []fields{coded(hl7+"observation-category", "social-history")},
		"code": concept(loincSystem, "72166-2", "Tobacco smoking status"), "subject": nil, "encounter": v, "effectiveDateTime": day(ago, 9),
		"valueCodeableConcept": concept(snomed, "8517006", "Former smoker")})
	a1c := []string{"6.8", "7.1", "7.4", "7.3", "7.9", "8.2"}[i]
	c.lab(ago, v, test{"4548-4", "Hemoglobin A1c/Hemoglobin.total in Blood", "%", "%", "4.0", "5.6", a1c}, "H", "final")
	c.metabolic(ago, v, i)
	c.lipids(ago, v, i)
	c.add("Procedure", fields{"status": "completed", "code": concept(snomed, "274795007", "Foot examination"), "subject": nil, "encounter": v,
		"performedDateTime": day(ago, 9), "performer": []fields{{"actor": doctor(3)}}})
	c.note(ago, v, "11506-3", "Progress note", "You came for your yearly check-up.\n\nWe talked about your blood sugar, your blood pressure and your medicines. "+
		"Keep taking metformin with your evening meal. Walk for half an hour on most days.\n\nCome back in 6 months, or call us sooner if you feel unwell.")
}

func (c *chart) metabolic(ago int, v fields, i int) {
	var parts []fields
	for _, t := range []test{
		{"2345-7", "Glucose [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL", "70", "99", fmt.Sprint(118 + 6*i)},
		{"3094-0", "Urea nitrogen [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL", "7", "20", fmt.Sprint(12 + c.r.IntN(7))},
		{"2160-0", "Creatinine [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL", "0.6", "1.1", fmt.Sprintf("0.%d", 75+c.r.IntN(20))},
		{"2951-2", "Sodium [Moles/volume] in Serum or Plasma", "mmol/L", "mmol/L", "135", "145", fmt.Sprint(137 + c.r.IntN(6))},
		{"2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", "mmol/L", "3.5", "5.1", fmt.Sprintf("4.%d", c.r.IntN(9))},
		{"17861-6", "Calcium [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL", "8.6", "10.3", fmt.Sprintf("9.%d", 1+c.r.IntN(8))},
	} {
		flag := ""
		if t.code == "2345-7" {
			flag = "H"
		}
		parts = append(parts, c.lab(ago, v, t, flag, "final"))
	}
	c.report(ago, v, "LAB", "51990-0", "Basic metabolic panel", parts, nil)
}

func (c *chart) lipids(ago int, v fields, i int) {
	var parts []fields
	for _, t := range []test{
		{"2093-3", "Cholesterol [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL", "", "199", fmt.Sprint(186 + 5*i)},
		{"2571-8", "Triglyceride [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL", "", "149", fmt.Sprint(138 + 4*i)},
		{"13457-7", "Cholesterol in LDL [Mass/volume] in Serum or Plasma by calculation", "mg/dL", "mg/dL", "", "99", fmt.Sprint(101 + 6*i)},
		{"2085-9", "Cholesterol in HDL [Mass/volume] in Serum or Plasma", "mg/dL", "mg/dL", "50", "", fmt.Sprint(52 - i)},
	} {
		parts = append(parts, c.lab(ago, v, t, "", "final"))
	}
	c.report(ago, v, "LAB", "57698-3", "Lipid panel", parts, nil)
}

func (c *chart) shots() {
	for i := range 5 {
		c.shot(95+365*i, "150", "Influenza vaccine, injectable, quadrivalent", fmt.Sprintf("FL%d", 2210+i))
	}
	c.shot(700, "300", "COVID-19 vaccine, mRNA, bivalent", "CV5518")
	c.shot(1300, "115", "Tetanus, diphtheria and pertussis vaccine (Tdap)", "TD9021")
	c.shot(1900, "187", "Zoster vaccine recombinant", "ZS3317")
}

// special are results that pages must not get wrong: a picture's report, a
// culture, values in words, below a limit, not final, corrected, cancelled, to be
// shown with care.
func (c *chart) special() {
	v := c.visit(45, "185347001", "Visit for a cough", "Cough for 2 weeks", 0)
	c.report(45, v, "RAD", "36643-5", "Chest X-ray, two views", nil, fields{"performer": []fields{doctor(2)},
		"conclusion":    "No sign of pneumonia. Heart size is normal.",
		"presentedForm": []fields{{"contentType": "text/plain", "title": "Chest X-ray report", "data": base64.StdEncoding.EncodeToString([]byte("CHEST X-RAY, TWO VIEWS\n\nFINDINGS: The lungs are clear. No effusion. Heart size is normal.\n\nIMPRESSION: No sign of pneumonia.\n"))}}})
	c.add("ImagingStudy", fields{"status": "available", "subject": nil, "encounter": v, "started": day(45, 10),
		"series": []fields{{"uid": "1.2.840.99999.1", "modality": fields{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "DX", "display": "Digital radiography"}, "bodySite": fields{"display": "Chest"}}}})
	organism := c.add("Observation", fields{"status": "final", "category": []fields{coded(hl7+"observation-category", "laboratory"), coded(hl7+"v2-0074", "MB")},
		"code": concept(loincSystem, "634-6", "Bacteria identified in Specimen by Aerobe culture"), "subject": nil, "effectiveDateTime": day(120, 9),
		"valueCodeableConcept": concept(snomed, "112283007", "Escherichia coli"),
		"component": []fields{
			{"code": concept(loincSystem, "18906-8", "Ciprofloxacin [Susceptibility]"), "valueQuantity": fields{"value": 0.25, "comparator": "<=", "unit": "ug/mL", "system": ucum, "code": "ug/mL"}, "interpretation": []fields{coded(hl7+"v3-ObservationInterpretation", "S")}},
			{"code": concept(loincSystem, "18862-3", "Amoxicillin+Clavulanate [Susceptibility]"), "valueQuantity": fields{"value": 32, "comparator": ">=", "unit": "ug/mL", "system": ucum, "code": "ug/mL"}, "interpretation": []fields{coded(hl7+"v3-ObservationInterpretation", "R")}},
		}})
	c.report(120, nil, "MB", "630-4", "Urine culture", []fields{organism}, fields{"encounter": fields{"display": "Urgent visit"}})
	c.add("Observation", fields{"status": "final", "category": []fields{coded(hl7+"observation-category", "laboratory")}, "code": concept(loincSystem, "14959-1", "Microalbumin/Creatinine [Mass Ratio] in Urine"),
		"subject": nil, "effectiveDateTime": day(20, 9), "valueQuantity": fields{"value": 5, "comparator": "<", "unit": "mg/g", "system": ucum, "code": "mg/g"}, "referenceRange": []fields{{"text": "less than 30 mg/g"}}})
	c.add("Observation", fields{"status": "final", "category": []fields{coded(hl7+"observation-category", "laboratory")}, "code": concept(loincSystem, "94500-6", "SARS-CoV-2 RNA in Respiratory specimen by NAA"),
		"subject": nil, "encounter": v, "effectiveDateTime": day(45, 10), "valueCodeableConcept": concept(snomed, "260415000", "Not detected"), "interpretation": []fields{coded(hl7+"v3-ObservationInterpretation", "NEG")}})
	c.lab(3, nil, test{"3016-3", "Thyrotropin [Units/volume] in Serum or Plasma", "mIU/L", "m[IU]/L", "0.4", "4.0", "2.31"}, "", "preliminary")
	c.lab(44, v, test{"6690-2", "Leukocytes [#/volume] in Blood by Automated count", "K/uL", "10*3/uL", "4.5", "11.0", "7.2"}, "", "corrected")
	c.lab(44, v, test{"2276-4", "Ferritin [Mass/volume] in Serum or Plasma", "ng/mL", "ng/mL", "11", "307", ""}, "", "cancelled")
	c.add("Observation", fields{"status": "final", "category": []fields{coded(hl7+"observation-category", "laboratory")}, "code": concept(loincSystem, "56888-1", "HIV 1+2 Ab+HIV1 p24 Ag [Presence] in Serum or Plasma by Immunoassay"),
		"subject": nil, "encounter": v, "effectiveDateTime": day(44, 10), "meta": fields{"security": []fields{{"system": hl7 + "v3-ActCode", "code": "HIV"}}}, "valueCodeableConcept": concept(snomed, "131194007", "Nonreactive")})
	c.lab(2, nil, test{"2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", "mmol/L", "3.5", "5.1", "6.2"}, "HH", "final")
}

func (c *chart) plans(diabetes fields) {
	goal := c.add("Goal", fields{"lifecycleStatus": "active", "description": fields{"text": "Bring the A1c below 7 percent"}, "subject": nil,
		"startDate": Base.AddDate(-1, 0, 0).Format(time.DateOnly), "target": []fields{{"dueDate": Base.AddDate(0, 6, 0).Format(time.DateOnly)}}})
	team := c.add("CareTeam", fields{"status": "active", "name": "Diabetes care team", "subject": nil, "period": fields{"start": day(700, 9)},
		"participant": []fields{{"role": []fields{{"text": "Family doctor"}}, "member": fields{"reference": "Practitioner/prac-1", "display": "Dr. Amelia Reyes"}},
			{"role": []fields{{"text": "Nurse practitioner"}}, "member": fields{"reference": "Practitioner/prac-4", "display": "Tara Whitlock"}}}})
	c.add("CarePlan", fields{"status": "active", "intent": "plan", "title": "Diabetes self-care", "subject": nil, "period": fields{"start": day(700, 9)},
		"addresses": []fields{diabetes}, "goal": []fields{goal}, "careTeam": []fields{team},
		"activity": []fields{{"detail": fields{"code": fields{"text": "Check blood sugar each morning"}, "status": "in-progress"}}, {"detail": fields{"code": fields{"text": "Walk 30 minutes on most days"}, "status": "in-progress"}}}})
	c.add("Device", fields{"status": "active", "type": concept(snomed, "700585005", "Blood glucose meter"), "deviceName": []fields{{"name": "Home glucose meter", "type": "user-friendly-name"}},
		"manufacturer": "Example Devices", "serialNumber": "GM-20-7781", "patient": nil})
	c.add("FamilyMemberHistory", fields{"status": "completed", "patient": nil, "relationship": concept(hl7+"v3-RoleCode", "MTH", "Mother"),
		"date": day(2000, 9), "condition": []fields{{"code": fields{"text": "Type 2 diabetes"}}, {"code": fields{"text": "Stroke"}}}})
	c.add("Procedure", fields{"status": "completed", "code": concept(snomed, "73761001", "Colonoscopy"), "subject": nil, "performedPeriod": fields{"start": day(900, 9), "end": day(900, 10)},
		"performer": []fields{{"actor": doctor(1)}}, "note": []fields{{"text": "No polyps found. Next one in 10 years."}}})
}
