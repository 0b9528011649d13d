package staff

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// linkLife is how long a set-up link works.
const linkLife = 24 * time.Hour

// Link is a one-time set-up link.
type Link struct {
	Path    string // on the portal: "/staff/setup/…"
	Expires time.Time
}

// Add adds a person and gives the link by which they set up their sign-in, for
// the command line. It is shown nowhere else and stored as a hash.
func (s *Staff) Add(ctx context.Context, d access.Duty, n Newcomer) (ids.Staff, Link, error) {
	n, err := n.clean()
	if err != nil {
		return "", Link{}, err
	}
	id, token := ids.NewStaff(), secret.Token()
	l := Link{Path: setupPath(token)}
	err = s.DB.Change(ctx, d.Did(audit.StaffAdded, string(id)).With(rolesText(n.Roles)), func(tx *store.Tx) (err error) {
		if err := insertPerson(ctx, tx, id, n); err != nil {
			return err
		}
		l.Expires, err = insertLink(ctx, tx, id, token)
		return err
	})
	return id, l, taken(err)
}

// Relink gives a new set-up link for the person with that e-mail address, for
// the command line: the way back for a clinic whose only administrator lost
// their phone. A disabled person gets none.
func (s *Staff) Relink(ctx context.Context, d access.Duty, email string) (Link, error) {
	token := secret.Token()
	l := Link{Path: setupPath(token)}
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		c, err := byEmail(ctx, tx, foldEmail(email))
		if err != nil {
			return audit.Entry{}, err
		}
		if c.id == "" || c.state == Disabled {
			return audit.Entry{}, fault.Bad("email", "staff.bad.nobody")
		}
		l.Expires, err = insertLink(ctx, tx, c.id, token)
		return d.Did(audit.StaffChanged, string(c.id)).With("link"), err
	})
	return l, err
}

func setupPath(token string) string { return "/staff/setup/" + token }

func insertPerson(ctx context.Context, tx *store.Tx, id ids.Staff, n Newcomer) error {
	_, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, $2, $3, $4, 'invited', $5)`,
		id, n.Name, n.Email, rolesText(n.Roles), store.Time(tx.Now))
	return err
}

func insertLink(ctx context.Context, tx *store.Tx, id ids.Staff, token string) (time.Time, error) {
	if err := endLinks(ctx, tx, id); err != nil {
		return time.Time{}, err
	}
	ends := tx.Now.Add(linkLife)
	_, err := tx.Exec(ctx, `INSERT INTO staff_setup (id, staff_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		ids.New[string]("stl"), id, secret.TokenHash(token), store.Time(tx.Now), store.Time(ends))
	return ends, err
}

// taken turns a breach of the e-mail's unique index into words.
func taken(err error) error {
	if store.IsUnique(err) {
		return fault.Bad("email", "staff.bad.taken")
	}
	return err
}

// Invite adds a person and has the set-up link sent to them. The administrator
// never sees it.
func (s *Staff) Invite(ctx context.Context, d access.Desk, n Newcomer) (ids.Staff, error) {
	if err := d.Need(access.ManageStaff); err != nil {
		return "", err
	}
	n, err := n.clean()
	if err != nil {
		return "", err
	}
	id := ids.NewStaff()
	err = s.DB.Change(ctx, d.Did(audit.StaffAdded, string(id)).With(rolesText(n.Roles)), func(tx *store.Tx) error {
		if err := insertPerson(ctx, tx, id, n); err != nil {
			return err
		}
		return s.sendLink(ctx, tx, Person{ID: id, Email: n.Email}, n.Lang)
	})
	return id, taken(err)
}

// sendLink makes a link and queues the message that carries it.
func (s *Staff) sendLink(ctx context.Context, tx *store.Tx, p Person, l lang.Lang) error {
	token := secret.Token()
	ends, err := insertLink(ctx, tx, p.ID, token)
	if err != nil {
		return err
	}
	if _, err := s.Outbox.Withdraw(ctx, tx, linkKey(p.ID)); err != nil {
		return err
	}
	got, err := s.Outbox.Send(ctx, tx, notify.Message{To: p.Email, Channel: notify.Mail, Lang: l, Expires: ends, Withdraw: linkKey(p.ID),
		Notice: notify.StaffLink{Link: notify.Path(setupPath(token)), Expires: ends}})
	if err == nil && got != notify.Queued {
		return fault.Bad("email", "staff.bad.unsent")
	}
	return err
}

func linkKey(id ids.Staff) string { return "staff.link:" + string(id) }

// Renew sends the person a new set-up link, e.g. after a lost phone. The old
// sign-in works until the link is used; disable the person to end it at once.
func (s *Staff) Renew(ctx context.Context, d access.Desk, id ids.Staff, l lang.Lang) error {
	return s.change(ctx, d, id, "link", func(tx *store.Tx, p Person) error {
		if p.State == Disabled {
			return fault.Lost("staff.bad.disabled")
		}
		return s.sendLink(ctx, tx, p, l)
	})
}

