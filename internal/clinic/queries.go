package clinic

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"portico/internal/ids"
	"portico/internal/store"
)

// Revision is one state of the profile; Rev 0 is that of the settings.
type Revision struct {
	Profile
	Rev int64
	By  string // name of whoever made it
	At  time.Time
}

const revisionColumns = `p.rev, p.doc, COALESCE(s.name, p.changed_by), p.changed_at FROM clinic_profile p LEFT JOIN staff s ON s.id = p.changed_by`

func scanRevision(r store.Row) (v Revision, err error) {
	var doc string
	var at store.Time
	if err = r.Scan(&v.Rev, &doc, &v.By, &at); err != nil {
		return v, err
	}
	v.At = at.Std()
	v.Profile, err = parse(doc)
	return v, err
}

// newest is the revision in force, a zero one if nothing was ever changed.
func newest(ctx context.Context, tx *store.Tx) (Revision, error) {
	v, err := store.Get(ctx, tx, scanRevision, `SELECT `+revisionColumns+` ORDER BY p.rev DESC LIMIT 1`)
	if errors.Is(err, store.ErrNone) {
		return Revision{}, nil
	}
	return v, err
}

func revision(ctx context.Context, tx *store.Tx, rev int64) (Revision, error) {
	return store.Get(ctx, tx, scanRevision, `SELECT `+revisionColumns+` WHERE p.rev = $1`, rev)
}

// shown is how many changes the history shows.
const shown = 100

func revisions(ctx context.Context, tx *store.Tx) ([]Revision, error) {
	return store.List(ctx, tx, scanRevision, `SELECT `+revisionColumns+` ORDER BY p.rev DESC LIMIT $1`, shown+1)
}

func insertRevision(ctx context.Context, tx *store.Tx, rev int64, p Profile, by ids.Staff) error {
	doc, err := json.Marshal(p)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO clinic_profile (rev, doc, changed_by, changed_at) VALUES ($1, $2, $3, $4)`, rev, string(doc), by, store.Time(tx.Now))
	return err
}

// Draft is what an administrator is about to change, begun from the revision Over.
type Draft struct {
	Profile
	Over int64
}

func draftOf(ctx context.Context, tx *store.Tx, by ids.Staff) (Draft, error) {
	return store.Get(ctx, tx, func(r store.Row) (d Draft, err error) {
		var doc string
		if err = r.Scan(&d.Over, &doc); err != nil {
			return d, err
		}
		d.Profile, err = parse(doc)
		return d, err
	}, `SELECT over, doc FROM clinic_draft WHERE staff_id = $1`, by)
}

func saveDraft(ctx context.Context, tx *store.Tx, by ids.Staff, d Draft) error {
	doc, err := json.Marshal(d.Profile)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO clinic_draft (staff_id, over, doc, changed_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (staff_id) DO UPDATE SET over = excluded.over, doc = excluded.doc, changed_at = excluded.changed_at`,
		by, d.Over, string(doc), store.Time(tx.Now))
	return err
}

func dropDraft(ctx context.Context, tx *store.Tx, by ids.Staff) error {
	_, err := tx.Exec(ctx, `DELETE FROM clinic_draft WHERE staff_id = $1`, by)
	return err
}

func file(ctx context.Context, tx *store.Tx, name string) (File, error) {
	return store.Get(ctx, tx, func(r store.Row) (f File, err error) {
		err = r.Scan(&f.Mime, &f.Body)
		return f, err
	}, `SELECT mime, body FROM clinic_file WHERE name = $1`, name)
}

func keepFile(ctx context.Context, tx *store.Tx, name string, f File) error {
	_, err := tx.Exec(ctx, `INSERT INTO clinic_file (name, mime, body, kept_at) VALUES ($1, $2, $3, $4) ON CONFLICT (name) DO NOTHING`,
		name, f.Mime, f.Body, store.Time(tx.Now))
	return err
}
