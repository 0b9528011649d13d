package records

import (
	"slices"
	"strconv"
	"strings"

	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/record"
)

// detail is one thing a document says: the key of its label and where it stands.
type detail struct {
	key  string
	path string
	as   form
}

// form is how a value is written.
type form int

const (
	words  form = iota // text, codes by their words, references by their name
	moment             // a date
	amount             // a quantity
	truth              // yes or no
	coded              // a code of a closed set: the words of our texts, else as it came
	class              // of an encounter, a code of v3-ActCode
	phone              // a phone number, or another way to reach somebody as it came
	member             // of a care team, with what they are in it
)

// details are what each type's page says beside its title, dates, person and
// place, in order.
var details = map[string][]detail{
	"Condition": {{"severity", "severity", words}, {"body_site", "bodySite", words}, {"stage", "stage.summary", words}, {"evidence", "evidence.code", words}},
	"MedicationRequest": {{"dose", "dosageInstruction.text", words}, {"dose_patient", "dosageInstruction.patientInstruction", words}, {"route", "dosageInstruction.route", words},
		{"reason", "reasonCode", words}, {"reason", "reasonReference", words}, {"quantity", "dispenseRequest.quantity", amount},
		{"refills", "dispenseRequest.numberOfRepeatsAllowed", words}, {"supply", "dispenseRequest.expectedSupplyDuration", amount},
		{"valid_until", "dispenseRequest.validityPeriod.end", moment}, {"intent", "intent", coded}},
	"MedicationStatement":      {{"dose", "dosage.text", words}, {"reason", "reasonCode", words}, {"source", "informationSource", words}},
	"MedicationDispense":       {{"dose", "dosageInstruction.text", words}, {"quantity", "quantity", amount}, {"supply", "daysSupply", amount}, {"handed_over", "whenHandedOver", moment}},
	"MedicationAdministration": {{"dose", "dosage.text", words}, {"quantity", "dosage.dose", amount}, {"reason", "reasonCode", words}},
	"AllergyIntolerance": {{"kind", "type", coded}, {"category", "category", coded}, {"criticality", "criticality", coded}, {"reaction", "reaction.manifestation", words},
		{"severity", "reaction.severity", coded}, {"last", "lastOccurrence", moment}},
	"Immunization": {{"dose_number", "protocolApplied.doseNumberPositiveInt", words}, {"dose_number", "protocolApplied.doseNumberString", words}, {"lot", "lotNumber", words},
		{"maker", "manufacturer", words}, {"expires", "expirationDate", moment}, {"site", "site", words}, {"route", "route", words}, {"reason_not", "statusReason", words},
		{"reaction", "reaction.detail", words}},
	"Procedure": {{"reason", "reasonCode", words}, {"reason", "reasonReference", words}, {"body_site", "bodySite", words}, {"outcome", "outcome", words},
		{"complication", "complication", words}, {"follow_up", "followUp", words}, {"device", "focalDevice.manipulated", words}},
	"Encounter": {{"class", "class", class}, {"reason", "reasonCode", words}, {"reason", "reasonReference", words}, {"diagnosis", "diagnosis.condition", words},
		{"discharge", "hospitalization.dischargeDisposition", words}, {"service", "serviceType", words}},
	"DocumentReference": {{"description", "description", words}, {"doc_status", "docStatus", coded}, {"period", "context.period.start", moment}},
	"Composition":       {{"description", "title", words}},
	"CareTeam":          {{"members", "participant", member}, {"reason", "reasonCode", words}},
	"CarePlan":          {{"description", "description", words}, {"addresses", "addresses", words}, {"goals", "goal", words}, {"activities", "activity.detail.code", words}, {"activities", "activity.detail.description", words}},
	"Goal":              {{"achievement", "achievementStatus", coded}, {"target", "target.detailQuantity", amount}, {"target", "target.detailString", words}, {"due", "target.dueDate", moment}, {"addresses", "addresses", words}},
	"Coverage": {{"member_id", "subscriberId", words}, {"group", "class.value", words}, {"plan", "class.name", words}, {"relationship", "relationship", coded},
		{"subscriber", "subscriber", words}, {"payor", "payor", words}},
	"Device": {{"device_kind", "type", words}, {"maker", "manufacturer", words}, {"model", "modelNumber", words}, {"serial", "serialNumber", words}, {"lot", "lotNumber", words},
		{"udi", "udiCarrier.carrierHRF", words}, {"udi", "distinctIdentifier", words}, {"expires", "expirationDate", moment}},
	"FamilyMemberHistory": {{"relationship", "relationship", words}, {"conditions", "condition.code", words}, {"died", "deceasedBoolean", truth}, {"age", "condition.onsetAge", amount}},
	"Observation":         {{"method", "method", words}, {"body_site", "bodySite", words}, {"device", "device", words}},
	"RelatedPerson":       {{"relationship", "relationship", words}, {"phone", "telecom.value", phone}},
	"Appointment":         {{"description", "description", words}, {"reason", "reasonCode", words}},
	"Consent":             {{"category", "category", words}, {"decision", "provision.type", coded}},
	"ServiceRequest":      {{"reason", "reasonCode", words}, {"category", "category", words}, {"priority", "priority", coded}},
}

