package enroll

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/limit"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// Order says for whom a code is made and how it travels.
type Order struct {
	Patient ids.Patient
	By      Channel
	Large   bool        // letter in large print
	Request ids.Request // the open request a spoken code belongs to

	contact Contact // on file, for ByText
}

// issuer is on whose behalf a code is made.
type issuer struct {
	name    string // kept with the code
	session string // staff session that may see it once, "" for none
	did     func(audit.Action, string) audit.Entry
}

func byDesk(d access.Desk) issuer {
	return issuer{string(d.Staff()), string(d.Session()), d.Did}
}

func byDuty(d access.Duty) issuer { return issuer{"duty:" + d.Name(), "", d.Did} }

// minted is a code before it has a row. Hashing is slow on purpose, so it is
// done before the transaction.
type minted struct {
	id        ids.Code
	selector  string // of a spoken code: the reference of its request
	text      string // as people see it
	hash      string
	token     string // of the link, "" for a spoken code
	reference string
}

func (e *Room) mint(by Channel, reference string) minted {
	m := minted{id: ids.NewCode()}
	if by.spoken() {
		s := newSpoken()
		m.selector, m.reference, m.text = reference, reference, groups(s, 4)
		m.hash = hashSecret(e.Keys, string(m.id), s)
		return m
	}
	p := newPhrase()
	m.selector, m.text, m.token = p.selector, p.String(), secret.Token()
	m.hash = hashSecret(e.Keys, string(m.id), p.secret)
	return m
}

// Issue makes a code for a patient in place of every older one. A code by
// letter, by hand or by phone can then be seen once: see Reveal.
func (e *Room) Issue(ctx context.Context, d access.Desk, o Order) (ids.Code, error) {
	if err := d.Need(access.IssueCodes); err != nil {
		return "", err
	}
	if o.By.spoken() || life[o.By] == 0 {
		return "", fault.Bad("by", "enroll.issue.channel")
	}
	by := byDesk(d)
	m, err := e.issue(ctx, o, by)
	return m.id, err
}

// IssueByDuty makes a code from the command line and gives it in clear.
func (e *Room) IssueByDuty(ctx context.Context, d access.Duty, o Order) (Revealed, error) {
	if o.By.spoken() || life[o.By] == 0 {
		return Revealed{}, fault.Bad("by", "enroll.issue.channel")
	}
	m, err := e.issue(ctx, o, byDuty(d))
	if err != nil {
		return Revealed{}, err
	}
	var r Revealed
	err = e.DB.View(ctx, func(tx *store.Tx) error {
		c, err := codeByID(ctx, tx, m.id)
		if err != nil {
			return err
		}
		r = Revealed{ID: c.ID, Patient: c.Patient, By: c.Channel, Issued: c.Issued, Expires: c.Expires}
		if o.By == ByEmail {
			return nil
		}
		r.Text, r.Link = m.text, e.link(m.token)
		r.person, err = e.People.Person(ctx, tx, c.Patient)
		return err
	})
	if err == nil && o.By != ByEmail {
		r.Letter, err = e.letter(r, o.Large)
	}
	return r, err
}

// link is the complete address of a code's link, for paper.
func (e *Room) link(token string) string {
	if token == "" {
		return ""
	}
	return e.Base + linkPath(token)
}

func linkPath(token string) string { return "/a/" + token }

// issue makes a code, trying again when its selector is taken (one in 33
// million for each code there is) or when two people issue at once.
func (e *Room) issue(ctx context.Context, o Order, by issuer) (m minted, err error) {
	for range 5 {
		m = e.mint(o.By, "")
		entry := by.did(audit.CodeIssued, string(m.id)).On(about(o.Patient)).With("by_" + string(o.By))
		err = e.DB.Change(ctx, entry, func(tx *store.Tx) error { return e.issueIn(ctx, tx, o, by, m) })
		if !errors.Is(err, errSelector) && !store.IsUnique(err) {
			return m, err
		}
	}
	return m, err
}

var errSelector = errors.New("the selector of a new code is taken")

