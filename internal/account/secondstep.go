package account

import (
	"context"
	"errors"
	"time"

	"github.com/nyaruka/phonenumbers"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/limit"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// setUpWaits slows guessing the code that proves a new contact. It is counted
// apart from signing in: a slip here must not keep the owner out.
var setUpWaits = limit.Waits{Name: "account.setup", Free: 19, First: 30 * time.Second, Most: time.Hour, Stop: 100}

// Steps lists the second steps of the chart's account, the one asked for first
// in front, and how many recovery codes are left.
func (s *Accounts) Steps(ctx context.Context, c access.Chart) (out []Method, codes int, err error) {
	if !c.Can(access.SecureAccount) {
		if err := c.Need(access.SeeAccount); err != nil {
			return nil, 0, err
		}
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		factors, err := factorsOf(ctx, tx, c.Account())
		if err != nil {
			return err
		}
		if out, err = s.methods(factors); err != nil {
			return err
		}
		codes, err = codesLeft(ctx, tx, c.Account())
		return err
	})
	return out, codes, err
}

// AddStep begins a second step. An authenticator gets a new secret; to a contact
// goes a code that proves it. Nothing counts before ProveStep. What is wrong with
// the contact stands at "contact".
func (s *Accounts) AddStep(ctx context.Context, c access.Chart, k Kind, typed string) error {
	if err := c.NeedRaised(access.SecureAccount); err != nil {
		return err
	}
	plain := secret.NewTOTPSecret()
	if k != TOTP {
		to, err := s.readContact(k, typed)
		if err != nil {
			return err
		}
		plain = []byte(to)
	}
	return s.DB.Change(ctx, c.Did(audit.StepAsked, string(c.Account())).With(string(k)), func(tx *store.Tx) error {
		if k != TOTP {
			have, err := s.hasFactor(ctx, tx, c.Account(), k, string(plain))
			if err != nil {
				return err
			}
			if have {
				return haveStep()
			}
		}
		d, err := s.beginDraft(ctx, tx, c, k, plain)
		if err != nil || k == TOTP {
			return err
		}
		return s.proveByCode(ctx, tx, c, d, notify.ForSetUp)
	})
}

func haveStep() error { return fault.Bad("contact", "account.steps.have") }

// hasFactor tells whether a contact is a second step of that kind already.
func (s *Accounts) hasFactor(ctx context.Context, tx *store.Tx, a ids.Account, k Kind, contact string) (bool, error) {
	factors, err := factorsOf(ctx, tx, a)
	for _, f := range factors {
		if f.kind != k {
			continue
		}
		to, err := s.reveal(f)
		if err != nil || fold(to) == fold(contact) {
			return err == nil, err
		}
	}
	return false, err
}

// proveByCode sends the code that proves the contact of a draft.
func (s *Accounts) proveByCode(ctx context.Context, tx *store.Tx, c access.Chart, d draft, why notify.Purpose) error {
	a, err := byID(ctx, tx, c.Account())
	if err != nil {
		return err
	}
	tx.Log(c.Did(audit.OneTimeSent, string(d.id)).With(string(d.kind)))
	return s.NewOneTime(ctx, tx, OneTime{Flow: string(d.id), Channel: d.kind.channel(), To: d.plain, Lang: a.lang, Patient: a.person, Account: a.id, For: why})
}

// readContact reads a typed e-mail address or phone number.
func (s *Accounts) readContact(k Kind, typed string) (string, error) {
	if k == Mail {
		if typed == "" {
			return "", fault.Bad("contact", "enroll.email.missing")
		}
		if !notify.ValidEmail(typed) {
			return "", fault.Bad("contact", "enroll.email.form")
		}
		return typed, nil
	}
	if k.channel() == "" {
		return "", fault.Missing()
	}
	if typed == "" {
		return "", fault.Bad("contact", "enroll.phone.missing")
	}
	n, err := phonenumbers.Parse(typed, s.Region)
	if err != nil || len(typed) > 40 || !phonenumbers.IsPossibleNumber(n) || n.GetExtension() != "" {
		return "", fault.Bad("contact", "enroll.phone.form")
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}

// SendStepCode sends the code that proves a new contact once more. Too soon after
// the last one it is TooMany.
func (s *Accounts) SendStepCode(ctx context.Context, c access.Chart) error {
	if err := c.NeedRaised(access.SecureAccount); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.StepAsked, string(c.Account())).With("again"), func(tx *store.Tx) error {
		d, err := s.drafted(ctx, tx, c)
		if err != nil {
			return err
		}
		if d.kind.channel() == "" {
			return errNoDraft
		}
		return s.proveByCode(ctx, tx, c, d, notify.ForSetUp)
	})
}

