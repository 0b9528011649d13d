package sharing

import (
	"context"
	"errors"
	"io"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

const (
	// kept is how long a finished copy can be downloaded.
	kept = 24 * time.Hour
	// remembered is how long the list tells of a copy that is gone.
	remembered = 30 * 24 * time.Hour
	// mostCopies is how many copies an account may ask for in a day: each holds a
	// whole record.
	mostCopies = 20
)

// State is how far a download is.
type State string

const (
	Making  State = "making"
	Ready   State = "ready"
	Failed  State = "failed"  // nothing of it could be made
	Expired State = "expired" // the file is gone
)

// Download is a copy that was asked for.
type Download struct {
	ID      ids.Export
	Order   Order
	State   State
	Parts   int // sections to be made
	Done    int // of them, so far
	Gaps    []Gap
	Size    int64 // bytes
	Asked   time.Time
	Expires time.Time // of a finished file
	build   string
	account ids.Account
	patient ids.Patient
	homes   []ids.Patient // whose records the chart held when its copy was begun
}

// File is a finished copy. Write sends its bytes.
type File struct {
	Mime, Name string
	Size       int64
	Write      func(w io.Writer) error
}

// Ask orders a copy of the chart's record. While one is being made for the
// account another is a Conflict.
func (s *Sharing) Ask(ctx context.Context, c access.Chart, o Order) (ids.Export, error) {
	if err := c.NeedRaised(access.DownloadRecords); err != nil {
		return "", err
	}
	if err := o.check(); err != nil {
		return "", err
	}
	id := ids.NewExport()
	err := s.DB.Change(ctx, c.Did(audit.DownloadAsked, string(id)).With(string(o.Format)), func(tx *store.Tx) error {
		n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM download WHERE account_id = $1 AND asked_at > $2`, c.Account(), store.Time(tx.Now.Add(-kept)))
		if err != nil {
			return err
		}
		if n >= mostCopies {
			return fault.Wait("sharing.ask.many", time.Hour)
		}
		if err := insert(ctx, tx, Download{ID: id, Order: o, account: c.Account(), patient: c.Patient()}); err != nil {
			return err
		}
		return Make.Enqueue(ctx, tx, MakeArgs{id})
	})
	if store.IsUnique(err) {
		err = fault.Lost("sharing.ask.busy")
	}
	if err != nil {
		return "", err
	}
	return id, nil
}

// List gives what the chart's account asked for, newest first.
func (s *Sharing) List(ctx context.Context, c access.Chart) ([]Download, error) {
	if err := c.NeedRaised(access.DownloadRecords); err != nil {
		return nil, err
	}
	var out []Download
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = store.List(ctx, tx, scanDownload(tx.Now), `SELECT `+columns+` FROM download WHERE account_id = $1 AND patient_id = $2 ORDER BY asked_at DESC, id DESC LIMIT 50`, c.Account(), c.Patient())
		return err
	})
	return out, err
}

// One gives a download of the chart's account; NotFound for anybody else's.
func (s *Sharing) One(ctx context.Context, c access.Chart, id ids.Export) (Download, error) {
	if err := c.NeedRaised(access.DownloadRecords); err != nil {
		return Download{}, err
	}
	var d Download
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		d, err = mine(ctx, tx, c, id)
		return err
	})
	return d, err
}

// Take gives the file of a finished download and writes that it was taken.
// NotFound once it has expired.
func (s *Sharing) Take(ctx context.Context, c access.Chart, id ids.Export) (File, error) {
	if err := c.NeedRaised(access.DownloadRecords); err != nil {
		return File{}, err
	}
	var d Download
	err := s.DB.Change(ctx, c.Did(audit.DownloadTaken, string(id)), func(tx *store.Tx) (err error) {
		d, err = mine(ctx, tx, c, id)
		if err == nil && d.State != Ready {
			err = fault.Missing()
		}
		return err
	})
	if err != nil {
		return File{}, err
	}
	mime, name := d.Order.Format.kind()
	return File{mime, name, d.Size, func(w io.Writer) error { return (&opening{ctx: ctx, s: s, id: id, build: d.build}).unpack(w) }}, nil
}

func mine(ctx context.Context, tx *store.Tx, c access.Chart, id ids.Export) (Download, error) {
	d, err := store.Get(ctx, tx, scanDownload(tx.Now), `SELECT `+columns+` FROM download WHERE id = $1 AND account_id = $2 AND patient_id = $3`, id, c.Account(), c.Patient())
	if errors.Is(err, store.ErrNone) {
		return Download{}, fault.Missing()
	}
	return d, err
}
