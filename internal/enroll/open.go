package enroll

import (
	"context"
	"crypto/subtle"
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

// CodeTry is what somebody typed on the second way: a code, or the token of a
// link, or a reference with the code read out to them.
type CodeTry struct {
	Code      string
	Token     string
	Reference string
	Birth     string // YYYY-MM-DD
	Lang      lang.Lang
}

// errCode is what every failure of code and birth date reads like.
func errCode() error { return fault.Bad("code", "enroll.code.wrong") }

// lookup is a try made ready: how to find the code, and what must match.
type lookup struct {
	where, value string
	secret       string // "" for a token, which is the whole secret itself
	way          way
}

func (t CodeTry) lookup() (lookup, error) {
	switch {
	case t.Token != "":
		return lookup{byToken, secret.TokenHash(t.Token), "", byCode}, nil
	case t.Reference != "":
		ref, ok := parseSpoken(t.Reference)
		if !ok {
			return lookup{}, fault.Bad("reference", "enroll.reference.form")
		}
		code, ok := parseSpoken(t.Code)
		if !ok {
			return lookup{}, fault.Bad("code", "enroll.spoken.form")
		}
		return lookup{byReference, ref, code, bySpoken}, nil
	}
	p, ok := parsePhrase(t.Code)
	if !ok {
		return lookup{}, fault.Bad("code", "enroll.code.form")
	}
	return lookup{bySelector, p.selector, p.secret, byCode}, nil
}

// Opening is where a right code leads.
type Opening struct {
	Token string // of the verification session
	Late  bool   // code and birth date are right, but the code's time is over
	Back  bool   // the person has an account already: the code leads back into it
}

// OpenCode takes an activation code with a birth date. Whatever is wrong, the
// fault is the same; that a code is too old is said to whom both are known.
func (e *Room) OpenCode(ctx context.Context, v access.Visitor, t CodeTry) (Opening, error) {
	l, err := t.lookup()
	if err != nil {
		return Opening{}, err
	}
	if err := e.slow(ctx, v); err != nil {
		return Opening{}, err
	}
	c, birth, err := e.tried(ctx, v, l)
	if err != nil {
		return Opening{}, err
	}
	right := c.ID != "" && l.secret == ""
	if l.secret != "" {
		right = checkSecret(e.Keys, string(c.ID), c.Hash, l.secret)
	}
	born := subtle.ConstantTimeCompare([]byte(birth), []byte(t.Birth)) == 1 && birth != ""
	if !right || !born {
		return Opening{}, e.missed(ctx, v, c)
	}
	return e.opened(ctx, v, c, l.way, t.Lang)
}

// tried counts the try, in a transaction of its own, before anything is checked.
func (e *Room) tried(ctx context.Context, v access.Visitor, l lookup) (c record, birth string, err error) {
	err = e.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		c, birth = record{}, ""
		c, err = countTry(ctx, tx, l.where, l.value)
		if err != nil && !errors.Is(err, store.ErrNone) {
			return audit.Entry{}, err
		}
		birth, err = e.People.Birth(ctx, tx, c.Patient)
		if err != nil && !errors.Is(err, store.ErrNone) {
			return audit.Entry{}, err
		}
		return v.Did(audit.CodeTried, string(c.ID)).On(about(c.Patient)), nil
	})
	return c, birth, err
}

// missed suspends a code whose last try this was.
func (e *Room) missed(ctx context.Context, v access.Visitor, c record) error {
	if c.Tries < maxTries || !c.State.live() {
		return errCode()
	}
	err := e.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		done, err := suspend(ctx, tx, c.ID)
		if err != nil {
			return audit.Entry{}, err
		}
		if !done {
			return audit.Entry{}, errCode()
		}
		return v.Did(audit.CodeSuspended, string(c.ID)).On(about(c.Patient)).As(audit.Refused), nil
	})
	if err != nil {
		return err
	}
	return errCode()
}

// opened goes on with a right code.
func (e *Room) opened(ctx context.Context, v access.Visitor, c record, w way, l lang.Lang) (o Opening, err error) {
	switch {
	case c.State == Used:
		return o, e.reused(ctx, v, c)
	case c.State != Expired && !c.State.live():
		return o, errCode()
	}
	err = e.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		o = Opening{}
		entry := v.Did(audit.CodeOpened, string(c.ID)).On(about(c.Patient))
		row := progress{Patient: c.Patient, Way: w, Code: c.ID, Draft: draft{Lang: l}}
		if c.State == Expired || !tx.Now.Before(c.Expires) {
			if w == bySpoken {
				return audit.Entry{}, errCode()
			}
			row.Way, o.Late = byExpired, true
			if err := uncountTry(ctx, tx, c.ID); err != nil {
				return audit.Entry{}, err
			}
			o.Token, _, err = e.begin(ctx, tx, v, row, access.Matched)
			return entry.As(audit.Refused).With("expired"), err
		}
		if err := e.claimCode(ctx, tx, c); err != nil {
			return audit.Entry{}, err
		}
		if row.Draft.Proven, err = e.broughtBack(ctx, tx, c); err != nil {
			return audit.Entry{}, err
		}
		if o.Back, err = e.Accounts.Exists(ctx, tx, c.Patient); err != nil {
			return audit.Entry{}, err
		}
		var id ids.Verification
		o.Token, id, err = e.begin(ctx, tx, v, row, access.Proven)
		tx.Log(v.Did(audit.EnrolStarted, string(id)).On(about(c.Patient)).With(string(w)))
		return entry, err
	})
	return o, err
}

