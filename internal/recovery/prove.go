package recovery

import (
	"context"
	"slices"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// byRecovery stands for the recovery codes where a way is named.
const byRecovery = "recovery"

// Choices are the ways in which somebody can prove themselves now.
type Choices struct {
	Kind   Kind
	Came   string // how the link came: "email" or "phone"
	Ways   []Way
	Now    Way  // the one asked for, without an ID if none is yet
	Barred bool // second steps were left out because the link came the same way
	Half   bool // one of two codes is proven
	Unsent bool // the newest code could not be sent
	Passed bool
}

// choices gives the ways of a way back in.
func (s *Recovery) choices(ctx context.Context, tx *store.Tx, w way) (c Choices, err error) {
	c = Choices{Kind: w.kind, Came: w.came, Passed: w.draft.Passed, Half: len(w.draft.Proven) > 0}
	steps, codes, err := s.Steps.Ways(ctx, tx, w.account)
	if err != nil {
		return c, err
	}
	switch w.kind {
	case ForPassword:
		for _, st := range steps {
			switch {
			case classOf(st.Kind) != "" && classOf(st.Kind) == w.came:
				c.Barred = true
			case s.offers(st.Kind):
				c.Ways = append(c.Ways, st)
			}
		}
	case ForStep:
		if c.Ways, err = s.contactWays(ctx, tx, w); err != nil {
			return c, err
		}
	}
	if codes > 0 && !c.Half {
		c.Ways = append(c.Ways, Way{ID: byRecovery, Kind: byRecovery})
	}
	if c.Now, _ = find(c.Ways, w.draft.Asked); c.Now.ID == "" {
		return c, nil
	}
	c.Unsent, err = s.Steps.Unsent(ctx, tx, flowOf(w, c.Now))
	return c, err
}

// offers tells whether the clinic can send codes of a kind.
func (s *Recovery) offers(kind string) bool {
	c := channelOf(kind)
	return c == "" || s.Outbox.Offers(c)
}

// contactWays are the contacts that a code may go to when a second step is lost:
// old enough, not where the lost step's codes went, and not the way that was
// proven already. With fewer than two ways there are none: one is not enough.
func (s *Recovery) contactWays(ctx context.Context, tx *store.Tx, w way) (out []Way, err error) {
	contacts, err := s.Steps.Contacts(ctx, tx, w.account)
	if err != nil {
		return nil, err
	}
	open := slices.Clone(w.draft.Proven)
	for _, c := range contacts {
		if !usable(c, tx.Now) || slices.Contains(c.Steps, w.draft.Lost) || !s.Outbox.Offers(c.Channel) || slices.Contains(w.draft.Proven, class(c.Channel)) {
			continue
		}
		if !slices.Contains(open, class(c.Channel)) {
			open = append(open, class(c.Channel))
		}
		mark := contactMark(w, c)
		if c.Channel == notify.Mail {
			out = append(out, Way{ID: "email:" + mark, Kind: "email", Hint: s.Words.Mask(c)})
			continue
		}
		out = append(out, Way{ID: "sms:" + mark, Kind: "sms", Hint: s.Words.Mask(c)}, Way{ID: "voice:" + mark, Kind: "voice", Hint: s.Words.Mask(c)})
	}
	if len(open) < 2 {
		return nil, nil
	}
	return out, nil
}

// contactMark names a contact within a way. The way's id, which no page shows, keeps
// anybody from trying numbers against it.
func contactMark(w way, c Contact) string { return secret.TokenHash(string(w.id) + c.To)[:16] }

// flowOf is what a code is bound to: this way back in, and when two codes are
// needed, the one of the two. A code for another is worth nothing here.
func flowOf(w way, by Way) string {
	if w.kind == ForStep {
		return string(w.id) + ":" + classOf(by.Kind)
	}
	return string(w.id)
}

// secondFlow is what the code that proves a new second step is bound to.
func secondFlow(w way) string { return string(w.id) + ":new" }

// At tells what the browser with a cookie is at; errGone for nothing.
func (s *Recovery) at(ctx context.Context, browser string) (w way, c Choices, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if w, err = s.going(ctx, tx, browser); err != nil {
			return err
		}
		c, err = s.choices(ctx, tx, w)
		return err
	})
	return w, c, err
}

// Choose asks for proof by one of the ways, and sends its code if it is one that
// is sent: also how one asks for another code. Too soon after the last one it is
// TooMany, and the choice stands.
func (s *Recovery) Choose(ctx context.Context, v access.Visitor, browser, id string) error {
	var soon error
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		soon = nil
		w, err := s.going(ctx, tx, browser)
		if err != nil {
			return audit.Entry{}, err
		}
		e := v.Did(audit.RecoveryProved, string(w.id)).On(string(w.patient)).With("chosen")
		c, err := s.choices(ctx, tx, w)
		if err != nil {
			return e, err
		}
		by, ok := find(c.Ways, id)
		if !ok || w.draft.Passed {
			return e, fault.Missing()
		}
		w.draft.Asked = id
		if err := s.save(ctx, tx, w); err != nil {
			return e, err
		}
		err = s.sendCode(ctx, tx, w, by)
		if fault.Is(err, fault.TooMany) {
			soon, err = err, nil
		}
		return e, err
	})
	if err != nil {
		return err
	}
	return soon
}

