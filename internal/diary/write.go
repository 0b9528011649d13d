package diary

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/scheduling"
	"portico/internal/store"
)

// What FHIR calls the states of a visit (hl7.org/fhir/R4/valueset-appointmentstatus.html),
// and whether its slot is taken then. A time that is only held is nobody's visit yet
// and stays out of the record.
var statuses = map[scheduling.State]struct{ visit, slot string }{
	scheduling.Booked:    {"booked", "busy"},
	scheduling.CheckedIn: {"checked-in", "busy"},
	scheduling.Arrived:   {"arrived", "busy"},
	scheduling.Fulfilled: {"fulfilled", "busy"},
	scheduling.Cancelled: {"cancelled", "free"},
	scheduling.NoShow:    {"noshow", "free"},
}

// endings are why a visit was given up
// (terminology.hl7.org/CodeSystem-appointment-cancellation-reason.html).
var endings = map[string]coding{
	"patient": {"http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason", "pat", "Patient"},
	"clinic":  {"http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason", "prov", "Provider"},
}

type (
	meta struct {
		Version string `json:"versionId,omitempty"`
		Updated string `json:"lastUpdated"`
	}
	coding struct {
		System  string `json:"system"`
		Code    string `json:"code"`
		Display string `json:"display"`
	}
	concept struct {
		Coding []coding `json:"coding,omitempty"`
		Text   string   `json:"text,omitempty"`
	}
	identifier struct {
		System string `json:"system"`
		Value  string `json:"value"`
	}
	reference struct {
		Reference string `json:"reference"`
		Display   string `json:"display,omitempty"`
	}
	participant struct {
		Actor    reference `json:"actor"`
		Required string    `json:"required"`
		Status   string    `json:"status"`
	}
	humanName struct {
		Text string `json:"text"`
	}
	resource struct {
		Type         string        `json:"resourceType"`
		ID           string        `json:"id"`
		Meta         meta          `json:"meta"`
		Identifier   []identifier  `json:"identifier,omitempty"`
		Active       *bool         `json:"active,omitempty"`
		Name         any           `json:"name,omitempty"`
		Schedule     *reference    `json:"schedule,omitempty"`
		Status       string        `json:"status,omitempty"`
		Cancellation *concept      `json:"cancelationReason,omitempty"`
		Service      []concept     `json:"serviceType,omitempty"`
		Actor        []reference   `json:"actor,omitempty"`
		Description  string        `json:"description,omitempty"`
		Start        string        `json:"start,omitempty"`
		End          string        `json:"end,omitempty"`
		Minutes      int           `json:"minutesDuration,omitempty"`
		Slot         []reference   `json:"slot,omitempty"`
		Created      string        `json:"created,omitempty"`
		Participant  []participant `json:"participant,omitempty"`
	}
)

// Write brings a visit into the record as it stands.
func (d *Diary) Write(ctx context.Context, duty access.Duty, id ids.Appointment) error {
	at, err := d.Visits.Standing(ctx, duty, id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, ok := statuses[at.Visit.State]; !ok {
		return nil
	}
	var known map[string]string
	if err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		known, err = record.Called(ctx, tx, named("Practitioner", logical(at.Visit.Clinician)), named("Location", logical(at.Visit.Place)))
		return err
	}); err != nil {
		return err
	}
	all := append(d.around(at, known), d.slot(at), d.appointment(at))
	b := record.Batch{Source: source, Did: audit.VisitMirrored, People: map[string]ids.Patient{"Patient/" + at.Home.Logical(): at.Home}}
	for _, r := range all {
		raw, err := json.Marshal(r)
		if err != nil {
			return err
		}
		b.Resources = append(b.Resources, fhir.Resource{Type: r.Type, ID: r.ID, Raw: raw})
	}
	rep, err := d.Record.Take(ctx, duty, b)
	if err == nil && rep.Refused > 0 {
		err = fmt.Errorf("the record refused a visit: %s %s", rep.Refusals[0].Path, rep.Refusals[0].Key)
	}
	return err
}

func (d *Diary) moment(t time.Time) string {
	return t.In(page.ZoneOf(d.Clinic)).Format("2006-01-02T15:04:05.000Z07:00")
}

// around are the clinician with the schedule, and the place, where the record has
// them not or calls them otherwise.
func (d *Diary) around(at scheduling.Standing, known map[string]string) (out []resource) {
	updated, yes := meta{Updated: d.moment(at.Visit.Changed)}, true
	who, place := logical(at.Visit.Clinician), logical(at.Visit.Place)
	if known[named("Practitioner", who)] != at.Clinician {
		out = append(out, resource{Type: "Practitioner", ID: who, Meta: updated, Name: []humanName{{at.Clinician}}},
			resource{Type: "Schedule", ID: who, Meta: updated, Active: &yes, Actor: []reference{{"Practitioner/" + who, at.Clinician}}})
	}
	if known[named("Location", place)] != at.Place {
		out = append(out, resource{Type: "Location", ID: place, Meta: updated, Status: "active", Name: at.Place})
	}
	return out
}

// slot is the stretch of the schedule that the visit has. It goes with the visit
// when that is moved, so that no slot of another time is left behind.
func (d *Diary) slot(at scheduling.Standing) resource {
	v := at.Visit
	return resource{Type: "Slot", ID: logical(v.ID), Meta: d.meta(v), Schedule: &reference{Reference: "Schedule/" + logical(v.Clinician)},
		Service: []concept{{Text: at.Type.En}}, Status: statuses[v.State].slot, Start: d.moment(v.Start), End: d.moment(v.End)}
}

func (d *Diary) meta(v scheduling.Visit) meta {
	return meta{Version: strconv.Itoa(v.Version), Updated: d.moment(v.Changed)}
}

func (d *Diary) appointment(at scheduling.Standing) resource {
	v := at.Visit
	r := resource{Type: "Appointment", ID: logical(v.ID), Meta: d.meta(v), Identifier: []identifier{{d.system(), string(v.ID)}}, Status: statuses[v.State].visit,
		Service: []concept{{Text: at.Type.En}}, Start: d.moment(v.Start), End: d.moment(v.End), Minutes: int(v.End.Sub(v.Start).Minutes()),
		Slot: []reference{{Reference: "Slot/" + logical(v.ID)}}, Created: d.moment(at.Made),
		Participant: []participant{
			{Actor: reference{"Patient/" + at.Home.Logical(), ""}, Required: "required", Status: "accepted"},
			{Actor: reference{"Practitioner/" + logical(v.Clinician), at.Clinician}, Required: "required", Status: "accepted"},
		}}
	if v.Video { // R4 has no element for it
		r.Description = "Video visit"
	} else {
		r.Participant = append(r.Participant, participant{Actor: reference{"Location/" + logical(v.Place), at.Place}, Required: "required", Status: "accepted"})
	}
	if why, ok := endings[v.EndedBy]; ok && v.State == scheduling.Cancelled {
		r.Cancellation = &concept{Coding: []coding{why}}
	}
	return r
}

// named is what the record knows a resource of ours by.
func named(kind, id string) string { return source + "|" + kind + "/" + id }
