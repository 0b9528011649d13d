package enroll

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/store"
)

const (
	// untouched is how long a request may wait before it expires and is erased,
	// and how long the details of a decided one are kept (rule A3.5).
	untouched = 30 * 24 * time.Hour
	// kept is how long rows without details stay, for "I never got a letter".
	kept = 400 * 24 * time.Hour
	// longest is how long a verification session lives in all.
	longest = 4 * time.Hour
	// stuck is after when a request whose match failed is put before staff as it is.
	stuck = time.Hour
)

// tidyJob ends what has run out and erases what is no longer needed.
var tidyJob = jobs.Kind[struct{}]{Name: "enroll.tidy", Every: 5 * time.Minute}

// Work registers the room's jobs.
func (e *Room) Work(r *jobs.Runner) {
	jobs.Handle(r, answerJob, e.answer)
	jobs.Handle(r, matchJob, e.match)
	jobs.Handle(r, alarmJob, e.alarm)
	jobs.Handle(r, watchJob, e.watch)
	jobs.Handle(r, tidyJob, e.tidy)
}

func (e *Room) tidy(ctx context.Context, d access.Duty, _ struct{}) error {
	return e.DB.Housekeep(ctx, "enroll", func(tx *store.Tx) error {
		for _, f := range []func(context.Context, *store.Tx, access.Duty) error{tidyCodes, tidyRequests, tidyOld} {
			if err := f(ctx, tx, d); err != nil {
				return err
			}
		}
		return nil
	})
}

// owned is a row with whose it is.
type owned struct {
	id      string
	patient ids.Patient
}

func scanOwned(r store.Row) (o owned, err error) { return o, r.Scan(&o.id, &o.patient) }

func tidyCodes(ctx context.Context, tx *store.Tx, d access.Duty) error {
	// An opened code stays good for the session it opened.
	over, err := store.List(ctx, tx, scanOwned, `
		UPDATE activation_code SET state = CASE WHEN tries >= $3 THEN 'suspended' ELSE 'expired' END, ended_at = $1, shown = NULL
		WHERE (state = 'issued' AND (expires_at <= $1 OR tries >= $3)) OR (state = 'opened' AND expires_at <= $2)
		RETURNING id, patient_id`, store.Time(tx.Now), store.Time(tx.Now.Add(-longest)), maxTries)
	if err != nil {
		return err
	}
	for _, c := range over {
		tx.Log(d.Did(audit.CodeExpired, c.id).On(about(c.patient)))
	}
	_, err = tx.Exec(ctx, `UPDATE activation_code SET shown = NULL WHERE shown IS NOT NULL AND (issued_at <= $1 OR shown_at <= $2)`,
		store.Time(tx.Now.Add(-showWithin)), store.Time(tx.Now.Add(-showAgain)))
	return err
}

func tidyRequests(ctx context.Context, tx *store.Tx, d access.Duty) error {
	for _, q := range []struct {
		sql  string
		when time.Time
	}{
		// A code read out that nobody used: the request waits for a decision again.
		{`UPDATE identity_request SET state = 'open', closed_by = '' WHERE state = 'calling' AND touched_at <= $1
			AND NOT EXISTS (SELECT 1 FROM activation_code c WHERE c.id = code_id AND c.state IN ('issued', 'opened'))`, tx.Now.Add(-life[ByPhone])},
		{`UPDATE identity_request SET state = 'open' WHERE state = 'new' AND came_at <= $1`, tx.Now.Add(-stuck)},
	} {
		if _, err := tx.Exec(ctx, q.sql, store.Time(q.when)); err != nil {
			return err
		}
	}
	gone, err := store.List(ctx, tx, scanOwned, `
		UPDATE identity_request SET state = 'expired', claim = NULL, closed_at = $2, closed_by = 'tidy'
		WHERE state IN ('open', 'asked') AND touched_at <= $1 RETURNING id, patient_id`, store.Time(tx.Now.Add(-untouched)), store.Time(tx.Now))
	if err != nil {
		return err
	}
	for _, r := range gone {
		tx.Log(d.Did(audit.RequestExpired, r.id).On(about(r.patient)))
	}
	return nil
}

// tidyOld erases details, then rows, by age.
func tidyOld(ctx context.Context, tx *store.Tx, _ access.Duty) error {
	for _, q := range []struct {
		sql string
		age time.Duration
	}{
		{`UPDATE identity_request SET claim = NULL WHERE claim IS NOT NULL AND state IN ('approved', 'matched', 'rejected', 'double') AND touched_at <= $1`, untouched},
		{`UPDATE request_note SET note = NULL WHERE note IS NOT NULL AND request_id IN (SELECT id FROM identity_request WHERE claim IS NULL) AND at <= $1`, untouched},
		{`DELETE FROM enrolment WHERE created_at <= $1`, longest + time.Hour},
		{`DELETE FROM request_note WHERE request_id IN (SELECT id FROM identity_request WHERE touched_at <= $1 AND state NOT IN ('new', 'open', 'asked', 'calling'))`, kept},
		{`DELETE FROM identity_request WHERE touched_at <= $1 AND state NOT IN ('new', 'open', 'asked', 'calling')`, kept},
		{`DELETE FROM activation_code WHERE ended_at <= $1`, kept},
	} {
		if _, err := tx.Exec(ctx, q.sql, store.Time(tx.Now.Add(-q.age))); err != nil {
			return err
		}
	}
	return nil
}
