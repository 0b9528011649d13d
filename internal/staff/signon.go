package staff

import (
	"context"
	"errors"
	"slices"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
)

// Policy says what the clinic's sign-on means for signing in here. The zero one is
// that of a clinic without.
type Policy struct {
	Name      string // what the clinic calls its sign-on, "" where it has none
	Only      bool   // passwords and passkeys are for administrators alone
	Newcomers bool   // whoever has a role there and is nobody here yet is added
}

// here tells whether the person may sign in at the portal itself. Whoever is linked
// to the clinic's sign-on may not, whatever they still know or hold; administrators
// who are not linked are how a clinic gets in when its sign-on is down.
func (s *Staff) here(c credential) bool {
	return !c.linked && (!s.SignOn.Only || slices.Contains(c.roles, access.Administrator))
}

// ready tells whether the person can sign in here, by password or by passkey: active,
// set up, and not sent to the clinic's sign-on.
func (s *Staff) ready(c credential) bool {
	return c.id != "" && c.state == Active && c.hash != "" && s.here(c)
}

// Arrival is what the clinic's sign-on says of somebody who proved who they are
// there. What it says was checked by whoever made it.
type Arrival struct {
	Issuer  string
	Subject string        // the provider's lasting name for the person
	Roles   []access.Role // what their groups are mapped to; none is none
	Strong  bool          // a second step was asked for there
	Name    string        // for somebody new, "" if the provider says none
	Email   string        // for somebody new; "" unless the provider says it is theirs
	Next    string        // local path to go to afterwards, "" for the desk
	Session string        // the provider's name for their session there, "" for none
}

// Why a sign-on leads to nothing. Each is written to the audit log by the operation
// that gives it.
var (
	ErrStranger = errors.New("the person at the provider is nobody here")
	ErrDisabled = errors.New("the person is disabled here")
	ErrNoRole   = errors.New("the person has no role at the provider")
	ErrWeak     = errors.New("no second step, neither there nor here")
	ErrLinked   = errors.New("the person at the provider is linked to another")
	ErrTaken    = errors.New("somebody here has the e-mail address, and is not linked")
	ErrNameless = errors.New("the provider gives no name or no confirmed e-mail address")
	ErrBack     = errors.New("the sign-on came back before, or not to its browser")
)

// refusals are the words of the audit log for them.
var refusals = map[error]string{
	ErrStranger: "signon stranger", ErrDisabled: "signon disabled", ErrNoRole: "signon no role", ErrWeak: "signon weak",
	ErrLinked: "signon linked", ErrOther: "signon other", ErrTaken: "signon taken", ErrNameless: "signon nameless",
}

