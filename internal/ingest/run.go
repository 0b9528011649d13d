package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

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
	types, err := marshalTypes(w.rep.Records.Types)
	if err != nil {
		return err
	}
	p, t := w.rep.People, w.rep.Records.Tally
	return w.DB.Change(ctx, w.d.Did(audit.RecordsTaken, w.source), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO ingest_run (id, source, feed_id, day, began_at, ended_at, parts, people, added, changed, same, older, refused, types)
			VALUES ($1, $2, NULL, '', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
			ids.New[string]("run"), w.source, store.Time(began), store.Time(tx.Now), p.Files, p.Records(), p.New+t.New, p.Changed+t.Changed,
			p.Unchanged+t.Unchanged, p.Older+t.Older, p.Refused+t.Refused, types)
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
