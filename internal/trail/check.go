package trail

import (
	"context"
	"errors"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/jobs"
	"portico/internal/notify"
	"portico/internal/store"
)

// Checker is the name of the duty that checks the whole log for the command.
const Checker = "audit verify"

// CheckJob looks every hour whether the night's check is due.
var CheckJob = jobs.Kind[struct{}]{Name: "audit.check", Every: time.Hour}

const (
	// The check reads every line, so it waits for the hours when fewest people look
	// at pages: from nightFrom to nightTo by the clinic's clock.
	nightFrom, nightTo = 1, 5
	// A check counts for the night it was made in.
	checkRests = 12 * time.Hour
	// Where the machine sleeps at night, the check is made by day.
	checkLatest = 30 * time.Hour
)

// checkDue tells whether the log should be checked now: last is when it was
// checked last, zero if never.
func checkDue(now, last time.Time, zone *time.Location) bool {
	if last.IsZero() || now.Sub(last) >= checkLatest {
		return true
	}
	h := now.In(zone).Hour()
	return h >= nightFrom && h < nightTo && now.Sub(last) >= checkRests
}

func (t *Trail) checkIfDue(ctx context.Context, d access.Duty, _ struct{}) error {
	due := false
	err := t.DB.View(ctx, func(tx *store.Tx) error {
		last, _, err := lastCheck(ctx, tx)
		due = checkDue(tx.Now, last, t.zone())
		return err
	})
	if err == nil && due {
		_, err = t.Check(ctx, d, "")
	}
	return err
}

// Check verifies the log, writes into it that it was checked and how that ended,
// and tells administrators and auditors if something is wrong with it.
func (t *Trail) Check(ctx context.Context, d access.Duty, file string) (Report, error) {
	r, err := t.Verify(ctx, d, file)
	if err != nil {
		return r, err
	}
	e := d.Did(audit.LogChecked, "")
	if r.First != nil {
		e = e.As(audit.Failed).With(string(r.First.Kind))
	}
	return r, t.DB.Change(ctx, e, func(tx *store.Tx) error {
		if r.First == nil || t.Outbox == nil {
			return nil
		}
		return t.alarm(ctx, tx)
	})
}

// alarm tells by e-mail that the log is broken. It says nothing of what stands in
// the log: whoever broke it may read the mail.
func (t *Trail) alarm(ctx context.Context, tx *store.Tx) error {
	return t.Outbox.ToStaff(ctx, tx, func(roles []access.Role) bool {
		return slices.Contains(roles, access.Administrator) || slices.Contains(roles, access.Auditor)
	}, "", notify.LogBroken{At: tx.Now}, "audit.broken:"+tx.Now.UTC().Format(time.RFC3339))
}

// lastCheck tells when the log was last checked, zero if never, and whether it was
// whole. By actor and time, which has an index; these actors check and do nothing
// else.
func lastCheck(ctx context.Context, tx *store.Tx) (at time.Time, whole bool, err error) {
	_, err = store.Get(ctx, tx, func(r store.Row) (struct{}, error) {
		var when store.Time
		var how audit.Outcome
		err := r.Scan(&when, &how)
		at, whole = when.Std(), how == audit.Done
		return struct{}{}, err
	}, `SELECT at, outcome FROM audit_entry WHERE actor_id IN ($1, $2) AND action = $3 ORDER BY at DESC LIMIT 1`, Checker, CheckJob.Name, string(audit.LogChecked))
	if errors.Is(err, store.ErrNone) {
		err = nil
	}
	return at, whole, err
}
