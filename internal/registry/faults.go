package registry

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// KeepFaults keeps what an import of files could not take in, until the same
// file comes in without it. files are their names without folders.
func (r *Room) KeepFaults(ctx context.Context, d access.Duty, files []string, all []Refusal) error {
	return r.keepFaults(ctx, d, files, all)
}

// keepFaults makes what is kept about the files of an import what they have now:
// known faults stay as they are, those that are gone go. Where nothing changed,
// nothing is written.
func (r *Room) keepFaults(ctx context.Context, d access.Duty, files []string, all []Refusal) error {
	var have map[string][]string
	err := r.DB.View(ctx, func(tx *store.Tx) error {
		have = map[string][]string{}
		rows, err := store.List(ctx, tx, func(s store.Row) (m [2]string, err error) {
			err = s.Scan(&m[0], &m[1])
			return m, err
		}, `SELECT source_index, mark FROM import_fault`)
		for _, m := range rows {
			have[m[0]] = append(have[m[0]], m[1])
		}
		return err
	})
	if err != nil {
		return err
	}
	now := map[string]map[string]Refusal{}
	for _, f := range files {
		now[r.Keys.Index(indexFile, f)] = map[string]Refusal{}
	}
	for _, f := range all {
		if marks := now[r.Keys.Index(indexFile, f.File)]; marks != nil {
			marks[r.Keys.Index(indexFault, faultText(f))] = f
		}
	}
	for source, marks := range now {
		if err := r.fileFaults(ctx, d, source, have[source], marks); err != nil {
			return err
		}
	}
	return nil
}

// faultText tells the faults of one file apart.
func faultText(f Refusal) string {
	return fmt.Sprintf("%d|%d|%d|%s|%s", f.Line, f.Entry, f.Column, f.Path, f.Key)
}

func (r *Room) fileFaults(ctx context.Context, d access.Duty, source string, have []string, marks map[string]Refusal) error {
	same := len(have) == len(marks) && !slices.ContainsFunc(have, func(m string) bool { _, ok := marks[m]; return !ok })
	if same {
		return nil
	}
	return r.DB.Change(ctx, d.Did(audit.PatientsImported, "").As(audit.Failed), func(tx *store.Tx) error {
		for _, m := range have {
			if _, still := marks[m]; still {
				continue
			}
			if _, err := tx.Exec(ctx, `DELETE FROM import_fault WHERE source_index = $1 AND mark = $2`, source, m); err != nil {
				return err
			}
		}
		for m, f := range marks {
			if err := r.keepFault(ctx, tx, source, m, f); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Room) keepFault(ctx context.Context, tx *store.Tx, source, mark string, f Refusal) error {
	id := ids.New[string]("flt")
	b, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("import fault: %w", err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO import_fault (id, source_index, sealed, mark, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (source_index, mark) DO NOTHING`,
		id, source, r.Keys.Seal(sealFault, id, b), mark, store.Time(tx.Now))
	return err
}

// Faults lists what imports could not take in so far, oldest first.
func (r *Room) Faults(ctx context.Context, _ access.Duty) ([]Refusal, error) {
	type row struct{ id, sealed string }
	var rows []row
	err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
		rows, err = store.List(ctx, tx, func(s store.Row) (f row, err error) {
			err = s.Scan(&f.id, &f.sealed)
			return f, err
		}, `SELECT id, sealed FROM import_fault ORDER BY at, id`)
		return err
	})
	if err != nil {
		return nil, err
	}
	var out []Refusal
	for _, f := range rows {
		b, err := r.Keys.Open(sealFault, f.id, f.sealed)
		if err != nil {
			return nil, err
		}
		var one Refusal
		if err := json.Unmarshal(b, &one); err != nil {
			return nil, fmt.Errorf("import fault: %w", err)
		}
		out = append(out, one)
	}
	return out, nil
}

// Fault is something that could not be taken in, for staff to look at.
type Fault struct {
	ID string
	At time.Time
	Refusal
}

// maxListed is how many faults one page lists.
const maxListed = 200

// Faulty lists the newest faults for staff, and tells how many there are.
func (r *Room) Faulty(ctx context.Context, d access.Desk) (out []Fault, all int, err error) {
	if err := d.Need(access.SeeImports); err != nil {
		return nil, 0, err
	}
	err = r.DB.View(ctx, func(tx *store.Tx) error {
		if all, err = store.Get(ctx, tx, store.One[int], FaultsWaiting); err != nil {
			return err
		}
		out, err = store.List(ctx, tx, func(s store.Row) (f Fault, err error) {
			var sealed string
			var at store.Time
			if err := s.Scan(&f.ID, &sealed, &at); err != nil {
				return f, err
			}
			f.At = at.Std()
			b, err := r.Keys.Open(sealFault, f.ID, sealed)
			if err != nil {
				return f, err
			}
			return f, json.Unmarshal(b, &f.Refusal)
		}, `SELECT id, sealed, at FROM import_fault ORDER BY at DESC, id LIMIT $1`, maxListed)
		return err
	})
	return out, all, err
}

// Settle takes a fault off the list: it was put right at the sender.
func (r *Room) Settle(ctx context.Context, d access.Desk, id string) error {
	if err := d.Need(access.SeeImports); err != nil {
		return err
	}
	return r.DB.Change(ctx, d.Did(audit.PatientsImported, id).With("fault settled"), func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM import_fault WHERE id = $1`, id)
		if err == nil && n == 0 {
			err = fault.Missing()
		}
		return err
	})
}

// FaultsWaiting is the query of how many records could not be taken in and wait.
const FaultsWaiting = `SELECT COUNT(*) FROM import_fault`

// CountFaults is the number of records that could not be taken in and wait.
func CountFaults(ctx context.Context, tx *store.Tx) (int, error) {
	return store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM import_fault`)
}
