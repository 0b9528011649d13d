package diary

import (
	"context"
	"strconv"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/record"
	"portico/internal/scheduling"
	"portico/internal/store"
)

// Came is an appointment that came in, and in whose chart.
type Came struct {
	Resource ids.Resource
	Patient  ids.Patient
}

// arrived is queued by the transaction that takes an appointment in.
var arrived = jobs.Kind[Came]{Name: "diary.arrived"}

// Arrived queues what other systems sent; what was written from here is no news.
func (d *Diary) Arrived(ctx context.Context, tx *store.Tx, rows []record.Arrival) error {
	for _, a := range rows {
		if a.Row.Kind != "Appointment" || a.Row.Source == source {
			continue
		}
		if err := arrived.Enqueue(ctx, tx, Came{a.Row.ID, a.Row.Patient}, jobs.Options{Unique: string(a.Row.ID)}); err != nil {
			return err
		}
	}
	return nil
}

// Read brings an appointment that came in into the calendar as it stands.
func (d *Diary) Read(ctx context.Context, duty access.Duty, c Came) error {
	var came came
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		person, err := record.Chart(ctx, tx, c.Patient)
		if err != nil {
			return err
		}
		doc, err := record.Document(ctx, tx, duty.Whole(person), c.Resource)
		if err != nil {
			return err
		}
		n := fhir.Parse(doc.Raw)
		labels, err := record.Labels(ctx, tx, actors(n)...)
		came = read(n, labels)
		came.own = d.ours(n)
		came.Resource, came.Home, came.Patient, came.Source = doc.ID, doc.Home, doc.Patient, doc.Source
		return err
	})
	if fault.Is(err, fault.NotFound) || err == nil && came.Start.IsZero() {
		return nil // nothing that has a time
	}
	if err != nil {
		return err
	}
	return d.Visits.Mirror(ctx, duty, came.Elsewhere, came.own, came.names)
}

type came struct {
	scheduling.Elsewhere
	own   ids.Appointment
	names []string // of people in it
}

// states are what the calendar calls the states of an appointment. Those that
// promise no time have none (hl7.org/fhir/R4/valueset-appointmentstatus.html).
var states = func() map[string]scheduling.State {
	out := map[string]scheduling.State{}
	for s, f := range statuses {
		out[f.visit] = s
	}
	return out
}()

// actors are the people and places of an appointment that have an identifier here.
func actors(n fhir.Node) (out []ids.Resource) {
	for _, p := range n.Get("participant").List() {
		if r := p.Get("actor").Reference(); r.ID != "" && r.Type != "Patient" {
			out = append(out, ids.Resource(r.ID))
		}
	}
	return out
}

// read gives what an appointment says of itself.
func read(n fhir.Node, labels map[ids.Resource]string) came {
	c := came{Elsewhere: scheduling.Elsewhere{State: states[n.Get("status").Text()], Start: n.Get("start").Moment(), End: n.Get("end").Moment()}}
	if n, err := strconv.Atoi(n.Get("minutesDuration").Number()); c.End.IsZero() && err == nil && n > 0 {
		c.End = c.Start.Add(time.Duration(min(n, 24*60)) * time.Minute)
	}
	for _, key := range []string{"serviceType", "appointmentType", "serviceCategory"} {
		v := n.Get(key)
		if v.IsList() && len(v.List()) > 0 {
			v = v.List()[0]
		}
		if c.Title == "" && v.IsObject() {
			c.Title = v.Concept().Words()
		}
	}
	if c.Title == "" {
		c.Title = n.Get("description").Line()
	}
	for _, p := range n.Get("participant").List() {
		r := p.Get("actor").Reference()
		called := r.Display
		if called == "" {
			called = labels[ids.Resource(r.ID)]
		}
		switch r.Type {
		case "Practitioner", "PractitionerRole":
			c.names = append(c.names, called)
			if c.Who == "" {
				c.Who = called
			}
		case "Location":
			if c.Place == "" {
				c.Place = called
			}
		}
	}
	return c
}

// ours is our identifier of a visit, "" if the appointment has none.
func (d *Diary) ours(n fhir.Node) ids.Appointment {
	for _, i := range n.Get("identifier").List() {
		if i.Get("system").Text() == d.system() {
			return ids.Appointment(i.Get("value").Line())
		}
	}
	return ""
}
