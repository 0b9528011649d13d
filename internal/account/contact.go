package account

import (
	"context"
	"errors"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

// contactLife is how long a new contact may take to be confirmed (product.md
// "Signing in").
const contactLife = 24 * time.Hour

// contactPlace names the sealed column for the keyring.
const contactPlace = "account_contact.sealed"

// ContactKind is a sort of contact: one of each stands for an account.
type ContactKind string

const (
	ByEmail ContactKind = "email"
	ByPhone ContactKind = "phone"
)

// step is the kind of second step that reads and proves such a contact.
func (k ContactKind) step() Kind {
	if k == ByEmail {
		return Mail
	}
	return SMS
}

// takes tells whether a second step goes to such a contact.
func (k ContactKind) takes(f Kind) bool {
	return f.channel() != "" && (f == Mail) == (k == ByEmail)
}

func (k ContactKind) contact(to string) Contact {
	if k == ByEmail {
		return Contact{Channel: notify.Mail, To: to}
	}
	return Contact{Channel: notify.Text, To: to}
}

// ContactID names a contact that was given for an account.
type ContactID string

// given is such a contact.
type given struct {
	id     ContactID
	kind   ContactKind
	to     string
	unsent bool      // the newest code could not be sent
	since  time.Time // when it was proven; zero while it waits
}

const givenColumns = `id, kind, sealed, EXISTS (SELECT 1 FROM one_time_code o WHERE o.flow = account_contact.id AND o.used_at IS NULL AND o.ended_at IS NULL AND NOT o.sent), proven_at`

func (s *Accounts) scanGiven(r store.Row) (g given, err error) {
	var sealed string
	var since store.Time
	if err := r.Scan(&g.id, &g.kind, &sealed, &g.unsent, &since); err != nil {
		return g, err
	}
	g.since = since.Std()
	b, err := s.Keys.Open(contactPlace, string(g.id), sealed)
	g.to = string(b)
	return g, err
}

// askedContact reads the change of a kind that waits to be confirmed.
func (s *Accounts) askedContact(ctx context.Context, tx *store.Tx, a ids.Account, k ContactKind) (given, error) {
	g, err := store.Get(ctx, tx, s.scanGiven, `SELECT `+givenColumns+` FROM account_contact
		WHERE account_id = $1 AND kind = $2 AND proven_at IS NULL AND ended_at IS NULL AND expires_at > $3`, a, string(k), store.Time(tx.Now))
	if errors.Is(err, store.ErrNone) {
		err = errNoDraft
	}
	return g, err
}

// waiting is askedContact for the chart's account.
func (s *Accounts) waiting(ctx context.Context, c access.Chart, k ContactKind) (g given, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		g, err = s.askedContact(ctx, tx, c.Account(), k)
		return err
	})
	return g, err
}

// provenContacts lists the contacts in force that were given for an account.
func (s *Accounts) provenContacts(ctx context.Context, tx *store.Tx, a ids.Account) ([]given, error) {
	return store.List(ctx, tx, s.scanGiven, `SELECT `+givenColumns+` FROM account_contact
		WHERE account_id = $1 AND proven_at IS NOT NULL AND ended_at IS NULL ORDER BY kind`, a)
}

// reach is everything an account's owner can be reached by.
type reach struct {
	proven  []given
	factors []factor
	onFile  []Contact
}

func (s *Accounts) reachOf(ctx context.Context, tx *store.Tx, a record) (r reach, err error) {
	if r.proven, err = s.provenContacts(ctx, tx, a.id); err != nil {
		return r, err
	}
	if r.factors, err = factorsOf(ctx, tx, a.id); err != nil {
		return r, err
	}
	r.onFile, err = s.People.OnFile(ctx, tx, a.person)
	return r, err
}

// standing is the contact of a kind that stands for an account: the one given for
// it, else the first second step of that kind, else the first on file; "" for none.
func (s *Accounts) standing(r reach, k ContactKind) (string, error) {
	for _, g := range r.proven {
		if g.kind == k {
			return g.to, nil
		}
	}
	for _, f := range r.factors {
		if k.takes(f.kind) {
			return s.reveal(f)
		}
	}
	for _, c := range r.onFile {
		if c.Channel == k.contact("").Channel {
			return c.To, nil
		}
	}
	return "", nil
}

// OwnContact is a contact as its owner sees it.
type OwnContact struct {
	Kind  ContactKind
	Hint  string // masked, "" if there is none
	Asked string // masked: the new one that waits to be confirmed, "" for none
}

