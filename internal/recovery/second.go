package recovery

import (
	"context"
	"slices"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// kinds of new second steps, the strongest first.
var kinds = []string{"totp", "email", "sms", "voice"}

// mayChoose tells whether a way has come to its new second step.
func (w way) mayChoose() bool {
	return w.kind == ForStep && w.draft.Passed || w.kind == ForAll && w.draft.Hash != "" && !w.draft.Ready
}

// ChooseSecond begins the new second step: an authenticator gets a secret, to a
// contact goes a code that proves it. What is wrong stands at "how" or "contact".
func (s *Recovery) ChooseSecond(ctx context.Context, v access.Visitor, browser, kind, contact string) error {
	if !slices.Contains(kinds, kind) || !s.offers(kind) {
		return fault.Bad("how", "recovery.second.choose")
	}
	to := ""
	if kind != "totp" {
		var err error
		if to, err = s.Words.Contact(kind, contact); err != nil {
			return err
		}
	}
	var soon error
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		soon = nil
		w, err := s.going(ctx, tx, browser)
		if err == nil && !w.mayChoose() {
			err = errGone
		}
		if err != nil {
			return audit.Entry{}, err
		}
		e := v.Did(audit.RecoveryChose, string(w.id)).On(string(w.patient)).With(kind)
		w.draft.Kind, w.draft.Contact, w.draft.Secret = kind, to, nil
		if kind == "totp" {
			w.draft.Secret = secret.NewTOTPSecret()
		}
		if err := s.save(ctx, tx, w); err != nil || kind == "totp" {
			return e, err
		}
		err = s.sendNew(ctx, tx, w)
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

func (s *Recovery) sendNew(ctx context.Context, tx *store.Tx, w way) error {
	l, err := s.Finder.Login(ctx, tx, w.account)
	if err != nil {
		return err
	}
	return s.Steps.SendTo(ctx, tx, Sending{Flow: secondFlow(w), To: w.draft.Contact, By: channelOf(w.draft.Kind), Login: l, New: true})
}

// SendSecond sends the code of the new second step once more.
func (s *Recovery) SendSecond(ctx context.Context, v access.Visitor, browser string) error {
	return s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		w, err := s.going(ctx, tx, browser)
		if err == nil && (!w.mayChoose() || w.draft.Contact == "") {
			err = errGone
		}
		if err != nil {
			return audit.Entry{}, err
		}
		return v.Did(audit.RecoveryChose, string(w.id)).On(string(w.patient)).With("again"), s.sendNew(ctx, tx, w)
	})
}

// ProveSecond checks the first code of the new second step. Where one step was
// lost, it takes its place at once; where everything was, recovery codes come next.
func (s *Recovery) ProveSecond(ctx context.Context, v access.Visitor, browser, code string) (kind Kind, err error) {
	w, _, err := s.at(ctx, browser)
	if err != nil {
		return "", err
	}
	if !w.mayChoose() || w.draft.Kind == "" {
		return w.kind, errGone
	}
	use, err := s.trySecond(ctx, v, &w, code)
	if err != nil {
		return w.kind, err
	}
	if w.kind == ForAll {
		return w.kind, s.keepSecond(ctx, v, w, use)
	}
	return w.kind, s.finish(ctx, v, w, Regained{Lost: w.draft.Lost, Second: w.draft.second(), What: notify.StepReplaced}, use)
}

// won makes a code that somebody else has used into a wrong one.
func won(ok bool, err error) error {
	if err == nil && !ok {
		err = fault.Bad("code", "account.code.wrong")
	}
	return err
}

func (s *Recovery) trySecond(ctx context.Context, v access.Visitor, w *way, code string) (Use, error) {
	if w.draft.Kind != "totp" {
		return s.Change.Try(ctx, v, Try{Account: w.account, Flow: secondFlow(*w), Code: code})
	}
	step, ok := secret.CheckTOTP(w.draft.Secret, digits(code), s.DB.Now(), 0)
	if !ok {
		return nil, fault.Bad("code", "account.code.wrong")
	}
	w.draft.Step = step
	return func(context.Context, *store.Tx) (bool, error) { return true, nil }, nil
}

func digits(s string) string {
	var out []rune
	for _, r := range s {
		if r >= '0' && r <= '9' {
			out = append(out, r)
		}
	}
	return string(out)
}

// keepSecond puts the proven second step down, with recovery codes to be shown.
func (s *Recovery) keepSecond(ctx context.Context, v access.Visitor, w way, use Use) error {
	w.draft.Ready, w.draft.Recovery = true, s.Words.RecoveryCodes()
	return s.DB.Change(ctx, v.Did(audit.RecoveryChose, string(w.id)).On(string(w.patient)).With("proven"), func(tx *store.Tx) error {
		if err := won(use(ctx, tx)); err != nil {
			return err
		}
		return s.save(ctx, tx, w)
	})
}