// ChangeRoles gives the person exactly these roles, from their next request on. Those
// of a person who is linked to the clinic's sign-on are changed there.
func (s *Staff) ChangeRoles(ctx context.Context, d access.Desk, id ids.Staff, roles []access.Role) error {
	roles, err := cleanRoles(roles)
	if err != nil {
		return err
	}
	return s.change(ctx, d, id, "roles:"+rolesText(roles), func(tx *store.Tx, p Person) error {
		if p.Linked { // the next sign-on would undo it
			return fault.Lost("staff.bad.linked")
		}
		_, err := tx.Exec(ctx, `UPDATE staff SET roles = $2 WHERE id = $1`, id, rolesText(roles))
		return err
	})
}

// Disable ends everything the person has open, at once, and lets them in no more.
func (s *Staff) Disable(ctx context.Context, d access.Desk, id ids.Staff) error {
	return s.change(ctx, d, id, "disabled", func(tx *store.Tx, p Person) error {
		if _, err := tx.Exec(ctx, `UPDATE staff SET state = 'disabled' WHERE id = $1`, id); err != nil {
			return err
		}
		if err := s.Gate.EndStaffSessions(ctx, tx, id); err != nil {
			return err
		}
		if err := endAttempts(ctx, tx, id); err != nil {
			return err
		}
		if _, err := s.Outbox.Withdraw(ctx, tx, linkKey(id)); err != nil {
			return err
		}
		return endLinks(ctx, tx, id)
	})
}

// Enable takes Disable back: whoever had set up a sign-in can use it again.
func (s *Staff) Enable(ctx context.Context, d access.Desk, id ids.Staff) error {
	return s.change(ctx, d, id, "enabled", func(tx *store.Tx, p Person) error {
		state := Invited
		if !p.SetUp.IsZero() {
			state = Active
		}
		_, err := tx.Exec(ctx, `UPDATE staff SET state = $2 WHERE id = $1 AND state = 'disabled'`, id, string(state))
		return err
	})
}

// change runs an administrator's change of somebody else. Nobody changes
// themselves: two people know of every change, and the last administrator
// cannot lock the clinic out.
func (s *Staff) change(ctx context.Context, d access.Desk, id ids.Staff, what string, f func(*store.Tx, Person) error) error {
	if err := d.Need(access.ManageStaff); err != nil {
		return err
	}
	if id == d.Staff() {
		return fault.Lost("staff.bad.self")
	}
	return s.DB.Change(ctx, d.Did(audit.StaffChanged, string(id)).With(what), func(tx *store.Tx) error {
		// Two administrators who take each other's access or role away at the same
		// moment: one waits here for the other and then is none any more. So there
		// is always one left.
		if err := tx.OneAtATime(ctx, "staff change"); err != nil {
			return err
		}
		p, err := personBy(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := stillManages(ctx, tx, d.Staff()); err != nil {
			return err
		}
		return f(tx, p)
	})
}

// stillManages asks again, in the transaction of a change, whether who makes it
// is an administrator.
func stillManages(ctx context.Context, tx *store.Tx, id ids.Staff) error {
	roles, err := store.Get(ctx, tx, store.One[string], `SELECT roles FROM staff WHERE id = $1 AND state = 'active'`, id)
	if errors.Is(err, store.ErrNone) || err == nil && !access.May(access.ParseRoles(roles), access.ManageStaff) {
		return fault.Refused()
	}
	return err
}

// EndSessions signs the person out everywhere, also in the middle of a sign-in.
// They can sign in again.
func (s *Staff) EndSessions(ctx context.Context, d access.Desk, id ids.Staff) error {
	return s.change(ctx, d, id, "sessions", func(tx *store.Tx, _ Person) error {
		if err := s.Gate.EndStaffSessions(ctx, tx, id); err != nil {
			return err
		}
		return endAttempts(ctx, tx, id)
	})
}

// People lists everybody, active first, by name: for administrators, and for
// auditors, who ask what somebody did.
func (s *Staff) People(ctx context.Context, d access.Desk) ([]Person, error) {
	if d.Need(access.ManageStaff) != nil {
		if err := d.Need(access.ReadAudit); err != nil {
			return nil, err
		}
	}
	var out []Person
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = store.List(ctx, tx, scanPerson, persons+`
			ORDER BY CASE s.state WHEN 'disabled' THEN 1 ELSE 0 END, LOWER(s.name), s.id`)
		return err
	})
	now := s.DB.Now()
	for i := range out {
		if !out[i].Link.After(now) {
			out[i].Link = time.Time{}
		}
	}
	return out, err
}

// Person gives one person.
func (s *Staff) Person(ctx context.Context, d access.Desk, id ids.Staff) (Person, error) {
	if err := d.Need(access.ManageStaff); err != nil {
		return Person{}, err
	}
	var p Person
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if p, err = personBy(ctx, tx, id); err != nil {
			return err
		}
		p.Open, err = s.Gate.OpenStaffSessions(ctx, tx, id)
		return err
	})
	return p, err
}

// Unreviewed tells whether a chart that some of these people open without a task
// could be reviewed by nobody but themselves.
func Unreviewed(all []Person) bool {
	var active [][]access.Role
	for _, p := range all {
		if p.State == Active {
			active = append(active, p.Roles)
		}
	}
	return access.Unreviewed(active)
}

// NobodyReviews is Unreviewed for all who work here, for `portico doctor`.
func (s *Staff) NobodyReviews(ctx context.Context, _ access.Duty) (alone bool, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, err := store.List(ctx, tx, scanPerson, persons+` WHERE s.state = 'active'`)
		alone = Unreviewed(all)
		return err
	})
	return alone, err
}
