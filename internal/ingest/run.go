package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// keepRun keeps what an import of files brought, if it brought anything.
func (w *work) keepRun(ctx context.Context, began time.Time) error {
	if !w.rep.Wrote() {
		return nil
	}
	_, err := w.keep(ctx, began, w.d.Did(audit.RecordsTaken, w.source))
	return err
}

// keep keeps what came in and gives the identifier of that line.
func (w *work) keep(ctx context.Context, began time.Time, e audit.Entry) (id string, err error) {
	types, err := marshalTypes(w.rep.Records.Types)
	if err != nil {
		return "", err
	}
	id = ids.New[string]("run")
	p, t := w.rep.People, w.rep.Records.Tally
	return id, w.DB.Change(ctx, e, func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO ingest_run (id, source, feed_id, day, began_at, ended_at, parts, people, added, changed, same, older, refused, types)
			VALUES ($1, $2, NULL, '', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			id, w.source, store.Time(began), store.Time(tx.Now), p.Files, p.Records(), p.New+t.New, p.Changed+t.Changed,
			p.Unchanged+t.Unchanged, p.Older+t.Older, p.Refused+t.Refused, types)
		if w.sender != "" && err == nil {
			err = record.NameSender(ctx, tx, w.source, w.sender)
		}
		return err
	})
}

func marshalTypes(t map[string]record.Tally) (string, error) {
	b, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("counts of an import: %w", err)
	}
	return string(b), nil
}

// Run is what one import, or one day of a feed, brought.
type Run struct {
	ID     string
	Source string
	Feed   string // what the feed or whoever made the file is called; "" for an operator's files
	At     time.Time
	Parts  int // files or messages
	People int
	record.Tally
}

// maxRuns is how many imports one page lists.
const maxRuns = 50

// Runs lists what came in, newest first.
func (i *Door) Runs(ctx context.Context, d access.Desk) (all []Run, err error) {
	if err := d.Need(access.SeeImports); err != nil {
		return nil, err
	}
	err = i.DB.View(ctx, func(tx *store.Tx) error {
		all, err = store.List(ctx, tx, func(r store.Row) (v Run, err error) {
			var at store.Time
			err = r.Scan(&v.ID, &v.Source, &v.Feed, &at, &v.Parts, &v.People, &v.New, &v.Changed, &v.Unchanged, &v.Older, &v.Refused)
			v.At = at.Std()
			return v, err
		}, `SELECT r.id, r.source, COALESCE(f.name, n.name, ''), r.ended_at, r.parts, r.people, r.added, r.changed, r.same, r.older, r.refused
			FROM ingest_run r LEFT JOIN feed f ON f.id = r.feed_id LEFT JOIN record_source n ON n.source = r.source ORDER BY r.ended_at DESC, r.id LIMIT $1`, maxRuns)
		return err
	})
	return all, err
}