// claimCode opens the code if it still stands as it was found; a code read out
// also needs its request to be open still.
func (e *Room) claimCode(ctx context.Context, tx *store.Tx, c record) error {
	if c.Channel.spoken() {
		s, err := store.Get(ctx, tx, store.One[RequestState], `SELECT state FROM identity_request WHERE id = $1`, c.Request)
		if err != nil {
			return err
		}
		if s != Calling {
			return errCode()
		}
	}
	ok, err := openCode(ctx, tx, c.ID)
	if err == nil && !ok {
		return errCode()
	}
	return err
}

// broughtBack is the contact on file that the code was sent to, if any: whoever
// typed it holds that contact.
func (e *Room) broughtBack(ctx context.Context, tx *store.Tx, c record) ([]proven, error) {
	if c.SentTo == "" {
		return nil, nil
	}
	p, err := e.People.Person(ctx, tx, c.Patient)
	if err != nil {
		return nil, err
	}
	for _, k := range p.Contacts {
		if e.sentTo(k) == c.SentTo {
			by := notify.Mail
			if k.Kind != Email {
				by = notify.Text
			}
			return []proven{{by, k.Value}}, nil
		}
	}
	return nil, nil
}

// reused tells the owner of an account that its activation code was tried
// again, once a day, and answers like any failure.
func (e *Room) reused(ctx context.Context, v access.Visitor, c record) error {
	err := e.DB.Change(ctx, v.Did(audit.CodeReused, string(c.ID)).On(about(c.Patient)).As(audit.Refused), func(tx *store.Tx) error {
		if err := uncountTry(ctx, tx, c.ID); err != nil {
			return err
		}
		p, err := e.People.Person(ctx, tx, c.Patient)
		if err != nil {
			return err
		}
		key := "reused:" + string(c.ID) + ":" + tx.Now.UTC().Format("2006-01-02")
		for _, to := range e.everywhere(p) {
			link, err := e.Accounts.NotMe(ctx, tx, p.ID)
			if err != nil {
				return err
			}
			if link == "" {
				continue
			}
			if err := e.tell(ctx, tx, p, to, notify.CodeReused{NotMe: link}, key+":"+e.Keys.Lasting("enroll.sent", to.Contact.Value)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return errCode()
}

// everywhere lists every contact on file that a notice can be written to.
func (e *Room) everywhere(p Person) []target {
	var out []target
	for _, c := range p.Contacts {
		switch {
		case c.Kind == Email && e.Outbox.Offers(notify.Mail):
			out = append(out, target{c, notify.Mail})
		case c.Kind == Mobile && e.Outbox.Offers(notify.Text):
			out = append(out, target{c, notify.Text})
		}
	}
	return out
}

// SendAnew makes a new code in place of one whose time was over when it was
// typed with the right birth date. It ends the applicant's session. A code by
// e-mail comes by e-mail; for anything else staff are asked.
func (e *Room) SendAnew(ctx context.Context, a access.Applicant) error {
	p, err := e.read(ctx, a)
	if err != nil {
		return err
	}
	if p.Way != byExpired {
		return errEarly
	}
	by := issuer{name: "applicant", did: a.Did}
	m := e.mint(ByEmail, "")
	err = e.DB.Change(ctx, a.Did(audit.CodeAskedAnew, string(p.Code)), func(tx *store.Tx) error {
		if err := e.Gate.EndVerification(ctx, tx, a); err != nil {
			return err
		}
		tx.Log(a.Did(audit.CodeIssued, string(m.id)).With("by_" + string(ByEmail)))
		return e.issueIn(ctx, tx, Order{Patient: p.Patient, By: ByEmail}, by, m)
	})
	if f, ok := fault.As(err); ok && (f.Kind == fault.Conflict || f.Kind == fault.TooMany) {
		return e.askStaffAnew(ctx, a, p)
	}
	return err
}

// askStaffAnew puts the wish for a new code before staff.
func (e *Room) askStaffAnew(ctx context.Context, a access.Applicant, p progress) error {
	return e.DB.Change(ctx, a.Did(audit.CodeAskedAnew, string(p.Code)).With("staff"), func(tx *store.Tx) error {
		if err := e.Gate.EndVerification(ctx, tx, a); err != nil {
			return err
		}
		who, err := e.People.Person(ctx, tx, p.Patient)
		if err != nil {
			return err
		}
		return e.openCase(ctx, tx, who, newCodeAsked, p.Draft.Lang)
	})
}