// sendCode sends what a way asks for, if it is sent at all.
func (s *Recovery) sendCode(ctx context.Context, tx *store.Tx, w way, by Way) error {
	switch {
	case channelOf(by.Kind) == "":
		return nil
	case w.kind == ForPassword:
		return s.Steps.SendStep(ctx, tx, flowOf(w, by), w.account, ids.Factor(by.ID))
	}
	l, err := s.Finder.Login(ctx, tx, w.account)
	if err != nil {
		return err
	}
	contacts, err := s.Steps.Contacts(ctx, tx, w.account)
	if err != nil {
		return err
	}
	for _, c := range contacts {
		if strings.HasSuffix(by.ID, ":"+contactMark(w, c)) {
			return s.Steps.SendTo(ctx, tx, Sending{Flow: flowOf(w, by), To: c.To, By: channelOf(by.Kind), Login: l})
		}
	}
	return fault.Missing()
}

// Prove checks the code of the way that was asked for. done tells that everything
// is proven. Every wrong code is Invalid at "code"; too many are TooMany.
func (s *Recovery) Prove(ctx context.Context, v access.Visitor, browser, code string) (done bool, err error) {
	w, c, err := s.at(ctx, browser)
	if err != nil {
		return false, err
	}
	if c.Now.ID == "" || c.Passed {
		return c.Passed, nil
	}
	method := c.Now.ID
	if w.kind == ForStep && method != byRecovery {
		method = ""
	}
	use, err := s.Change.Try(ctx, v, Try{Account: w.account, Flow: flowOf(w, c.Now), Method: method, Code: code})
	if err == nil {
		done, err = s.proved(ctx, v, w, c.Now, use)
	}
	if fault.Is(err, fault.Invalid) {
		e := v.Did(audit.RecoveryProved, string(w.id)).On(string(w.patient)).As(audit.Refused)
		if lerr := s.DB.Change(ctx, e, func(*store.Tx) error { return nil }); lerr != nil {
			return false, fault.Down("error.busy", 5*time.Second, lerr)
		}
	}
	return done, err
}

// proved uses the code up and puts down what it proves, in one transaction.
func (s *Recovery) proved(ctx context.Context, v access.Visitor, w way, by Way, use Use) (done bool, err error) {
	switch cl := classOf(by.Kind); {
	case w.kind == ForStep && by.ID != byRecovery:
		w.draft.Proven = append(w.draft.Proven, cl)
		w.draft.Passed = len(w.draft.Proven) > 1
	default:
		w.draft.Passed = true
	}
	w.draft.Asked = ""
	e := v.Did(audit.RecoveryProved, string(w.id)).On(string(w.patient)).With(by.Kind)
	return w.draft.Passed, s.DB.Change(ctx, e, func(tx *store.Tx) error {
		if err := won(use(ctx, tx)); err != nil {
			return err
		}
		return s.save(ctx, tx, w)
	})
}

// NewPassword ends a forgotten password: the new one stands, everything that was
// open ends, every contact is told, nobody is signed in. What is wrong with it
// stands at "password" or "again".
func (s *Recovery) NewPassword(ctx context.Context, v access.Visitor, browser, password, again string) error {
	w, _, err := s.at(ctx, browser)
	if err != nil {
		return err
	}
	if w.kind != ForPassword || !w.draft.Passed {
		return errGone
	}
	hash, err := s.Words.Hash(ctx, v, w.account, password, again)
	if err != nil {
		return err
	}
	return s.finish(ctx, v, w, Regained{Hash: hash, What: notify.PasswordReset}, nil)
}

// finish puts what was chosen in place, in one transaction with the end of the
// way and the use of the code that pays for it, if there is one. Other ways begun
// without everything lost end with it.
func (s *Recovery) finish(ctx context.Context, v access.Visitor, w way, r Regained, use Use) error {
	r.Account, r.Agent = w.account, v.Agent()
	err := s.DB.Change(ctx, v.Did(audit.RecoveryDone, string(w.id)).On(string(w.patient)).With(string(w.kind)), func(tx *store.Tx) error {
		if !tx.Now.Before(w.expires) {
			return errGone
		}
		if use != nil {
			if err := won(use(ctx, tx)); err != nil {
				return err
			}
		}
		if err := end(ctx, tx, w, Done, ""); err != nil {
			return err
		}
		if err := s.endAll(ctx, tx, w.account, w.id, "another", Sent, Open); err != nil {
			return err
		}
		return s.Change.Regain(ctx, tx, r)
	})
	if fault.Is(err, fault.NotFound) { // locked or closed meanwhile
		return errGone
	}
	return err
}