// CameBack counts a sign-on that comes back and uses up its state. An empty state
// is one that belongs to no sign-on of the browser.
func (s *Staff) CameBack(ctx context.Context, v access.Visitor, state string) error {
	if err := s.Limits.Check(ctx, sourceRule, "staff.signin.source", v.Source().Narrow()); err != nil {
		return err
	}
	if state == "" {
		return ErrBack
	}
	return s.DB.Housekeep(ctx, "staff", func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO staff_signon_back (state_hash, at) VALUES ($1, $2) ON CONFLICT DO NOTHING`, secret.TokenHash(state), store.Time(tx.Now))
		if err == nil && n == 0 {
			err = ErrBack
		}
		return err
	})
}

// RefuseSignOn writes down that a sign-on was refused before anybody was known.
func (s *Staff) RefuseSignOn(ctx context.Context, v access.Visitor, why string) error {
	return s.refuse(ctx, v, "", "signon "+why)
}

// EnterSignedOn opens a session for a person who comes from the clinic's sign-on.
// Their roles become what the provider says now, also where that is none. Where the
// provider asked for no second step, half is the token of a half-way sign-in that
// still wants the code of their authenticator here.
func (s *Staff) EnterSignedOn(ctx context.Context, v access.Visitor, o Arrival) (in SignedIn, half string, err error) {
	in, half, err = s.enterSignedOn(ctx, v, o)
	if store.IsUnique(err) { // two newcomers with one address: one of them was first
		in, half, err = s.enterSignedOn(ctx, v, o)
	}
	return in, half, err
}

func (s *Staff) enterSignedOn(ctx context.Context, v access.Visitor, o Arrival) (in SignedIn, half string, err error) {
	var refused error
	err = s.DB.Record(ctx, func(tx *store.Tx) (e audit.Entry, err error) {
		in, half = SignedIn{Next: o.Next}, ""
		var c credential
		if c, refused, err = s.arrive(ctx, tx, v, o); err != nil {
			return e, err
		}
		if refused != nil {
			return v.Did(audit.StaffTried, string(c.id)).As(audit.Refused).With(refusals[refused]), nil
		}
		if !o.Strong {
			half, err = insertAttempt(ctx, tx, c.id, o.Next, o.Session)
			return v.Did(audit.StaffTried, string(c.id)).With("signon"), err
		}
		return s.openSignedOn(ctx, tx, v, c.id, o.Session, &in)
	})
	if err == nil {
		err = refused
	}
	return in, half, err
}

// arrive finds who the person is here and brings their roles up to date. why is one
// of the refusals, nil if they may come in.
func (s *Staff) arrive(ctx context.Context, tx *store.Tx, v access.Visitor, o Arrival) (c credential, why, err error) {
	// A newcomer in two tabs is one person: the second waits, and finds the first's.
	if err = tx.OneAtATime(ctx, "staff signon "+o.Issuer+" "+o.Subject); err != nil {
		return c, nil, err
	}
	if c, err = bySubject(ctx, tx, o); err != nil {
		return c, nil, err
	}
	switch {
	case c.id == "" && !s.SignOn.Newcomers:
		return c, ErrStranger, nil
	case c.id == "" && len(o.Roles) == 0:
		return c, ErrNoRole, nil
	case c.id == "" && !o.Strong:
		return c, ErrWeak, nil
	case c.id == "":
		return s.welcome(ctx, tx, v, o)
	case c.state != Active:
		return c, ErrDisabled, nil
	}
	if err := s.takeRoles(ctx, tx, v, c, o.Roles); err != nil {
		return c, nil, err
	}
	switch {
	case len(o.Roles) == 0:
		return c, ErrNoRole, nil
	case !o.Strong && c.sealed == "":
		return c, ErrWeak, nil
	}
	return c, nil, nil
}

func (s *Staff) openSignedOn(ctx context.Context, tx *store.Tx, v access.Visitor, id ids.Staff, sid string, in *SignedIn) (e audit.Entry, err error) {
	if _, err := tx.Exec(ctx, `UPDATE staff_signon SET signed_in_at = $2 WHERE staff_id = $1`, id, store.Time(tx.Now)); err != nil {
		return e, err
	}
	if in.Session, err = s.Gate.StartSignedOn(ctx, tx, id, v, sid); err != nil {
		return e, err
	}
	e = v.Did(audit.StaffSignedIn, string(id)).With("signon")
	e.Actor, e.ActorID = audit.ByStaff, string(id)
	return e, nil
}

// welcome adds a person whom the provider vouches for. An address that is somebody's
// already is no proof that they are that person: an administrator must link them.
func (s *Staff) welcome(ctx context.Context, tx *store.Tx, v access.Visitor, o Arrival) (c credential, why, err error) {
	n, err := Newcomer{Name: o.Name, Email: o.Email, Roles: o.Roles}.clean()
	if err != nil {
		return c, ErrNameless, nil
	}
	if c, err = byEmail(ctx, tx, n.Email); err != nil {
		return c, nil, err
	}
	if c.id != "" {
		return c, ErrTaken, nil
	}
	c = credential{id: ids.NewStaff(), state: Active, linked: true, roles: n.Roles}
	if err := insertPerson(ctx, tx, c.id, n); err != nil {
		return c, nil, err
	}
	if err := insertSignOn(ctx, tx, c.id, o); err != nil {
		return c, nil, err
	}
	tx.Log(v.Did(audit.StaffAdded, string(c.id)).With("signon " + rolesText(n.Roles)))
	return c, nil, nil
}

// takeRoles makes a person's roles what the provider says. Whoever has none there
// is signed out everywhere.
func (s *Staff) takeRoles(ctx context.Context, tx *store.Tx, v access.Visitor, c credential, roles []access.Role) error {
	var ordered []access.Role
	for _, r := range allRoles {
		if slices.Contains(roles, r) {
			ordered = append(ordered, r)
		}
	}
	n, err := tx.Exec(ctx, `UPDATE staff SET roles = $2 WHERE id = $1 AND roles <> $2`, c.id, rolesText(ordered))
	if err != nil || n == 0 {
		return err
	}
	tx.Log(v.Did(audit.StaffChanged, string(c.id)).With("signon roles:" + rolesText(ordered)))
	if len(ordered) > 0 {
		return nil
	}
	if err := s.Gate.EndStaffSessions(ctx, tx, c.id); err != nil {
		return err
	}
	return endAttempts(ctx, tx, c.id)
}

func bySubject(ctx context.Context, tx *store.Tx, o Arrival) (credential, error) {
	return oneCredential(store.Get(ctx, tx, scanCredential, credentials+` WHERE l.issuer = $1 AND l.subject = $2`, o.Issuer, o.Subject))
}

// insertSignOn links a person to the provider's name for them and makes them active.
func insertSignOn(ctx context.Context, tx *store.Tx, id ids.Staff, o Arrival) error {
	if _, err := tx.Exec(ctx, `
		INSERT INTO staff_signon (staff_id, issuer, subject, linked_at) VALUES ($1, $2, $3, $4)
		ON CONFLICT (staff_id) DO UPDATE SET issuer = excluded.issuer, subject = excluded.subject, linked_at = excluded.linked_at, signed_in_at = NULL`,
		id, o.Issuer, o.Subject, store.Time(tx.Now)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `UPDATE staff SET state = 'active' WHERE id = $1 AND state = 'invited'`, id)
	return err
}

// HereAlone counts the administrators who can sign in when the clinic's sign-on is
// down, for `portico doctor`.
func (s *Staff) HereAlone(ctx context.Context, _ access.Duty) (n int, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, err := store.List(ctx, tx, scanCredential, credentials+` WHERE s.state = 'active' AND l.staff_id IS NULL`)
		for _, c := range all {
			if s.ready(c) && slices.Contains(c.roles, access.Administrator) {
				n++
			}
		}
		return err
	})
	return n, err
}
