package access

import (
	"context"
	"errors"

	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/secret"
	"portico/internal/store"
)

// StartStaffSession opens a staff session in the caller's transaction.
func (g *Gate) StartStaffSession(ctx context.Context, tx *store.Tx, s ids.Staff, v Visitor) (token string, err error) {
	return g.StartSignedOn(ctx, tx, s, v, "")
}

// StartSignedOn is StartStaffSession for a person who comes from the clinic's sign-on,
// with the name that the provider gives their session there, "" for none.
func (g *Gate) StartSignedOn(ctx context.Context, tx *store.Tx, s ids.Staff, v Visitor, sid string) (token string, err error) {
	token = secret.Token()
	_, err = tx.Exec(ctx, `
		INSERT INTO staff_session (id, token_hash, staff_id, agent, source, created_at, seen_at, expires_at, signon_sid, lang)
		VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8, $9)`,
		ids.NewStaffSession(), secret.TokenHash(token), s, v.agent, string(v.source), store.Time(tx.Now), store.Time(tx.Now.Add(Absolute)), sid, string(v.lang))
	return token, err
}

// EndSignedOn ends the staff sessions that belong to a session at the clinic's
// sign-on: of one person, "" for whoever it is, and by its name there, "" for all of
// the person's. A person's session without a name may be the one that is meant.
func (g *Gate) EndSignedOn(ctx context.Context, tx *store.Tx, s ids.Staff, sid string) (ended int64, err error) {
	switch {
	case s == "" && sid == "":
		return 0, nil
	case s == "":
		return tx.Exec(ctx, `UPDATE staff_session SET ended_at = $2 WHERE signon_sid = $1 AND signon_sid <> '' AND ended_at IS NULL`, sid, store.Time(tx.Now))
	case sid == "":
		return tx.Exec(ctx, `UPDATE staff_session SET ended_at = $2 WHERE staff_id = $1 AND ended_at IS NULL`, s, store.Time(tx.Now))
	}
	return tx.Exec(ctx, `UPDATE staff_session SET ended_at = $3 WHERE staff_id = $1 AND (signon_sid = $2 OR signon_sid = '') AND ended_at IS NULL`, s, sid, store.Time(tx.Now))
}

// StaffLang is the language in which a staff user last read the console, English for
// one who never did.
func StaffLang(ctx context.Context, tx *store.Tx, s ids.Staff) (lang.Lang, error) {
	said, err := store.Get(ctx, tx, store.One[string], `SELECT lang FROM staff_session WHERE staff_id = $1 AND lang <> '' ORDER BY seen_at DESC, id LIMIT 1`, s)
	if errors.Is(err, store.ErrNone) {
		return lang.En, nil
	}
	l, ok := lang.Parse(said)
	if !ok {
		l = lang.En
	}
	return l, err
}

// Desk proves that token's session belongs to an active staff user whose roles
// allow task, moves the idle clock and writes the audit line, refused or not.
// Roles and state are read each time: taking one away bites on the next request.
func (g *Gate) Desk(ctx context.Context, token string, task Task, route string, v Visitor) (Desk, Live, error) {
	return g.desk(ctx, token, task, route, v, false)
}

// RaisedDesk is Desk for a page that needs a raised session: it moves the idle clock
// all the same, but writes that the person was asked to confirm who they are instead
// of a page that was seen, and gives ErrNotRaised beside the desk.
func (g *Gate) RaisedDesk(ctx context.Context, token string, task Task, route string, v Visitor) (Desk, Live, error) {
	d, live, err := g.desk(ctx, token, task, route, v, true)
	if err == nil && !d.raised {
		err = ErrNotRaised
	}
	return d, live, err
}

func (g *Gate) desk(ctx context.Context, token string, task Task, route string, v Visitor, raised bool) (Desk, Live, error) {
	var d Desk
	var live Live
	err := g.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		var err error
		d, live, err = touchDesk(ctx, tx, token, v)
		if err != nil {
			return audit.Entry{}, err
		}
		d.task, d.source = task, v.source
		if !May(d.roles, task) {
			return d.Did(audit.PageRefused, route).As(audit.Refused).With(string(task)), nil
		}
		if raised && !d.raised {
			return d.Did(audit.ConfirmAsked, route).As(audit.Refused).With(string(task)), nil
		}
		return d.Did(audit.StaffViewed, route).With(string(task)), nil
	})
	if err == nil && !May(d.roles, task) {
		return Desk{}, live, fault.Refused()
	}
	return d, live, g.retire(ctx, token, err, endLateStaff, Idle)
}

