package diary

import (
	"context"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/scheduling"
	"portico/internal/store"
)

// Done gives the path of the record's entry about what was done at a visit, "" if
// none is known. It is sure if the entry's sender named the visit; else it is the
// one entry of that day with that clinician.
func (d *Diary) Done(ctx context.Context, tx *store.Tx, c access.Chart, v ids.Appointment, day scheduling.Day) (path string, sure bool, err error) {
	p, err := d.pairs(ctx, tx, c, day)
	if err != nil {
		return "", false, err
	}
	for _, e := range p.entries {
		if of, sure := p.visitOf(e); of == v && of != "" {
			return "/records/item/" + string(e.ID), sure, nil
		}
	}
	return "", false, nil
}

// Booked gives the path of the visit at which what an entry of the record tells was
// done, in the same way.
func (d *Diary) Booked(ctx context.Context, tx *store.Tx, c access.Chart, r record.Row) (path string, sure bool, err error) {
	if r.At.Time.IsZero() || r.Held {
		return "", false, nil
	}
	p, err := d.pairs(ctx, tx, c, d.Visits.Day(r.At.Time))
	if err != nil {
		return "", false, err
	}
	of, sure := p.visitOf(r)
	if of == "" {
		return "", false, nil
	}
	return "/visits/" + string(of), sure, nil
}

// pairs are the visits of a day and the record's entries about visits on it.
type pairs struct {
	entries []record.Row
	visits  []scheduling.Known
	links   []record.Link
}

func (d *Diary) pairs(ctx context.Context, tx *store.Tx, c access.Chart, day scheduling.Day) (p pairs, err error) {
	if p.visits, err = scheduling.KnownOn(ctx, tx, c, day); err != nil || len(p.visits) == 0 {
		return p, err
	}
	noon := day.Noon(page.ZoneOf(d.Clinic))
	from := time.Date(noon.Year(), noon.Month(), noon.Day(), 0, 0, 0, 0, noon.Location())
	if p.entries, _, err = record.List(ctx, tx, c, record.Query{Section: record.Visits, From: from, To: from.AddDate(0, 0, 1)}); err != nil || len(p.entries) == 0 {
		return p, err
	}
	p.entries = slices.DeleteFunc(p.entries, func(r record.Row) bool { return r.Held })
	var of []ids.Resource
	for _, e := range p.entries {
		of = append(of, e.ID)
	}
	if p.links, err = record.LinksFrom(ctx, tx, c, of...); err != nil {
		return p, err
	}
	var names []string
	for _, v := range p.visits {
		names = append(names, named("Appointment", logical(v.ID)))
	}
	mine, err := record.Named(ctx, tx, names...)
	for i, v := range p.visits {
		if id, ok := mine[named("Appointment", logical(v.ID))]; ok {
			p.visits[i].Copies = append(p.visits[i].Copies, id)
		}
	}
	return p, err
}

// visitOf finds the visit an entry tells of: the one it names, else the only one of
// its clinician if the entry is the only one of theirs too. Two of either could be
// each other's.
func (p pairs) visitOf(e record.Row) (ids.Appointment, bool) {
	for _, l := range p.links {
		if l.From != e.ID || l.Element != "appointment" {
			continue
		}
		for _, v := range p.visits {
			if slices.Contains(v.Copies, l.To) {
				return v.ID, true
			}
		}
	}
	var found []ids.Appointment
	for _, v := range p.visits {
		if v.Kept && scheduling.SameName(v.Clinician, e.Who) {
			found = append(found, v.ID)
		}
	}
	like := 0
	for _, o := range p.entries {
		if scheduling.SameName(o.Who, e.Who) {
			like++
		}
	}
	if len(found) == 1 && like == 1 {
		return found[0], false
	}
	return "", false
}