// ProveStep checks the first code of the second step that was begun and makes it
// count. Other sessions end and every contact is told. Every wrong code is
// Invalid at "code"; without anything begun it is errNoDraft.
func (s *Accounts) ProveStep(ctx context.Context, c access.Chart, code string) error {
	if err := c.NeedRaised(access.SecureAccount); err != nil {
		return err
	}
	d, err := s.draftOf(ctx, c, false)
	if err != nil {
		return err
	}
	if err := s.Limits.Begin(ctx, setUpWaits, "account.code.wait", string(c.Account())); err != nil {
		return err
	}
	f := NewFactor{Kind: d.kind, Contact: d.plain}
	used := func(context.Context, *store.Tx) (bool, error) { return true, nil }
	if d.kind == TOTP {
		step, ok := secret.CheckTOTP([]byte(d.plain), codeForm(code), s.DB.Now(), 0)
		if !ok {
			return errCode()
		}
		f = NewFactor{Kind: TOTP, Secret: []byte(d.plain), LastStep: step}
	} else {
		id, ok, err := s.tryCode(ctx, string(d.id), code)
		if err != nil {
			return err
		}
		if !ok {
			return errCode()
		}
		used = func(ctx context.Context, tx *store.Tx) (bool, error) { return useCode(ctx, tx, id) }
	}
	return s.addProven(ctx, c, d, f, used)
}

func (s *Accounts) addProven(ctx context.Context, c access.Chart, d draft, f NewFactor, used use) error {
	err := s.DB.Change(ctx, c.Did(audit.StepAdded, string(c.Account())).With(string(f.Kind)), func(tx *store.Tx) error {
		a, err := s.own(ctx, tx, c)
		if err != nil {
			return err
		}
		won, err := used(ctx, tx)
		if err != nil {
			return err
		}
		if !won {
			return errCode()
		}
		if err := takeDraft(ctx, tx, d); err != nil {
			return err
		}
		last, err := store.Get(ctx, tx, store.One[int], `SELECT COALESCE(MAX(place), 0) + 1 FROM account_factor WHERE account_id = $1`, a.id)
		if err != nil {
			return err
		}
		if err := s.addFactor(ctx, tx, a.id, last, f); err != nil {
			return err
		}
		if err := s.Limits.Clear(ctx, tx, setUpWaits, string(a.id)); err != nil {
			return err
		}
		if err := s.cutOff(ctx, tx, c, "factor"); err != nil {
			return err
		}
		return s.changed(ctx, tx, c, a, notify.StepAdded)
	})
	if store.IsUnique(err) { // added in another browser at the same moment
		return fault.Bad("code", "account.steps.have")
	}
	return err
}

// RemoveStep takes a second step away, never the last one: that is Invalid.
// Other sessions end; every contact is told, the one that was removed too. Of two
// removals at once the account's row lets one go first.
func (s *Accounts) RemoveStep(ctx context.Context, c access.Chart, id ids.Factor) error {
	if err := c.NeedRaised(access.SecureAccount); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.StepRemoved, string(id)), func(tx *store.Tx) error {
		a, err := s.own(ctx, tx, c)
		if err != nil {
			return err
		}
		factors, err := factorsOf(ctx, tx, a.id)
		if err != nil {
			return err
		}
		f, ok := pending{factors: factors}.find(id)
		if !ok {
			return fault.Missing()
		}
		if err := s.spare(ctx, tx, a.id, len(factors)-1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE account_factor SET ended_at = $3 WHERE id = $1 AND account_id = $2 AND ended_at IS NULL`, id, a.id, store.Time(tx.Now)); err != nil {
			return err
		}
		if err := s.cutOff(ctx, tx, c, "factor"); err != nil {
			return err
		}
		gone, err := s.contactOf(f)
		if err != nil {
			return err
		}
		return s.changed(ctx, tx, c, a, notify.StepRemoved, gone...)
	})
}

// spare refuses to leave an account without a second step. Passkeys alone will do if
// one lost device does not lock the owner out.
func (s *Accounts) spare(ctx context.Context, tx *store.Tx, a ids.Account, left int) error {
	if left > 0 {
		return nil
	}
	codes, err := codesLeft(ctx, tx, a)
	if err != nil {
		return err
	}
	st, err := s.passkeysOf(ctx, tx, a, codes)
	if err == nil && !st.Enough {
		err = fault.Bad("", "account.steps.last")
	}
	return err
}

// contactOf is where a second step's notices go; none for an authenticator.
func (s *Accounts) contactOf(f factor) ([]Contact, error) {
	if f.kind == TOTP {
		return nil, nil
	}
	to, err := s.reveal(f)
	if f.kind == Mail {
		return []Contact{{Channel: notify.Mail, To: to}}, err
	}
	return []Contact{{Channel: notify.Text, To: to}}, err // voice is for codes only
}

// PutFirst makes a second step the one asked for first at signing in.
func (s *Accounts) PutFirst(ctx context.Context, c access.Chart, id ids.Factor) error {
	if err := c.NeedRaised(access.SecureAccount); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.StepMadeFirst, string(id)), func(tx *store.Tx) error {
		a, err := s.own(ctx, tx, c)
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `UPDATE account_factor SET place = (SELECT MIN(place) - 1 FROM account_factor o WHERE o.account_id = $2) WHERE id = $1 AND account_id = $2 AND ended_at IS NULL`, id, a.id)
		if err == nil && n != 1 {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		return s.changed(ctx, tx, c, a, notify.StepFirst)
	})
}

// begun tells whether err only means that nothing was begun.
func begun(err error) bool { return !errors.Is(err, errNoDraft) }
