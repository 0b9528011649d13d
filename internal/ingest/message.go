package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/registry"
	"portico/internal/store"
)

// message takes in one message of a feed. The same message again writes nothing
// but the line that it came.
func (i *Door) message(ctx context.Context, f Feed, source access.Source, body []byte, read func(context.Context, *work, string, []byte) error) (Report, error) {
	sum := sha256.Sum256(body)
	name := f.Name + " " + hex.EncodeToString(sum[:6]) // a clerk reads whose message it was
	d := access.NewDuty("feed " + string(f.ID))
	w := i.begin(d, f.Source)
	if err := read(ctx, w, name, body); err != nil {
		return w.rep, err
	}
	w.files = []string{name}
	if err := w.keepFaults(ctx); err != nil {
		return w.rep, err
	}
	e := d.Did(audit.FeedTried, string(f.ID))
	e.Source = string(source)
	return w.rep, w.keepDay(ctx, f.ID, e)
}

// resources is how a message of FHIR resources is read: twice, like a file.
func resources(ctx context.Context, w *work, name string, body []byte) (err error) {
	o := registry.Options{Seen: w.seen, FaultsLater: true}
	if w.rep.People, err = w.Registry.ImportFHIRFrom(ctx, w.d, name, bytes.NewReader(body), fhir.ForHTTP, o); err != nil {
		return err
	}
	for _, late := range []bool{false, true} {
		if err := w.read(ctx, part{name, bytes.NewReader(body), fhir.ForHTTP, w.of[name].sole(), late}, nil); err != nil || !w.left {
			return err
		}
	}
	return nil
}

// keepDay adds a message to what its feed brought today.
func (w *work) keepDay(ctx context.Context, feed ids.Feed, e audit.Entry) error {
	return w.DB.Change(ctx, e, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE feed SET last_at = $2 WHERE id = $1`, feed, store.Time(tx.Now)); err != nil {
			return err
		}
		day := tx.Now.UTC().Format("2006-01-02")
		types, err := store.Get(ctx, tx, store.One[string], `SELECT types FROM ingest_run WHERE feed_id = $1 AND day = $2`, feed, day)
		if err != nil && !errors.Is(err, store.ErrNone) {
			return err
		}
		sum := record.Report{}
		if types != "" {
			if err := json.Unmarshal([]byte(types), &sum.Types); err != nil {
				return err
			}
		}
		sum.Add(w.rep.Records)
		if types, err = marshalTypes(sum.Types); err != nil {
			return err
		}
		p, t := w.rep.People, w.rep.Records.Tally
		_, err = tx.Exec(ctx, `
			INSERT INTO ingest_run (id, source, feed_id, day, began_at, ended_at, parts, people, added, changed, same, older, refused, types)
			VALUES ($1, $2, $3, $4, $5, $5, 1, $6, $7, $8, $9, $10, $11, $12)
			ON CONFLICT (feed_id, day) WHERE feed_id IS NOT NULL DO UPDATE SET ended_at = excluded.ended_at, parts = ingest_run.parts + 1,
				people = ingest_run.people + excluded.people, added = ingest_run.added + excluded.added, changed = ingest_run.changed + excluded.changed,
				same = ingest_run.same + excluded.same, older = ingest_run.older + excluded.older, refused = ingest_run.refused + excluded.refused, types = excluded.types`,
			ids.New[string]("run"), w.source, feed, day, store.Time(tx.Now), p.Records(), p.New+t.New, p.Changed+t.Changed, p.Unchanged+t.Unchanged,
			p.Older+t.Older, p.Refused+t.Refused, types)
		return err
	})
}