// fact is one line of an item's page before it has its words.
type fact struct {
	Key, Value string
	sent       bool // in the sender's words
}

// factsOf reads what a document says.
func factsOf(s page.Shell, it Item) []fact {
	n := fhir.Parse(it.Doc.Raw)
	var out []fact
	add := func(key, value string, sent bool) {
		if value = strings.TrimSpace(value); value == "" {
			return
		}
		for i, f := range out {
			if f.Key == key {
				if !strings.Contains(f.Value, value) {
					out[i].Value += ", " + value
				}
				return
			}
		}
		out = append(out, fact{key, value, sent})
	}
	for _, d := range details[it.Row.Kind] {
		var values []string
		for _, v := range at(n, strings.Split(d.path, ".")) {
			if w := write(s, it, v, d.as); w != "" && !slices.Contains(values, w) {
				values = append(values, w)
			}
		}
		add(d.key, strings.Join(values, ", "), d.as == words || d.as == member)
	}
	return out
}

// traces are the pictures of what a device recorded.
func traces(s page.Shell, it Item) (out []page.TraceSpec) {
	if it.Row.Kind != "Observation" {
		return nil
	}
	for i, r := range record.Recordings(fhir.Parse(it.Doc.Raw)) {
		out = append(out, page.TraceSpec{ID: "trace-" + strconv.Itoa(i), Title: plainName(s, r.Measure), Unit: r.Sampled.Unit, Period: r.Period, Lines: r.Lines, Lost: r.Lost})
	}
	return out
}

// tongue is the language to mark the sender's words with.
func (it Item) tongue(s page.Shell) string {
	return s.Written(fhir.Parse(it.Doc.Raw).Get("language").Text())
}

// facts are the lines of an item's page. What a detail says is not said again.
func facts(s page.Shell, it Item) []page.Fact {
	var out []page.Fact
	tag := it.tongue(s)
	add := func(key, value string, sent bool) {
		if value != "" {
			out = append(out, page.Fact{Label: s.T("records.fact." + key), Value: value, Lang: tagged(tag, sent)})
		}
	}
	r := it.Row
	if w := status(s, r); w != "" {
		out = append(out, page.Fact{Label: s.T("records.fact.status"), Part: page.Tag(w, tone(r))})
	}
	when := s.When(r.At)
	add("when", when, false)
	add("ended", ended(s, r), false)
	details := factsOf(s, it)
	v := value(s, r, it.Parts)
	if r.Section != record.Visits && !slices.ContainsFunc(details, func(f fact) bool { return f.Value == v }) {
		add("value", v, worded(s, r))
	}
	if r.Kind == "Observation" && v == "" && r.State != "" {
		add("value", s.T("records.novalue", page.Absent(s, r.State)), false)
	}
	if r.Value != "" {
		for _, p := range it.Parts {
			if p.Value != "" && !strings.Contains(v, p.Shown()) {
				out = append(out, page.Fact{Label: plainName(s, p), Value: strings.TrimSpace(p.Comparator + said(s, p.Shown()) + " " + unit(s, p))})
			}
		}
	}
	for _, f := range details {
		if f.Value != when {
			add(f.Key, f.Value, f.sent)
		}
	}
	if r.Section != record.Insurance { // its payer stands above
		add("who", r.Who, false)
	}
	add("where", r.Place, false)
	add("from", page.Sender(s, it.Sender), false)
	add("received", s.Date(r.Received), false)
	return out
}

// ended is when something ended: the time of day where it is of the day it began.
func ended(s page.Shell, r record.Row) string {
	to := fhir.At(r.Until)
	if s.Day(to) == s.Day(r.At) {
		return s.When(to)
	}
	return s.Day(to)
}

// notesOf are the sender's own notes.
func notesOf(it Item) []string {
	var out []string
	for _, v := range at(fhir.Parse(it.Doc.Raw), []string{"note"}) {
		if t := v.Get("text").Long(); t != "" {
			out = append(out, t)
		}
	}
	return out
}

