package passkey_test

import (
	"testing"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/passkey"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit/authenticator"
)

// worker is a staff user with an authenticator app and an open console.
type worker struct {
	id    ids.Staff
	email string
	key   []byte
}

func (r *rig) hire(roles string) worker {
	r.t.Helper()
	w := worker{id: ids.NewStaff(), key: []byte("12345678901234567890")}
	w.email = string(w.id) + "@clinic.example"
	r.change(func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, 'Jordan Kim', $2, $3, 'active', $4)`, w.id, w.email, roles, store.Time(tx.Now)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO staff_credential (staff_id, password_hash, sealed, last_step, set_at) VALUES ($1, $2, $3, 0, $4)`,
			w.id, hashed, r.app.Keys.Seal("staff_credential.sealed", string(w.id), w.key), store.Time(tx.Now))
		return err
	})
	return w
}

func (r *rig) desk(w worker, t access.Task) access.Desk {
	r.t.Helper()
	var token string
	r.change(func(tx *store.Tx) (err error) {
		token, err = r.app.Gate.StartStaffSession(ctx, tx, w.id, anywhere())
		return err
	})
	d, _, err := r.app.Gate.Desk(ctx, token, t, "test", anywhere())
	r.ok(err)
	return d
}

// code is what the app shows; the clock goes on, for a code works once.
func (r *rig) code(w worker) string {
	r.c.Move(31e9)
	return secret.TOTP(w.key, r.c.Now())
}

func (r *rig) staffKeyed(w worker) *authenticator.Device {
	r.t.Helper()
	dev, d := r.device(), r.desk(w, access.SeeDesk)
	o, err := r.AskAddOwn(ctx, d, r.code(w), host)
	asked := read(dev, o, err)
	r.ok(r.AddOwn(ctx, d, passkey.Answer{Ticket: asked.Ticket, Credential: dev.Make(asked, none), Host: host}, "My key"))
	return dev
}

func (r *rig) staffSignIn(dev *authenticator.Device, f authenticator.Fault) error {
	r.t.Helper()
	o, err := r.Ask(ctx, anywhere(), passkey.Staff, passkey.Wish{Browser: "b", Host: host})
	asked := read(dev, o, err)
	_, err = r.SignInStaff(ctx, anywhere(), passkey.Answer{Ticket: asked.Ticket, Credential: dev.Use(asked, f), Browser: "b", Host: host})
	return err
}

// A staff user adds a passkey against a code of the app, signs in by it alone, and is
// told. A patient's passkey opens nothing there, nor the other way round.
func TestStaff(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		w := r.hire("front_desk")
		if _, err := r.AskAddOwn(ctx, r.desk(w, access.SeeDesk), "000000", host); !fault.Is(err, fault.Invalid) {
			t.Fatalf("a wrong code: %v", err)
		}
		dev := r.staffKeyed(w)
		r.ok(r.staffSignIn(dev, none))
		r.wrong(r.staffSignIn(dev, authenticator.Fault{Unverified: true}), "unverified")
		if len(r.told(w.email)) != 1 {
			t.Error("the person was not told")
		}
		if r.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'staff.signed_in' AND detail = 'passkey' AND actor_id = $1`, w.id) != 1 {
			t.Error("no line in the log")
		}
		r.wrong(r.staffSignIn(r.keyed(r.join()), none), "unknown")
		r.wrong(r.signIn(dev, none), "unknown")

		r.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE staff SET state = 'disabled' WHERE id = $1`, w.id)
			return err
		})
		r.wrong(r.staffSignIn(dev, none), "shut")
	})
}

// An administrator sees a colleague's passkeys and removes one; others do not.
// Somebody else's cannot be removed as one's own.
func TestColleagues(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		w, boss := r.hire("front_desk"), r.hire("administrator")
		dev := r.staffKeyed(w)
		id := ids.Passkey(r.newest(`SELECT id FROM passkey WHERE owner_id = $1`, w.id))
		if err := r.RemoveOwn(ctx, r.desk(boss, access.SeeDesk), id); !fault.Is(err, fault.NotFound) {
			t.Errorf("another's as one's own: %v", err)
		}
		if err := r.RemoveOf(ctx, r.desk(w, access.SeeDesk), w.id, id); err == nil {
			t.Error("a clerk removed one as an administrator")
		}
		d := r.desk(boss, access.ManageStaff)
		who, err := r.Colleague(ctx, d, w.id)
		r.ok(err)
		if len(who.Passkeys) != 1 || who.Name != "Jordan Kim" {
			t.Errorf("sees %+v", who)
		}
		if err := r.RemoveOf(ctx, d, boss.id, id); !fault.Is(err, fault.NotFound) {
			t.Errorf("under another's name: %v", err)
		}
		r.ok(r.RemoveOf(ctx, d, w.id, id))
		r.wrong(r.staffSignIn(dev, none), "unknown")
		r.ok(r.RemoveOwn(ctx, r.desk(w, access.SeeDesk), ids.Passkey(r.second(w))))
	})
}

// second adds one more and gives its identifier.
func (r *rig) second(w worker) string {
	r.staffKeyed(w)
	return r.newest(`SELECT id FROM passkey WHERE owner_id = $1 AND ended_at IS NULL`, w.id)
}

// Who signs in through the clinic's sign-on adds no passkey, with an app or without,
// and one from before opens nothing.
func TestWhoSignsOnElsewhere(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		w := r.hire("front_desk")
		old, d := r.staffKeyed(w), r.desk(w, access.SeeDesk)
		r.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO staff_signon (staff_id, issuer, subject, linked_at) VALUES ($1, 'https://sign-on.example', 'jordan', $2)`, w.id, store.Time(tx.Now))
			return err
		})
		if err := r.staffSignIn(old, none); err == nil {
			t.Error("a passkey from before opens the desk")
		}
		if _, err := r.AskAddOwn(ctx, d, r.code(w), host); !fault.Is(err, fault.Invalid) {
			t.Errorf("with an app: %v", err)
		}
		r.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `DELETE FROM staff_credential WHERE staff_id = $1`, w.id)
			return err
		})
		if _, err := r.AskAddOwn(ctx, d, "123456", host); !fault.Is(err, fault.Invalid) {
			t.Errorf("without one: %v", err)
		}
	})
}
