package results

import (
	"context"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// Opened is everything a page says of one result.
type Opened struct {
	Item
	Parts    []record.Measure // two numbers of a blood pressure, antibiotics of a culture
	Facts    Facts
	Lines    []Line // members, in the order of their report
	History  History
	Versions []Version // replaced, newest first
	Comments []Comment
	Files    []record.File
	Recorded []record.Recorded
	Away     bool     // there are files that stand on another server
	Series   []Series // pictures of an imaging study
	Sender   string   // what whoever sent it is called
}

// Line is one member of a panel; Depth is how far below the panel it stands.
type Line struct {
	Item
	Parts []record.Measure
	Depth int
}

// Version is a value that another one took the place of.
type Version struct {
	record.Row
	Parts []record.Measure
}

// kinds are the resource types this room shows; others belong to other rooms.
var kinds = map[string]bool{"Observation": true, "DiagnosticReport": true, "ImagingStudy": true}

// Open reads one result of the chart's patient and keeps that it was opened,
// unless it is shut. NotFound if the patient has no such result.
func (s *Results) Open(ctx context.Context, c access.Chart, id ids.Resource) (Opened, error) {
	if err := c.Need(access.SeeResults); err != nil {
		return Opened{}, err
	}
	var o Opened
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if o.Item, err = one(ctx, tx, c, id); err != nil || o.Shut() {
			return err
		}
		return s.fill(ctx, tx, c, &o)
	})
	if err != nil || o.Shut() {
		return o, err
	}
	return o, s.DB.Change(ctx, c.Did(audit.ResultSeen, string(id)), func(tx *store.Tx) error {
		if err := markSeen(ctx, tx, c, o.visible()); err != nil || s.Teller == nil {
			return err
		}
		return s.Teller.Opened(ctx, tx, c.Patient())
	})
}

// one reads a row of the kinds this room shows.
func one(ctx context.Context, tx *store.Tx, c access.Chart, id ids.Resource) (Item, error) {
	r, err := record.One(ctx, tx, c, id)
	if err == nil && !kinds[r.Kind] {
		err = fault.Missing()
	}
	if err != nil {
		return Item{}, err
	}
	list, err := items(ctx, tx, c, []record.Row{r})
	if err != nil {
		return Item{}, err
	}
	return list[0], nil
}

func (s *Results) fill(ctx context.Context, tx *store.Tx, c access.Chart, o *Opened) error {
	doc, err := record.Document(ctx, tx, c, o.ID)
	if err != nil {
		return err
	}
	n := fhir.Parse(doc.Raw)
	w := &reading{tx: tx, c: c, o: o}
	if err := w.links(ctx); err != nil {
		return err
	}
	if err := w.members(ctx); err != nil {
		return err
	}
	if err := w.values(ctx); err != nil {
		return err
	}
	o.Facts = factsOf(n, w)
	if o.Facts.Specimen == "" {
		if o.Facts.Specimen, err = w.specimens(ctx); err != nil {
			return err
		}
	}
	o.Series = seriesOf(n)
	o.Recorded = record.Recordings(n)
	senders, err := record.Senders(ctx, tx, o.Source)
	if err != nil {
		return err
	}
	o.Sender = senders[o.Source]
	if o.Files, o.Away, err = record.Enclosed(ctx, tx, c, doc); err != nil {
		return err
	}
	if doc.Version > 1 {
		if err := w.versions(ctx); err != nil {
			return err
		}
	}
	if o.Kind == "Observation" {
		if err = o.remember(ctx, tx, c, recent); err != nil {
			return err
		}
	}
	if s.Comments != nil {
		o.Comments, err = s.Comments.About(ctx, tx, c, o.visible()...)
	}
	return err
}

// visible are the results whose values the page shows.
func (o Opened) visible() []ids.Resource {
	out := []ids.Resource{o.ID}
	for _, l := range o.Lines {
		if !l.Held && !l.Veiled {
			out = append(out, l.ID)
		}
	}
	return out
}

// Show keeps the person's choice to see a sensitive result in this session.
func (s *Results) Show(ctx context.Context, c access.Chart, id ids.Resource) error {
	if err := c.Need(access.SeeResults); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.ResultShown, string(id)), func(tx *store.Tx) error {
		item, err := one(ctx, tx, c, id)
		if err != nil || !item.Veiled {
			return err
		}
		return insertShown(ctx, tx, c, id)
	})
}