func write(s page.Shell, it Item, v fhir.Node, as form) string {
	switch as {
	case moment:
		return s.When(v.When())
	case amount:
		q := v.Quantity()
		unit := q.Unit
		if unit == "" {
			unit = q.Code
		}
		return strings.TrimSpace(q.Comparator + record.Legible(q.Value) + " " + unit)
	case truth:
		if v.Truth() {
			return s.T("records.yes")
		}
		return s.T("records.no")
	case class:
		if t, ok := ours(s, "records.class."+v.Get("code").Line()); ok {
			return t
		}
	case phone:
		return lang.Phone(v.Line())
	case member:
		return it.member(v)
	case coded:
		if t, ok := ours(s, "records.code."+v.Concept().Code()); ok {
			return t
		}
	}
	return plain(it, v)
}

// member names one of a care team and what they are in it. Whose record it is reads
// who the others are.
func (it Item) member(v fhir.Node) string {
	who := v.Get("member").Reference()
	if who.Type == "Patient" {
		return ""
	}
	var roles []string
	for _, r := range at(v, []string{"role"}) {
		if w := r.Concept().Words(); w != "" && !slices.Contains(roles, w) {
			roles = append(roles, w)
		}
	}
	name, role := it.called(who), strings.Join(roles, ", ")
	if name != "" && role != "" {
		return name + " (" + role + ")"
	}
	return name + role
}

// plain writes text, a number, a concept's words or what a reference is called.
func plain(it Item, v fhir.Node) string {
	switch {
	case !v.IsObject() && v.IsNumber():
		return v.Number()
	case !v.IsObject():
		return v.Long()
	case v.Get("coding").Exists() || v.Get("text").Exists():
		return v.Concept().Words()
	case v.Get("reference").Exists():
		return it.called(v.Reference())
	case v.Get("display").Exists():
		return v.Get("display").Line()
	}
	return v.Concept().Words()
}

// called is the name of what a reference leads to: the sender's words, else what
// the resource itself is called.
func (it Item) called(r fhir.Reference) string {
	if r.Display != "" {
		return r.Display
	}
	id := ids.Resource(r.ID)
	for _, o := range it.Around {
		if o.ID == id && !o.Held {
			return o.Title
		}
	}
	return it.Labels[id]
}

// known gives the words our texts have for a code, else the code as it came.
func known(s page.Shell, prefix, code string) string {
	if code == "" {
		return ""
	}
	if t, ok := ours(s, prefix+code); ok {
		return t
	}
	return code
}

// ours gives the words our texts have for a key made of what was received.
func ours(s page.Shell, key string) (string, bool) {
	t := s.T(key)
	return t, t != key
}

// said gives our words for what smokers and others are commonly called, in the
// language of the page; the sender's own for the rest.
func said(s page.Shell, value string) string {
	if t, ok := ours(s, "records.said."+strings.ReplaceAll(strings.ToLower(value), " ", "-")); ok {
		return t
	}
	return s.Dated(known(s, "records.code.", value))
}

// at gives the values at a path, going through arrays.
func at(n fhir.Node, path []string) []fhir.Node {
	v := n.Get(path[0])
	if !v.Exists() {
		return nil
	}
	each := []fhir.Node{v}
	if v.IsList() {
		each = v.List()
	}
	if len(path) == 1 {
		return each
	}
	var out []fhir.Node
	for _, e := range each {
		if e.IsObject() {
			out = append(out, at(e, path[1:])...)
		}
	}
	return out
}

const loinc = "http://loinc.org"

// status is how a row stands in plain words: its clinical state where it has one.
func status(s page.Shell, r record.Row) string {
	code := r.Status
	switch r.Section {
	case record.Conditions, record.Allergies:
		if code = r.State; code == "" {
			code = r.Status
		}
	}
	return known(s, "records.status.", code)
}

// Brief says in a few words what a row says beside its title, for lists of other
// rooms: a measured value, or how it stands.
func Brief(s page.Shell, r record.Row, parts []record.Measure) string {
	if v := value(s, r, parts); v != "" {
		return v
	}
	return status(s, r)
}

// tone tells at a glance whether something goes on.
func tone(r record.Row) page.Tone {
	code := r.Status
	if r.Section == record.Conditions || r.Section == record.Allergies {
		code = r.State
	}
	switch code {
	case "active", "in-progress", "recurrence", "relapse", "accepted", "booked", "planned":
		return page.Info
	case "on-hold", "not-done", "entered-in-error", "cancelled", "stopped", "refuted":
		return page.Warn
	}
	return page.Plain
}

// birthDay writes a birth date in words.
func birthDay(s page.Shell, date string) string {
	if w := fhir.At(date); w.Text != "" {
		return s.When(w)
	}
	return date
}

// clinicLine is who gives out a printed record.
func clinicLine(s page.Shell) string {
	if s.Clinic == nil {
		return ""
	}
	return strings.Trim(s.Clinic.Name+", "+s.Clinic.Phone, ", ")
}
