package staff

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// persons reads people; l is their link to the clinic's sign-on.
const persons = `SELECT s.id, s.name, s.email, s.roles, s.state, s.created_at, COALESCE(l.linked_at, c.set_at), COALESCE(l.signed_in_at, c.signed_in_at), l.staff_id IS NOT NULL,
	(SELECT MAX(u.expires_at) FROM staff_setup u WHERE u.staff_id = s.id AND u.used_at IS NULL AND u.ended_at IS NULL)` + peopleFrom

const peopleFrom = `
	FROM staff s LEFT JOIN staff_credential c ON c.staff_id = s.id LEFT JOIN staff_signon l ON l.staff_id = s.id`

func scanPerson(r store.Row) (p Person, err error) {
	var roles string
	var created, set, signed, link store.Time
	err = r.Scan(&p.ID, &p.Name, &p.Email, &roles, &p.State, &created, &set, &signed, &p.Linked, &link)
	p.Roles = access.ParseRoles(roles)
	p.Created, p.SetUp, p.SignedIn, p.Link = created.Std(), set.Std(), signed.Std(), link.Std()
	return p, err
}

func personBy(ctx context.Context, tx *store.Tx, id ids.Staff) (Person, error) {
	p, err := store.Get(ctx, tx, scanPerson, persons+` WHERE s.id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		return p, fault.Missing()
	}
	if !p.Link.After(tx.Now) {
		p.Link = time.Time{}
	}
	return p, err
}

// credential is how a person signs in.
type credential struct {
	id     ids.Staff // "" where nobody has the address
	state  State
	hash   string
	sealed string
	step   int64
	roles  []access.Role
	linked bool // to the clinic's sign-on
}

// steps tells whether the person has an authenticator to ask for.
func (c credential) steps() bool { return c.id != "" && c.state == Active && c.sealed != "" }

func scanCredential(r store.Row) (c credential, err error) {
	var roles string
	err = r.Scan(&c.id, &c.state, &c.hash, &c.sealed, &c.step, &roles, &c.linked)
	c.roles = access.ParseRoles(roles)
	return c, err
}

const credentials = `SELECT s.id, s.state, COALESCE(c.password_hash, ''), COALESCE(c.sealed, ''), COALESCE(c.last_step, 0), s.roles, l.staff_id IS NOT NULL` + peopleFrom

// byEmail finds a person's credential; a zero one where there is nobody.
func byEmail(ctx context.Context, tx *store.Tx, email string) (credential, error) {
	return oneCredential(store.Get(ctx, tx, scanCredential, credentials+` WHERE s.email = $1`, email))
}

func byID(ctx context.Context, tx *store.Tx, id ids.Staff) (credential, error) {
	return oneCredential(store.Get(ctx, tx, scanCredential, credentials+` WHERE s.id = $1`, id))
}

func oneCredential(c credential, err error) (credential, error) {
	if errors.Is(err, store.ErrNone) {
		return credential{}, nil
	}
	return c, err
}

// endAttempts ends a person's half-way sign-ins.
func endAttempts(ctx context.Context, tx *store.Tx, id ids.Staff) error {
	_, err := tx.Exec(ctx, `UPDATE staff_attempt SET ended_at = $2 WHERE staff_id = $1 AND ended_at IS NULL`, id, store.Time(tx.Now))
	return err
}

// endLinks ends a person's unused set-up links.
func endLinks(ctx context.Context, tx *store.Tx, id ids.Staff) error {
	_, err := tx.Exec(ctx, `UPDATE staff_setup SET ended_at = $2 WHERE staff_id = $1 AND used_at IS NULL AND ended_at IS NULL`, id, store.Time(tx.Now))
	return err
}
