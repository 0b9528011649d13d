package access

import (
	"context"
	"errors"
	"time"

	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
)

// RaisedFor is how long a session stays raised after its person proved password
// and second step again (product.md "Step-up"; Authelia has 10 minutes as well).
// It does not slide: work goes on, the ten minutes do not.
const RaisedFor = 10 * time.Minute

// ErrNotRaised means that the work needs a raised session. Package web answers
// it by sending the person to ConfirmPath, from which they come back.
var ErrNotRaised = errors.New("the session is not raised")

// ConfirmPath is where a session is raised. Room account answers it.
const ConfirmPath = "/account/confirm"

// Raised tells whether the person has proven password and second step within
// the last ten minutes, counted when the chart was opened. Signing in does not
// count: it may have rested on a remembered browser.
func (c Chart) Raised() bool { return c.raised }

// NeedRaised is Need for work that also wants a raised session: without one it
// is ErrNotRaised.
func (c Chart) NeedRaised(p Permission) error {
	if err := c.Need(p); err != nil {
		return err
	}
	if !c.raised {
		return ErrNotRaised
	}
	return nil
}

// RaisedChart is Chart for a page that needs a raised session: it moves the idle
// clock all the same, but writes that the person was asked to confirm who they
// are instead of an opened chart, and gives ErrNotRaised beside the chart.
func (g *Gate) RaisedChart(ctx context.Context, token string, perm Permission, route string, v Visitor) (Chart, Live, error) {
	var c Chart
	var live Live
	err := g.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		var err error
		if c, live, err = touch(ctx, tx, token); err != nil {
			return audit.Entry{}, err
		}
		c.perm, c.source, c.agent = perm, v.source, v.agent
		if !c.raised {
			return c.Did(audit.ConfirmAsked, route).As(audit.Refused).With(string(perm)), nil
		}
		return c.Did(audit.ChartOpened, route).With(string(perm)), nil
	})
	if err == nil && !c.raised {
		err = ErrNotRaised
	}
	return c, live, g.retire(ctx, token, err, endLate, Idle, IdleShared)
}

// Raise raises the chart's session in the caller's transaction and gives its new
// token. The old one opens nothing from this commit on, so that whoever planted
// or copied it before does not share in what was proven. A session that ended
// or got another token meanwhile is ErrNoSession.
func (g *Gate) Raise(ctx context.Context, tx *store.Tx, c Chart) (token string, err error) {
	token = secret.Token()
	n, err := tx.Exec(ctx, `
		UPDATE session SET token_hash = $3, raised_at = $4
		WHERE id = $1 AND token_hash = $2 AND ended_at IS NULL AND expires_at > $4`,
		c.session, c.token, secret.TokenHash(token), store.Time(tx.Now))
	if err == nil && n != 1 {
		err = ErrNoSession
	}
	if err != nil {
		return "", err
	}
	return token, nil
}

// stillRaised tells whether a proof given at that moment still counts.
func stillRaised(at store.Time, now time.Time) bool {
	return !at.Std().IsZero() && now.Before(at.Std().Add(RaisedFor))
}

// StaffConfirmPath is where a staff session is raised. Room staff answers it.
const StaffConfirmPath = "/staff/confirm"

// Raised tells whether the person has proven anew, within the last ten minutes, who
// they are: by a code of their authenticator or at the clinic's sign-on. Signing in
// does not count.
func (d Desk) Raised() bool { return d.raised }

// NeedRaised is Need for work that also wants a raised session, such as taking a
// list out of the portal (security.md A8.8): without one it is ErrNotRaised.
func (d Desk) NeedRaised(t Task) error {
	if err := d.Need(t); err != nil {
		return err
	}
	if !d.raised {
		return ErrNotRaised
	}
	return nil
}

// RaiseDesk raises the desk's session, whose token is given, in the caller's
// transaction and gives its new token; the old one opens nothing from this commit on.
// A session that ended or got another token meanwhile is ErrNoSession.
func (g *Gate) RaiseDesk(ctx context.Context, tx *store.Tx, d Desk, token string) (anew string, err error) {
	anew = secret.Token()
	n, err := tx.Exec(ctx, `
		UPDATE staff_session SET token_hash = $3, raised_at = $4
		WHERE id = $1 AND token_hash = $2 AND ended_at IS NULL AND expires_at > $4`,
		d.session, secret.TokenHash(token), secret.TokenHash(anew), store.Time(tx.Now))
	if err == nil && n != 1 {
		err = ErrNoSession
	}
	if err != nil {
		return "", err
	}
	return anew, nil
}

// RaiseStaff raises the staff session of a token in the caller's transaction, if it
// is that person's, and gives its new token; the old one opens nothing from this
// commit on. It now belongs to the session sid at the clinic's sign-on. Another
// person's session, or one that is over, is ErrNoSession.
func (g *Gate) RaiseStaff(ctx context.Context, tx *store.Tx, token string, who ids.Staff, sid string) (fresh string, err error) {
	fresh = secret.Token()
	n, err := tx.Exec(ctx, `
		UPDATE staff_session SET token_hash = $3, raised_at = $4, seen_at = $4, signon_sid = $6
		WHERE token_hash = $1 AND staff_id = $2 AND ended_at IS NULL AND expires_at > $4 AND seen_at > $5`,
		secret.TokenHash(token), who, secret.TokenHash(fresh), store.Time(tx.Now), store.Time(tx.Now.Add(-Idle)), sid)
	if err == nil && n != 1 {
		err = ErrNoSession
	}
	if err != nil {
		return "", err
	}
	return fresh, nil
}
