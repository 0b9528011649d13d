package staff

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/limit"
	"portico/internal/secret"
	"portico/internal/store"
)

// Departure is what the clinic's sign-on says of a session that is over there. What
// it says was checked by whoever made it.
type Departure struct {
	Issuer  string
	Subject string // whose session, "" where only its name is said
	Session string // the provider's name for it, "" for all of the person's
	Once    string // names this telling: it counts once
}

// ErrTold means that a departure was told before.
var ErrTold = errors.New("the departure was told before")

// partingRule bounds what one address tells of sessions that are over. At the end of a
// day a provider tells of many at once.
var partingRule = limit.Rule{Name: "staff.parting", Max: 600, Per: time.Minute}

// MayTell counts that somebody tells of a session that is over.
func (s *Staff) MayTell(ctx context.Context, v access.Visitor) error {
	return s.Limits.Check(ctx, partingRule, "staff.signin.source", v.Source().Narrow())
}

// Depart ends what belongs to a session that is over at the clinic's sign-on: sessions
// here and half-way sign-ins. The next request finds them ended. That there was none
// is no error; telling twice is ErrTold.
func (s *Staff) Depart(ctx context.Context, v access.Visitor, o Departure) error {
	return s.DB.Record(ctx, func(tx *store.Tx) (e audit.Entry, err error) {
		n, err := tx.Exec(ctx, `INSERT INTO staff_signon_out (token_hash, at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, secret.TokenHash(o.Issuer+"\x00"+o.Once), store.Time(tx.Now))
		if err == nil && n == 0 {
			err = ErrTold
		}
		if err != nil {
			return e, err
		}
		var c credential
		if o.Subject != "" {
			if c, err = bySubject(ctx, tx, Arrival{Issuer: o.Issuer, Subject: o.Subject}); err != nil {
				return e, err
			}
		}
		e = v.Did(audit.StaffSignedOut, string(c.id)).With("signon")
		if o.Subject != "" && c.id == "" { // nobody here
			return e, nil
		}
		if _, err := s.Gate.EndSignedOn(ctx, tx, c.id, o.Session); err != nil {
			return e, err
		}
		return e, endDeparted(ctx, tx, c.id, o.Session)
	})
}

// endDeparted ends half-way sign-ins as access.Gate.EndSignedOn ends sessions.
func endDeparted(ctx context.Context, tx *store.Tx, id ids.Staff, sid string) (err error) {
	switch {
	case sid == "":
		return endAttempts(ctx, tx, id)
	case id == "":
		_, err = tx.Exec(ctx, `UPDATE staff_attempt SET ended_at = $2 WHERE signon_sid = $1 AND ended_at IS NULL`, sid, store.Time(tx.Now))
	default:
		_, err = tx.Exec(ctx, `UPDATE staff_attempt SET ended_at = $3 WHERE staff_id = $1 AND (signon_sid = $2 OR signon_sid = '') AND ended_at IS NULL`, id, sid, store.Time(tx.Now))
	}
	return err
}