func touchDesk(ctx context.Context, tx *store.Tx, token string, v Visitor) (Desk, Live, error) {
	var live Live
	d, err := store.Get(ctx, tx, func(r store.Row) (d Desk, err error) {
		var ends, raised store.Time
		var stamp int64
		err = r.Scan(&d.session, &d.staff, &ends, &raised, &stamp)
		d.raised = stillRaised(raised, tx.Now)
		live = Live{Expires: ends.Std(), Idle: tx.Now.Add(Idle), Stamp: stamp}
		return d, err
	}, `
		UPDATE staff_session SET seen_at = $2, lang = CASE WHEN $4 = '' THEN lang ELSE $4 END
		WHERE token_hash = $1 AND ended_at IS NULL AND expires_at > $2 AND seen_at > $3
		RETURNING id, staff_id, expires_at, raised_at, `+stampNow,
		secret.TokenHash(token), store.Time(tx.Now), store.Time(tx.Now.Add(-Idle)), string(v.lang))
	if errors.Is(err, store.ErrNone) {
		return Desk{}, Live{}, ErrNoSession
	}
	if err != nil {
		return Desk{}, Live{}, err
	}
	_, err = store.Get(ctx, tx, func(r store.Row) (struct{}, error) {
		var roles string
		err := r.Scan(&d.name, &roles)
		d.roles = ParseRoles(roles)
		return struct{}{}, err
	}, `SELECT name, roles FROM staff WHERE id = $1 AND state = 'active'`, d.staff)
	if errors.Is(err, store.ErrNone) {
		return Desk{}, Live{}, ErrNoSession
	}
	return d, live, err
}

// PeekStaff is Peek for a staff session.
func (g *Gate) PeekStaff(ctx context.Context, token string) (Live, error) {
	var live Live
	err := g.DB.View(ctx, func(tx *store.Tx) (err error) {
		live, err = store.Get(ctx, tx, func(r store.Row) (Live, error) {
			var seen, ends store.Time
			err := r.Scan(&seen, &ends)
			return Live{Expires: ends.Std(), Idle: seen.Std().Add(Idle)}, err
		}, `SELECT seen_at, expires_at FROM staff_session WHERE token_hash = $1 AND ended_at IS NULL AND expires_at > $2 AND seen_at > $3`,
			secret.TokenHash(token), store.Time(tx.Now), store.Time(tx.Now.Add(-Idle)))
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return Live{}, ErrNoSession
	}
	return live, err
}

// StaffEnd is why a staff session opens nothing any more.
type StaffEnd string

const (
	EndUnknown   StaffEnd = ""         // no such session, or one long forgotten
	EndDisabled  StaffEnd = "disabled" // an administrator took the person's access away
	EndSignedOut StaffEnd = "ended"    // signed out, here or by somebody else
	EndIdle      StaffEnd = "idle"     // not used for too long
)

// StaffEnded tells whoever holds the token of an ended session why it ended, so
// that a person who is cut off in the middle of a form is not left guessing.
func (g *Gate) StaffEnded(ctx context.Context, token string) (why StaffEnd, err error) {
	err = g.DB.View(ctx, func(tx *store.Tx) error {
		why, err = store.Get(ctx, tx, func(r store.Row) (StaffEnd, error) {
			var ended, seen, expires store.Time
			var state string
			err := r.Scan(&ended, &seen, &expires, &state)
			late := !ended.Std().Before(seen.Std().Add(Idle)) || !ended.Std().Before(expires.Std())
			switch {
			case state == "disabled":
				return EndDisabled, err
			case !ended.Std().IsZero() && !late: // one that had run out is ended when it is found
				return EndSignedOut, err
			}
			return EndIdle, err
		}, `SELECT x.ended_at, x.seen_at, x.expires_at, s.state FROM staff_session x JOIN staff s ON s.id = x.staff_id WHERE x.token_hash = $1`, secret.TokenHash(token))
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return EndUnknown, nil
	}
	return why, err
}

// EndStaffSession ends the desk's own session.
func (g *Gate) EndStaffSession(ctx context.Context, tx *store.Tx, d Desk) error {
	_, err := tx.Exec(ctx, `UPDATE staff_session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL`, d.session, store.Time(tx.Now))
	return err
}

// OpenStaffSessions counts the live sessions of a staff user.
func (g *Gate) OpenStaffSessions(ctx context.Context, tx *store.Tx, s ids.Staff) (int, error) {
	return store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM staff_session WHERE staff_id = $1 AND ended_at IS NULL AND expires_at > $2 AND seen_at > $3`,
		s, store.Time(tx.Now), store.Time(tx.Now.Add(-Idle)))
}

// EndStaffSessions ends every session of a staff user.
func (g *Gate) EndStaffSessions(ctx context.Context, tx *store.Tx, s ids.Staff) error {
	_, err := tx.Exec(ctx, `UPDATE staff_session SET ended_at = $2 WHERE staff_id = $1 AND ended_at IS NULL`, s, store.Time(tx.Now))
	return err
}

// ExtendStaff is Extend for a staff session.
func (g *Gate) ExtendStaff(ctx context.Context, token string, v Visitor) (Live, error) {
	var live Live
	err := g.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		var d Desk
		var err error
		if d, live, err = touchDesk(ctx, tx, token, v); err != nil {
			return audit.Entry{}, err
		}
		d.source = v.source
		return d.Did(audit.SessionKept, ""), nil
	})
	return live, err
}