// Reach lists the contacts of the chart's account, one of each kind.
func (s *Accounts) Reach(ctx context.Context, c access.Chart) (out []OwnContact, err error) {
	if err := c.Need(access.SeeAccount); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		out = nil
		a, err := byID(ctx, tx, c.Account())
		if err != nil {
			return err
		}
		known, err := s.reachOf(ctx, tx, a)
		if err != nil {
			return err
		}
		for _, k := range []ContactKind{ByEmail, ByPhone} {
			o := OwnContact{Kind: k}
			to, err := s.standing(known, k)
			if err != nil {
				return err
			}
			if to != "" {
				o.Hint = Mask(k.step(), to)
			}
			g, err := s.askedContact(ctx, tx, a.id, k)
			if err != nil && !errors.Is(err, errNoDraft) {
				return err
			}
			if err == nil {
				o.Asked = Mask(k.step(), g.to)
			}
			out = append(out, o)
		}
		return nil
	})
	return out, err
}

// AskContact begins the change of a contact: a code goes to the new one, and all
// contacts there are hear of it at once. A change of that kind begun before ends.
// What is wrong with the contact stands at "contact".
func (s *Accounts) AskContact(ctx context.Context, c access.Chart, k ContactKind, typed string) error {
	if err := c.NeedRaised(access.ChangeContacts); err != nil {
		return err
	}
	to, err := s.readContact(k.step(), typed)
	if err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.ContactAsked, string(c.Account())).With(string(k)), func(tx *store.Tx) error {
		a, err := s.own(ctx, tx, c)
		if err != nil {
			return err
		}
		known, err := s.reachOf(ctx, tx, a)
		if err != nil {
			return err
		}
		now, err := s.standing(known, k)
		if err != nil {
			return err
		}
		if now != "" && fold(now) == fold(to) {
			return fault.Bad("contact", "account.contact.same")
		}
		if err := endAsked(ctx, tx, a.id, k); err != nil {
			return err
		}
		g := given{id: ids.New[ContactID]("con"), kind: k, to: to}
		if _, err := tx.Exec(ctx, `INSERT INTO account_contact (id, account_id, kind, sealed, asked_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			g.id, a.id, string(k), s.Keys.Seal(contactPlace, string(g.id), []byte(to)), store.Time(tx.Now), store.Time(tx.Now.Add(contactLife))); err != nil {
			return err
		}
		if err := s.proveGiven(ctx, tx, c, a, g, false); err != nil {
			return err
		}
		return s.changed(ctx, tx, c, a, notify.ContactAsked)
	})
}

// endAsked ends the changes of a kind that wait to be confirmed, of every kind if
// k is "".
func endAsked(ctx context.Context, tx *store.Tx, a ids.Account, k ContactKind) error {
	_, err := tx.Exec(ctx, `UPDATE account_contact SET ended_at = $3 WHERE account_id = $1 AND (CAST($2 AS TEXT) = '' OR kind = $2) AND proven_at IS NULL AND ended_at IS NULL`,
		a, string(k), store.Time(tx.Now))
	return err
}

// proveGiven sends the code that proves a new contact.
func (s *Accounts) proveGiven(ctx context.Context, tx *store.Tx, c access.Chart, a record, g given, call bool) error {
	by := g.kind.step()
	if call && g.kind == ByPhone {
		by = Voice
	}
	tx.Log(c.Did(audit.OneTimeSent, string(g.id)).With(string(by)))
	return s.NewOneTime(ctx, tx, OneTime{Flow: string(g.id), Channel: by.channel(), To: g.to, Lang: a.lang, Patient: a.person, Account: a.id, For: notify.ForChange})
}

// SendContactCode sends the code to the new contact once more, by a call if call
// is set. Too soon after the last one it is TooMany.
func (s *Accounts) SendContactCode(ctx context.Context, c access.Chart, k ContactKind, call bool) error {
	if err := c.Need(access.ChangeContacts); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.ContactAsked, string(c.Account())).With("again"), func(tx *store.Tx) error {
		a, err := s.own(ctx, tx, c)
		if err != nil {
			return err
		}
		g, err := s.askedContact(ctx, tx, a.id, k)
		if err != nil {
			return err
		}
		return s.proveGiven(ctx, tx, c, a, g, call)
	})
}

// DropContact gives up the change of a contact that waits to be confirmed.
func (s *Accounts) DropContact(ctx context.Context, c access.Chart, k ContactKind) error {
	if err := c.Need(access.ChangeContacts); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.ContactDropped, string(c.Account())).With(string(k)), func(tx *store.Tx) error {
		return endAsked(ctx, tx, c.Account(), k)
	})
}

// ProveContact checks the code that went to the new contact and puts it in place
// of the old one: from then on notices go there, and so do the codes of second
// steps that went to the old one. Other sessions end, everybody is told, the old
// contact too, and the chart gets a proposal. It wants no raise: beginning did,
// and the code is in the new contact's hands alone.
func (s *Accounts) ProveContact(ctx context.Context, c access.Chart, k ContactKind, code string) error {
	if err := c.Need(access.ChangeContacts); err != nil {
		return err
	}
	g, err := s.waiting(ctx, c, k)
	if err != nil {
		return err
	}
	if err := s.Limits.Begin(ctx, setUpWaits, "account.code.wait", string(c.Account())); err != nil {
		return err
	}
	id, ok, err := s.tryCode(ctx, string(g.id), code)
	if err != nil {
		return err
	}
	if !ok {
		return errCode()
	}
	return s.DB.Change(ctx, c.Did(audit.ContactChanged, string(g.id)).With(string(k)), func(tx *store.Tx) error {
		a, err := s.own(ctx, tx, c)
		if err != nil {
			return err
		}
		won, err := useCode(ctx, tx, id)
		if err != nil {
			return err
		}
		if !won {
			return errCode()
		}
		return s.replaceContact(ctx, tx, c, a, g)
	})
}

// replaceContact puts a proven contact in force.
func (s *Accounts) replaceContact(ctx context.Context, tx *store.Tx, c access.Chart, a record, g given) error {
	known, err := s.reachOf(ctx, tx, a)
	if err != nil {
		return err
	}
	old, err := s.standing(known, g.kind)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE account_contact SET ended_at = $3 WHERE account_id = $1 AND kind = $2 AND proven_at IS NOT NULL AND ended_at IS NULL`, a.id, string(g.kind), store.Time(tx.Now)); err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE account_contact SET proven_at = $2 WHERE id = $1 AND proven_at IS NULL AND ended_at IS NULL AND expires_at > $2`, g.id, store.Time(tx.Now))
	if err == nil && n != 1 {
		err = errNoDraft
	}
	if err != nil {
		return err
	}
	if err := s.moveSteps(ctx, tx, a, g, old); err != nil {
		return err
	}
	if err := propose(ctx, tx, g, known.onFile); err != nil {
		return err
	}
	if err := s.Limits.Clear(ctx, tx, setUpWaits, string(a.id)); err != nil {
		return err
	}
	if err := s.cutOff(ctx, tx, c, "contact"); err != nil {
		return err
	}
	var also []Contact
	if old != "" {
		also = []Contact{g.kind.contact(old)}
	}
	return s.changed(ctx, tx, c, a, notify.ContactChanged, also...)
}

// moveSteps lets the second steps that went to the old contact go to the new one.
func (s *Accounts) moveSteps(ctx context.Context, tx *store.Tx, a record, g given, old string) error {
	factors, err := factorsOf(ctx, tx, a.id)
	if err != nil {
		return err
	}
	for _, f := range factors {
		if !g.kind.takes(f.kind) {
			continue
		}
		to, err := s.reveal(f)
		if err != nil {
			return err
		}
		if fold(to) != fold(old) {
			continue
		}
		place, err := store.Get(ctx, tx, store.One[int], `UPDATE account_factor SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL RETURNING place`, f.id, store.Time(tx.Now))
		if err != nil {
			return err
		}
		have, err := s.hasFactor(ctx, tx, a.id, f.kind, g.to)
		if err != nil || have {
			if err != nil {
				return err
			}
			continue
		}
		if err := s.addFactor(ctx, tx, a.id, place, NewFactor{Kind: f.kind, Contact: g.to}); err != nil {
			return err
		}
	}
	return nil
}

// propose asks staff whether a proven contact goes into the chart, unless it is
// there already.
func propose(ctx context.Context, tx *store.Tx, g given, onFile []Contact) error {
	if slices.Contains(onFile, g.kind.contact(g.to)) {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO contact_proposal (contact_id, made_at, state) VALUES ($1, $2, 'waiting')`, g.id, store.Time(tx.Now))
	return err
}
