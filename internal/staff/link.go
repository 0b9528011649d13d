package staff

import (
	"context"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/store"
)

// LinkSignOn uses up a set-up link for a person who comes from the clinic's
// sign-on: from now on they sign in there. Nobody is linked by an e-mail address.
// The password that was good here ends, and the authenticator too where the provider
// asks for a second step itself.
func (s *Staff) LinkSignOn(ctx context.Context, v access.Visitor, token string, o Arrival, l lang.Lang) error {
	var refused error
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		refused = nil
		u, err := s.setupBy(ctx, tx, token)
		if err != nil {
			return audit.Entry{}, err
		}
		if refused, err = s.mayLink(ctx, tx, u, o); err != nil {
			return audit.Entry{}, err
		}
		if refused != nil {
			return v.Did(audit.StaffTried, string(u.ID)).As(audit.Refused).With(refusals[refused]), nil
		}
		e := v.Did(audit.StaffSetUp, string(u.ID)).With("signon")
		e.Actor, e.ActorID = audit.ByStaff, string(u.ID)
		return e, s.link(ctx, tx, v, u, o, l)
	})
	switch {
	case store.IsUnique(err): // linked to somebody else at the same moment
		return ErrLinked
	case err != nil:
		return err
	}
	return refused
}

func (s *Staff) mayLink(ctx context.Context, tx *store.Tx, u SetUp, o Arrival) (why, err error) {
	c, err := byID(ctx, tx, u.ID)
	if err != nil {
		return nil, err
	}
	other, err := bySubject(ctx, tx, o)
	switch {
	case err != nil:
		return nil, err
	case other.id != "" && other.id != u.ID:
		return ErrLinked, nil
	case len(o.Roles) == 0:
		return ErrNoRole, nil
	case !o.Strong && c.sealed == "":
		return ErrWeak, nil
	}
	return nil, nil
}

func (s *Staff) link(ctx context.Context, tx *store.Tx, v access.Visitor, u SetUp, o Arrival, l lang.Lang) error {
	n, err := tx.Exec(ctx, `UPDATE staff_setup SET used_at = $2, password_hash = NULL WHERE id = $1 AND used_at IS NULL`, u.link, store.Time(tx.Now))
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Missing()
	}
	end := `UPDATE staff_credential SET password_hash = '' WHERE staff_id = $1`
	if o.Strong {
		end = `DELETE FROM staff_credential WHERE staff_id = $1`
	}
	if _, err := tx.Exec(ctx, end, u.ID); err != nil {
		return err
	}
	if err := insertSignOn(ctx, tx, u.ID, o); err != nil {
		return err
	}
	if err := s.startAfresh(ctx, tx, u.ID); err != nil {
		return err
	}
	if err := s.takeRoles(ctx, tx, v, credential{id: u.ID}, o.Roles); err != nil {
		return err
	}
	_, err = s.Outbox.Send(ctx, tx, notify.Message{To: u.Email, Channel: notify.Mail, Lang: l, Notice: notify.StaffSetUp{At: tx.Now}})
	return err
}
