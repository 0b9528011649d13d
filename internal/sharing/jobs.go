package sharing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/store"
)

// MakeArgs names the download to be made.
type MakeArgs struct{ Download ids.Export }

// Make makes the file of a download.
var Make = jobs.Kind[MakeArgs]{Name: "sharing.make"}

// sweep erases what has expired.
var sweep = jobs.Kind[struct{}]{Name: "sharing.sweep", Every: 5 * time.Minute}

// Work registers this room's jobs.
func (s *Sharing) Work(r *jobs.Runner) {
	jobs.Handle(r, Make, s.make)
	jobs.Handle(r, sweep, s.sweep)
}

// patience is how often a copy is begun before sections that cannot be read are
// given up and the rest is delivered.
const patience = 3

// make makes one copy. It may run again, or beside a run whose lease ran out:
// only the latest one puts anything down, and whoever finishes first is the only
// one to tell the owner.
func (s *Sharing) make(ctx context.Context, d access.Duty, args MakeArgs) error {
	w, tries, err := s.begin(ctx, args.Download)
	if errors.Is(err, store.ErrNone) {
		return nil // made already, given up, or not wanted any more
	}
	if err != nil {
		return err
	}
	if w.homes, err = s.homes(ctx, w.patient); err != nil {
		return err
	}
	gaps, size, err := s.fill(ctx, d, w)
	switch {
	case errors.Is(err, errStopped):
		return nil
	case err != nil && tries < patience:
		return err
	case err != nil:
		return s.end(ctx, d, w, Failed, broken(w), 0)
	case hasBroken(gaps) && tries < patience:
		return errors.New("a section could not be read")
	case len(gaps) == len(w.Order.Sections):
		return s.end(ctx, d, w, Failed, gaps, 0)
	}
	return s.end(ctx, d, w, Ready, gaps, size)
}

func hasBroken(gaps []Gap) bool {
	for _, g := range gaps {
		if g.Why == Broken {
			return true
		}
	}
	return false
}

// broken are all sections of a download, none of which could be made.
func broken(w Download) []Gap {
	var out []Gap
	for _, section := range w.Order.Sections {
		out = append(out, Gap{section, Broken})
	}
	return out
}

// begin takes a download to be made. What an earlier run put down is erased. One
// whose account was closed, frozen or leads to another record is given up.
func (s *Sharing) begin(ctx context.Context, id ids.Export) (w Download, tries int, err error) {
	build := string(ids.NewJob())
	err = s.DB.Housekeep(ctx, "sharing", func(tx *store.Tx) error {
		var err error
		if w, err = store.Get(ctx, tx, scanDownload(tx.Now), `
			UPDATE download SET build = $2, tries = tries + 1, done = 0 WHERE id = $1 AND state = 'making' RETURNING `+columns, id, build); err != nil {
			return err
		}
		if tries, err = store.Get(ctx, tx, store.One[int], `SELECT tries FROM download WHERE id = $1`, id); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM download_file WHERE download_id = $1`, id)
		return err
	})
	if err != nil {
		return w, 0, err
	}
	var wanted bool
	if err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		wanted, err = s.Accounts.Reads(ctx, tx, w.account, w.patient)
		return err
	}); err != nil || wanted {
		return w, tries, err
	}
	err = s.DB.Housekeep(ctx, "sharing", func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE download SET state = 'expired' WHERE id = $1 AND build = $2 AND state = 'making'`, id, build)
		return err
	})
	if err == nil {
		err = store.ErrNone
	}
	return w, tries, err
}

// fill writes the file in sealed pieces and tells how far it is.
func (s *Sharing) fill(ctx context.Context, d access.Duty, w Download) ([]Gap, int64, error) {
	// held asks with every step whether this run is still the latest.
	held := func(query string, args ...any) error {
		return s.DB.Housekeep(ctx, "sharing", func(tx *store.Tx) error {
			n, err := tx.Exec(ctx, query, append([]any{w.ID, w.build}, args...)...)
			if err == nil && n == 0 {
				err = errStopped
			}
			return err
		})
	}
	out := newSealing(s.Keys, w.ID, w.build, func(place int, sealed string) error {
		return held(`
			INSERT INTO download_file (download_id, build, place, sealed)
			SELECT d.id, d.build, CAST($3 AS BIGINT), CAST($4 AS TEXT) FROM download d WHERE d.id = $1 AND d.build = $2 AND d.state = 'making'`, place, sealed)
	})
	gaps, err := s.Write(ctx, d.For(w.patient), w.Order, out, func(done int) error {
		return held(`UPDATE download SET done = $3 WHERE id = $1 AND build = $2 AND state = 'making'`, done)
	})
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		return nil, 0, fmt.Errorf("make: %w", err)
	}
	return gaps, out.size, nil
}

// end settles a download and, if there is a file, tells its owner. Whose account
// was closed, frozen or led elsewhere meanwhile gets none.
func (s *Sharing) end(ctx context.Context, d access.Duty, w Download, state State, gaps []Gap, size int64) error {
	did := d.For(w.patient).Did(audit.DownloadMade, string(w.ID)).With(string(state))
	err := s.DB.Change(ctx, did, func(tx *store.Tx) error {
		if err := tx.OneAtATime(ctx, lockOf(w.patient)); err != nil {
			return err
		}
		joined, err := still(ctx, tx, w.patient, w.homes)
		if err != nil {
			return err
		}
		wanted, err := s.Accounts.Reads(ctx, tx, w.account, w.patient)
		if err != nil {
			return err
		}
		state := state
		if !wanted {
			state = Expired
		}
		n, err := tx.Exec(ctx, `
			UPDATE download SET state = $3, missing = $4, size = $5, made_at = $6, expires_at = $7, joined = $8 WHERE id = $1 AND build = $2 AND state = 'making'`,
			w.ID, w.build, string(state), writeGaps(gaps), size, store.Time(tx.Now), store.Time(tx.Now.Add(kept)), joined)
		if err != nil {
			return err
		}
		if n == 0 {
			return errStopped
		}
		if state == Ready {
			return s.Accounts.CopyMade(ctx, tx, w.account, string(w.ID))
		}
		_, err = tx.Exec(ctx, `DELETE FROM download_file WHERE download_id = $1`, w.ID)
		return err
	})
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// sweep erases files whose time is over, gives up what could not be made in that
// time, and forgets downloads that are long gone.
func (s *Sharing) sweep(ctx context.Context, _ access.Duty, _ struct{}) error {
	return s.DB.Housekeep(ctx, "sharing", func(tx *store.Tx) error {
		now := store.Time(tx.Now)
		for _, q := range []string{
			`DELETE FROM download_file WHERE download_id IN (SELECT id FROM download WHERE expires_at <= $1)`,
			`UPDATE download SET state = CASE WHEN state = 'making' THEN 'failed' ELSE 'expired' END WHERE state IN ('making', 'ready') AND expires_at <= $1`,
		} {
			if _, err := tx.Exec(ctx, q, now); err != nil {
				return err
			}
		}
		_, err := tx.Exec(ctx, `DELETE FROM download WHERE expires_at <= $1`, store.Time(tx.Now.Add(-remembered)))
		return err
	})
}