// issueIn makes the code in the caller's transaction. Several that make one
// for the same patient at once follow each other, so that the last one holds.
func (e *Room) issueIn(ctx context.Context, tx *store.Tx, o Order, by issuer, m minted) error {
	if err := tx.OneAtATime(ctx, "code "+string(o.Patient)); err != nil {
		return err
	}
	p, err := e.People.Person(ctx, tx, o.Patient)
	if errors.Is(err, store.ErrNone) {
		return fault.Missing()
	}
	if err != nil {
		return err
	}
	has, err := e.hasFor(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	if s := e.stands(p, has, tx.Now); s != clear {
		return fault.Lost(cannot[s])
	}
	if err := e.canGo(ctx, tx, p, &o); err != nil {
		return err
	}
	if err := e.supersede(ctx, tx, p.ID); err != nil {
		return err
	}
	c := newCode{record: record{ID: m.id, Patient: p.ID, Channel: o.By, Selector: m.selector, Hash: m.hash, Request: o.Request,
		Issuer: by.name, SentTo: e.sentTo(o.contact), Expires: tx.Now.Add(life[o.By])}, ShownTo: by.session}
	if m.token != "" {
		c.TokenHash = secret.TokenHash(m.token)
	}
	if by.session != "" && o.By != ByEmail {
		if c.Shown, err = e.sealShown(m, o.Large); err != nil {
			return err
		}
	}
	if ok, err := insertCode(ctx, tx, c); err != nil || !ok {
		return errors.Join(err, errSelector)
	}
	return e.dispatch(ctx, tx, p, o, c, m)
}

// cannot says in words why somebody gets no code.
var cannot = map[standing]string{
	dead: "enroll.issue.dead", young: "enroll.issue.young", taken: "enroll.issue.account", inactive: "enroll.issue.inactive",
	noContact: "enroll.issue.contact", newOnly: "enroll.issue.newcontact",
}

// canGo tells whether a code can travel that way, and counts it.
func (e *Room) canGo(ctx context.Context, tx *store.Tx, p Person, o *Order) error {
	var rules []limit.Rule
	switch o.By {
	case ByLetter:
		if len(p.Address) == 0 {
			return fault.Lost("enroll.issue.address")
		}
		rules = []limit.Rule{lettersPerDay, lettersPerMonth}
	case ByEmail:
		if o.contact.Value == "" {
			t, why := e.reach(onlyEmail(p), tx.Now)
			if why != clear {
				return fault.Lost(cannot[why])
			}
			o.contact = t.Contact
		}
		rules = []limit.Rule{mailsPerHour, mailsPerDay}
	case ByText:
		rules = []limit.Rule{mailsPerHour, mailsPerDay}
	}
	for _, r := range rules {
		c, err := e.Limit.HitIn(ctx, tx, r, string(p.ID))
		if err != nil {
			return err
		}
		if c.Over {
			return fault.Wait("enroll.issue.often", c.Retry)
		}
	}
	return nil
}

// sentTo is a keyed hash of a contact, "" for none. It lasts over a change of key.
func (e *Room) sentTo(c Contact) string {
	if c.Value == "" {
		return ""
	}
	return e.Keys.Lasting("enroll.sent", c.Value)
}

func onlyEmail(p Person) Person {
	var mails []Contact
	for _, c := range p.Contacts {
		if c.Kind == Email {
			mails = append(mails, c)
		}
	}
	p.Contacts = mails
	return p
}

// supersede ends the patient's live codes and takes back messages with them
// that still wait to be sent.
func (e *Room) supersede(ctx context.Context, tx *store.Tx, p ids.Patient) error {
	old, err := endCodes(ctx, tx, p, Superseded)
	if err != nil {
		return err
	}
	for _, id := range old {
		if _, err := e.Outbox.Withdraw(ctx, tx, string(id)); err != nil {
			return err
		}
	}
	return nil
}

// dispatch sends what is sent by message.
func (e *Room) dispatch(ctx context.Context, tx *store.Tx, p Person, o Order, c newCode, m minted) error {
	msg := notify.Message{Lang: speaks(p, ""), Patient: p.ID, Withdraw: string(m.id), Expires: c.Expires}
	switch o.By {
	case ByEmail:
		msg.To, msg.Channel = o.contact.Value, notify.Mail
		msg.Notice = notify.ActivationCode{Code: m.text, Link: notify.Path(linkPath(m.token)), Expires: c.Expires}
	case ByText:
		msg.To, msg.Channel = o.contact.Value, notify.Text
		msg.Notice = notify.SpokenCode{Code: m.text, Reference: groups(m.reference, 4), Minutes: int(life[ByText] / time.Minute)}
	case ByLetter:
		// Told on another channel: whoever did not ask for a letter hears of it
		// before it can be taken out of the mailbox.
		t, why := e.reach(p, tx.Now)
		if why != clear || t.Channel == notify.Voice {
			return nil
		}
		msg.To, msg.Channel, msg.Notice, msg.Withdraw, msg.Expires = t.Contact.Value, t.Channel, notify.LetterSent{}, "", time.Time{}
		_, err := e.Outbox.Send(ctx, tx, msg)
		return err
	default:
		return nil
	}
	switch out, err := e.Outbox.Send(ctx, tx, msg); {
	case err != nil:
		return err
	case out == notify.OverBudget:
		return fault.Wait("enroll.issue.often", time.Hour)
	case out != notify.Queued:
		return fault.Lost("enroll.issue.contact")
	}
	return nil
}
