package staff

import (
	"context"
	"errors"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// sealedPlace names the sealed column for the keyring.
const sealedPlace = "staff_credential.sealed"

// SetUp is a set-up link that works, with whom it is for.
type SetUp struct {
	ID     ids.Staff
	Name   string
	Email  string
	Chosen bool // the password is chosen; the authenticator comes next
	Away   bool // only the clinic's sign-on may be chosen
	link   string
	hash   string
}

// setupBy finds the live link of a token; NotFound for every other.
func (s *Staff) setupBy(ctx context.Context, tx *store.Tx, token string) (SetUp, error) {
	u, err := store.Get(ctx, tx, func(r store.Row) (u SetUp, err error) {
		var roles string
		err = r.Scan(&u.link, &u.ID, &u.Name, &u.Email, &u.hash, &roles)
		u.Away = !s.here(credential{roles: access.ParseRoles(roles)})
		u.Chosen = u.hash != "" && !u.Away
		return u, err
	}, `
		SELECT u.id, s.id, s.name, s.email, COALESCE(u.password_hash, ''), s.roles FROM staff_setup u JOIN staff s ON s.id = u.staff_id
		WHERE u.token_hash = $1 AND u.used_at IS NULL AND u.ended_at IS NULL AND u.expires_at > $2 AND s.state <> 'disabled'`,
		secret.TokenHash(token), store.Time(tx.Now))
	if errors.Is(err, store.ErrNone) {
		return u, fault.Missing()
	}
	return u, err
}

// Opened tells whom a set-up link is for. It changes nothing: mail programs
// open links by themselves.
func (s *Staff) Opened(ctx context.Context, _ access.Visitor, token string) (u SetUp, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		u, err = s.setupBy(ctx, tx, token)
		return err
	})
	return u, err
}

// ChoosePassword keeps the password of the link's person until the authenticator
// is confirmed. It can be chosen again until then.
func (s *Staff) ChoosePassword(ctx context.Context, v access.Visitor, token, password string) error {
	u, err := s.Opened(ctx, v, token)
	if err != nil {
		return err
	}
	if u.Away {
		return fault.Missing()
	}
	if len(password) > maxPassword {
		return fault.Bad("password", "staff.bad.password.long")
	}
	if err := s.Rules.CheckPassword(password, s.Clinic.Now().Name, u.Name, u.Email); err != nil {
		return err
	}
	hash, err := s.Hasher.Hash(ctx, password)
	if err != nil {
		return busy(err)
	}
	return s.DB.Change(ctx, v.Did(audit.StaffSetUp, string(u.ID)).With("password"), func(tx *store.Tx) error {
		now, err := s.setupBy(ctx, tx, token)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE staff_setup SET password_hash = $2 WHERE id = $1`, now.link, hash)
		return err
	})
}

// appSecrets are the authenticator's secrets that a link leads to: 160 bits derived
// from the link's own 256, so that showing one stores nothing. The first is shown;
// the others were, before the clinic's key was changed.
func (s *Staff) appSecrets(token string) [][]byte {
	all := s.Keys.MACs("staff.app", token)
	for i := range all {
		all[i] = all[i][:20]
	}
	return all
}

// appOf finds the secret of the app that shows code.
func (s *Staff) appOf(token, code string) (key []byte, step int64, right bool) {
	for _, k := range s.appSecrets(token) {
		if at, ok := secret.CheckTOTP(k, digits(code), s.DB.Now(), 0); ok {
			key, step, right = k, at, true
		}
	}
	return key, step, right
}

// AppSecret gives what the person enters into their authenticator app: as a link
// for the QR code, and as text to type.
func (s *Staff) AppSecret(u SetUp, token string) (link, typed string) {
	key := s.appSecrets(token)[0]
	return secret.OTPAuthURL(s.Clinic.Now().Name, u.Email, key), secret.TOTPText(key)
}

// ConfirmApp checks a first code from the app and makes the sign-in: password,
// authenticator and link change in one transaction, and whatever was open under
// the old sign-in ends. The person is told.
func (s *Staff) ConfirmApp(ctx context.Context, v access.Visitor, token, code string, l lang.Lang) error {
	key, step, right := s.appOf(token, code)
	if !right {
		if _, err := s.Opened(ctx, v, token); err != nil {
			return err
		}
		return errCode()
	}
	return s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		u, err := s.setupBy(ctx, tx, token)
		if err != nil {
			return audit.Entry{}, err
		}
		if !u.Chosen {
			return audit.Entry{}, fault.Missing()
		}
		e := v.Did(audit.StaffSetUp, string(u.ID))
		e.Actor, e.ActorID = audit.ByStaff, string(u.ID)
		return e, s.settle(ctx, tx, u, key, step, l)
	})
}

func (s *Staff) settle(ctx context.Context, tx *store.Tx, u SetUp, key []byte, step int64, l lang.Lang) error {
	now := store.Time(tx.Now)
	n, err := tx.Exec(ctx, `UPDATE staff_setup SET used_at = $2, password_hash = NULL WHERE id = $1 AND used_at IS NULL`, u.link, now)
	if err != nil {
		return err
	}
	if n == 0 {
		return fault.Missing()
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO staff_credential (staff_id, password_hash, sealed, last_step, set_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (staff_id) DO UPDATE SET password_hash = excluded.password_hash, sealed = excluded.sealed, last_step = excluded.last_step, set_at = excluded.set_at`,
		u.ID, u.hash, s.Keys.Seal(sealedPlace, string(u.ID), key), step, now); err != nil {
		return err
	}
	// The way in that was chosen last is the only one.
	if _, err := tx.Exec(ctx, `DELETE FROM staff_signon WHERE staff_id = $1`, u.ID); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE staff SET state = 'active' WHERE id = $1 AND state = 'invited'`, u.ID); err != nil {
		return err
	}
	if err := s.startAfresh(ctx, tx, u.ID); err != nil {
		return err
	}
	_, err = s.Outbox.Send(ctx, tx, notify.Message{To: u.Email, Channel: notify.Mail, Lang: l, Notice: notify.StaffSetUp{At: tx.Now}})
	return err
}

// startAfresh ends what was open and forgets failures and known addresses: who
// held the old sign-in is not who holds the new one.
func (s *Staff) startAfresh(ctx context.Context, tx *store.Tx, id ids.Staff) error {
	if err := s.Gate.EndStaffSessions(ctx, tx, id); err != nil {
		return err
	}
	if err := endAttempts(ctx, tx, id); err != nil {
		return err
	}
	if s.Passkeys != nil {
		if err := s.Passkeys.EndStaff(ctx, tx, id); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `DELETE FROM staff_place WHERE staff_id = $1`, id); err != nil {
		return err
	}
	if err := s.Limits.Clear(ctx, tx, othersWaits, string(id)); err != nil {
		return err
	}
	return s.Limits.Clear(ctx, tx, codeWaits, string(id))
}
