package enroll

import (
	"context"
	"errors"
	"strconv"

	"github.com/nyaruka/phonenumbers"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// maker is what a user name and password must not be made of.
func (e *Room) maker(p Person, userName string) Maker {
	m := Maker{Names: p.Names, Birth: p.Birth, Number: p.Number, UserName: userName}
	if e.Clinic != nil {
		m.Clinic = e.Clinic.Now().Name
	}
	return m
}

// step gives the applicant's progress and person at step s.
func (e *Room) step(ctx context.Context, a access.Applicant, s step) (p progress, who Person, err error) {
	if a.Level() != access.Proven {
		return p, who, errEarly
	}
	err = e.DB.View(ctx, func(tx *store.Tx) error {
		if p, err = e.progress(ctx, tx, a.ID()); err != nil {
			return err
		}
		if err := p.at(s); err != nil {
			return err
		}
		who, err = e.People.Person(ctx, tx, p.Patient)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		err = errEarly
	}
	return p, who, err
}

// keepStep saves what a step changed in the draft.
func (e *Room) keepStep(ctx context.Context, a access.Applicant, p progress, detail string) error {
	return e.DB.Change(ctx, a.Did(audit.EnrolStep, string(a.ID())).With(detail), func(tx *store.Tx) error {
		return e.save(ctx, tx, a, p)
	})
}

// ChooseUser takes user name and password. Whether a name is free is told only
// here, to somebody whose identity is proven.
func (e *Room) ChooseUser(ctx context.Context, a access.Applicant, userName, password, again string, l lang.Lang) error {
	p, who, err := e.step(ctx, a, stepUser)
	if err != nil {
		return err
	}
	var bad *fault.Fault
	var kept string
	err = e.DB.View(ctx, func(tx *store.Tx) (err error) {
		kept, err = e.Credentials.UserName(ctx, tx, userName, e.maker(who, ""))
		return err
	})
	if bad, err = gather(bad, err); err != nil {
		return err
	}
	if bad, err = gather(bad, e.Credentials.Password(password, e.maker(who, userName))); err != nil {
		return err
	}
	if password != again {
		bad = bad.And("again", "enroll.user.differ")
	}
	if bad != nil {
		return bad
	}
	hash, err := e.Credentials.Hash(ctx, a, password)
	if err != nil {
		return err
	}
	p.Draft.UserName, p.Draft.PasswordHash, p.Draft.Lang = kept, hash, l
	return e.keepStep(ctx, a, p, "user")
}

// gather adds err's problems to bad; anything a person cannot correct is given back.
func gather(bad *fault.Fault, err error) (*fault.Fault, error) {
	if err == nil {
		return bad, nil
	}
	f, ok := fault.As(err)
	if !ok || f.Kind != fault.Invalid {
		return bad, err
	}
	for _, p := range f.Problems {
		bad = bad.And(p.Field, p.Text, p.Args...)
	}
	return bad, nil
}

// ChooseSecond takes which second step it shall be. Choosing anew forgets what
// was set up before.
func (e *Room) ChooseSecond(ctx context.Context, a access.Applicant, k SecondKind) error {
	p, _, err := e.step(ctx, a, stepSecond)
	if err != nil {
		return err
	}
	if !e.offers(k) {
		return fault.Bad("how", "enroll.second.missing")
	}
	if p.Draft.Second != k || p.Draft.SecondOK {
		p.Draft.Contact, p.Draft.Secret, p.Draft.Step, p.Draft.SecondOK = "", nil, 0, false
	}
	p.Draft.Second = k
	if k == BySecondApp && len(p.Draft.Secret) == 0 {
		p.Draft.Secret = secret.NewTOTPSecret()
	}
	return e.keepStep(ctx, a, p, "second_"+string(k))
}

// offers tells whether a second step can be had here.
func (e *Room) offers(k SecondKind) bool {
	switch k {
	case BySecondApp:
		return true
	case BySecondEmail, BySecondText, BySecondVoice:
		return e.Outbox.Offers(k.channel())
	}
	return false
}

func (k SecondKind) channel() notify.Channel {
	switch k {
	case BySecondEmail:
		return notify.Mail
	case BySecondText:
		return notify.Text
	}
	return notify.Voice
}

// ProveApp takes the six digits of an authenticator app that holds the secret.
func (e *Room) ProveApp(ctx context.Context, a access.Applicant, typed string) error {
	p, _, err := e.step(ctx, a, stepSecond)
	if err != nil {
		return err
	}
	if p.Draft.Second != BySecondApp || len(p.Draft.Secret) == 0 {
		return errEarly
	}
	digits, err := cleanDigits(typed)
	if err != nil {
		return err
	}
	at, ok := secret.CheckTOTP(p.Draft.Secret, digits, e.DB.Now(), 0)
	if !ok {
		return fault.Bad("code", "enroll.app.wrong")
	}
	p.Draft.Step = at
	return e.secondDone(ctx, a, p)
}

// secondDone keeps a proven second step and makes the recovery codes to be shown.
func (e *Room) secondDone(ctx context.Context, a access.Applicant, p progress) error {
	p.secondDone(e.Credentials.Recovery())
	return e.keepStep(ctx, a, p, "second_proven")
}

func (p *progress) secondDone(recovery []string) {
	p.Draft.SecondOK = true
	if len(p.Draft.Recovery) == 0 {
		p.Draft.Recovery = recovery
	}
}

// SetContact takes the e-mail address or phone number of a second step and
// sends it a code. A contact on file that a code came back from a moment ago
// needs no second one (done is true).
func (e *Room) SetContact(ctx context.Context, a access.Applicant, typed string) (done bool, err error) {
	p, _, err := e.step(ctx, a, stepSecond)
	if err != nil {
		return false, err
	}
	k := p.Draft.Second
	if k == BySecondApp || k == "" {
		return false, errEarly
	}
	to, err := e.contact(k, typed)
	if err != nil {
		return false, err
	}
	other := p.Draft.Contact != to
	p.Draft.Contact, p.Draft.SecondOK = to, false
	if p.Draft.holds(k.channel(), to) {
		return true, e.secondDone(ctx, a, p)
	}
	return false, e.sendSetUp(ctx, a, p, other)
}

// contact reads a typed e-mail address or phone number; faults stand at "contact".
func (e *Room) contact(k SecondKind, typed string) (string, error) {
	if k == BySecondEmail {
		if typed == "" {
			return "", fault.Bad("contact", "enroll.email.missing")
		}
		if !notify.ValidEmail(typed) {
			return "", fault.Bad("contact", "enroll.email.form")
		}
		return typed, nil
	}
	if typed == "" {
		return "", fault.Bad("contact", "enroll.phone.missing")
	}
	n, err := phonenumbers.Parse(typed, e.Set.Region)
	if err != nil || len(typed) > maxPhone || !phonenumbers.IsPossibleNumber(n) || n.GetExtension() != "" {
		return "", fault.Bad("contact", "enroll.phone.form")
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}

// SendAgain sends the set-up code to the same contact once more.
func (e *Room) SendAgain(ctx context.Context, a access.Applicant) error {
	p, _, err := e.step(ctx, a, stepSecond)
	if err != nil {
		return err
	}
	if p.Draft.Contact == "" {
		return errEarly
	}
	return e.sendSetUp(ctx, a, p, false)
}

// setUpsInAll is how many codes one enrolment may send to contacts of its choice.
const setUpsInAll = 6

// sendSetUp sends digits to the draft's contact. Another contact than before
// need not wait: it was a slip of the finger that is being mended.
func (e *Room) sendSetUp(ctx context.Context, a access.Applicant, p progress, other bool) error {
	if err := e.Limit.Check(ctx, setUpsPerSource, "enroll.limit.tries", a.Source().Narrow()); err != nil {
		return inForm(err)
	}
	digits := secret.Digits(digitsLen)
	return e.DB.Change(ctx, a.Did(audit.OneTimeSent, string(a.ID())).With(string(p.Draft.Second)), func(tx *store.Tx) error {
		p, last := p, tx.Now.Add(-askAgainAfter)
		if other {
			last = tx.Now
		}
		n, err := store.Get(ctx, tx, store.One[int], `
			UPDATE enrolment SET asked = asked + 1, asked_at = $2 WHERE verification_id = $1 AND asked < $3 AND (asked_at IS NULL OR asked_at <= $4) RETURNING asked`,
			p.ID, store.Time(tx.Now), setUpsInAll, store.Time(last))
		if errors.Is(err, store.ErrNone) {
			if p.Sends >= setUpsInAll {
				return fault.Bad("contact", "enroll.again.over")
			}
			return fault.Bad("contact", "enroll.again.wait")
		}
		if err != nil {
			return err
		}
		if err := e.setDigits(ctx, tx, p, digits); err != nil {
			return err
		}
		if err := e.Gate.KeepVerification(ctx, tx, a); err != nil {
			return err
		}
		out, err := e.Outbox.Send(ctx, tx, notify.Message{To: p.Draft.Contact, Channel: p.Draft.Second.channel(), Lang: p.Draft.Lang, Patient: p.Patient,
			Notice: notify.OneTimeCode{Digits: digits, Minutes: digitsMinutes, For: notify.ForSetUp},
			Key:    "setup:" + string(p.ID) + ":" + strconv.Itoa(n), Expires: tx.Now.Add(digitsLife)})
		switch {
		case err != nil:
			return err
		case out == notify.Unreachable:
			return fault.Bad("contact", "enroll.contact.unreachable")
		case out == notify.OverBudget:
			return fault.Bad("contact", "enroll.again.over")
		}
		return nil
	})
}

// ProveContact takes the digits that went to the contact of the second step.
func (e *Room) ProveContact(ctx context.Context, a access.Applicant, typed string) error {
	if _, _, err := e.step(ctx, a, stepSecond); err != nil {
		return err
	}
	p, err := e.tryDigits(ctx, a, typed)
	if err != nil {
		return err
	}
	if p.Draft.Contact == "" || p.at(stepSecond) != nil {
		return errEarly
	}
	return e.DB.Change(ctx, a.Did(audit.EnrolStep, string(a.ID())).With("second_proven"), func(tx *store.Tx) error {
		if err := spendDigits(ctx, tx, p); err != nil {
			return err
		}
		p := p
		p.Draft.Proven = append(p.Draft.Proven, proven{p.Draft.Second.channel(), p.Draft.Contact})
		p.secondDone(e.Credentials.Recovery())
		return e.save(ctx, tx, a, p)
	})
}

// SaveRecovery takes the person's word that the recovery codes are kept.
func (e *Room) SaveRecovery(ctx context.Context, a access.Applicant, saved bool) error {
	p, _, err := e.step(ctx, a, stepRecovery)
	if err != nil {
		return err
	}
	if !saved {
		return fault.Bad("saved", "enroll.recovery.unsaved")
	}
	p.Draft.Saved = true
	return e.keepStep(ctx, a, p, "recovery")
}
