package passkey

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/limit"
	"portico/internal/store"
)

// sourceRule bounds what one client address may ask for: the work of checking
// signatures, not tries at an account.
var sourceRule = limit.Rule{Name: "passkey.source", Max: 60, Per: time.Minute}

func (s *Passkeys) bound(ctx context.Context, v access.Visitor) error {
	return s.Limits.Check(ctx, sourceRule, "passkey.source", v.Source().Narrow())
}

// answerAfter is how long an answer about a name takes at the least. To read somebody's
// row and passkeys takes a twentieth of a millisecond longer than to find nobody, and
// this over and over would tell who has an account.
const answerAfter = 10 * time.Millisecond

// Wish is what a browser asks before signing in.
type Wish struct {
	Name    string // what was typed as a user name or address, "" for nothing
	Half    string // token of a half-way sign-in whose second step this is to be, "" for none
	Browser string
	Host    string
}

// Ask makes a challenge for signing in. Without a name any passkey may answer it.
func (s *Passkeys) Ask(ctx context.Context, v access.Visitor, k Kind, w Wish) (Options, error) {
	x, ok := s.at(w.Host)
	if !ok {
		return Options{}, fault.Missing()
	}
	if err := s.bound(ctx, v); err != nil {
		return Options{}, err
	}
	a := ask{why: toSignIn, owner: Owner{Kind: k}, browser: w.Browser}
	if w.Name == "" && w.Half == "" {
		return s.toGet(x, a, nil), nil
	}
	even := time.After(answerAfter)
	var name string
	var real []string
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if w.Half != "" {
			a.why = toStep
			a.owner.ID, err = s.halfWay(ctx, tx, w.Half)
		} else {
			name, a.owner.ID, err = s.named(ctx, tx, k, w.Name)
		}
		if err != nil {
			return err
		}
		real, err = credentials(ctx, tx, a.owner)
		return err
	})
	if err != nil {
		return Options{}, err
	}
	if w.Half != "" {
		return s.toGet(x, a, real), nil
	}
	if a.owner.ID == "" { // a ticket that no passkey's owner matches
		a.owner.ID = "nobody"
	}
	out := s.toGet(x, a, s.veiled(k, name, real))
	select {
	case <-even:
	case <-ctx.Done():
	}
	return out, nil
}

// named finds an owner by what was typed.
func (s *Passkeys) named(ctx context.Context, tx *store.Tx, k Kind, typed string) (folded, id string, err error) {
	if k == Staff {
		folded, who, err := s.Desk.Named(ctx, tx, typed)
		return folded, string(who), err
	}
	folded, who, err := s.Door.Named(ctx, tx, typed)
	return folded, string(who), err
}

// halfWay finds the account of a half-way sign-in; NotFound if there is none.
func (s *Passkeys) halfWay(ctx context.Context, tx *store.Tx, token string) (string, error) {
	a, err := s.Door.HalfWay(ctx, tx, token)
	if err == nil && a == "" {
		err = fault.Missing()
	}
	return string(a), err
}

// SignIn checks a passkey and lets its account in. half is set where it stands for
// the second step: then it must be one of the account whose password was given.
// Whatever was wrong, it is Invalid with one sentence.
func (s *Passkeys) SignIn(ctx context.Context, v access.Visitor, in Answer, e Entry, half bool) (Arrival, error) {
	if err := s.bound(ctx, v); err != nil {
		return nil, err
	}
	p, err := s.prove(ctx, in, Account, func(o Owner) []ask {
		if half {
			return []ask{{toStep, o, in.Browser}}
		}
		return []ask{{toSignIn, Owner{Kind: Account}, in.Browser}, {toSignIn, o, in.Browser}}
	})
	var enter Enter
	if err == nil {
		enter, err = s.Door.Enter(ctx, v, e)
	}
	var out Arrival
	if err == nil {
		err = s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
			if err := advance(ctx, tx, p); err != nil {
				return audit.Entry{}, err
			}
			var e audit.Entry
			out, e, err = enter(ctx, tx, ids.Account(p.key.owner.ID))
			return e.With("passkey"), err
		})
	}
	return out, s.settle(ctx, err, refuse{v.Did, audit.SignInTried, v.Agent(), p})
}

// did makes an audit entry of whoever asked.
type did func(a audit.Action, object string) audit.Entry

// refuse says how a refusal is written down.
type refuse struct {
	by    did
	as    audit.Action
	agent string
	got   proof
}

// settle writes a refusal down, ends a passkey that was copied, and gives the one
// sentence. Other errors go on as they are.
func (s *Passkeys) settle(ctx context.Context, err error, how refuse) error {
	if err == nil {
		return nil
	}
	r := refused(err)
	if fault.Is(err, fault.Invalid) { // the door was shut
		r = &refusal{shut, how.got.key.owner, how.got.key}
	}
	if r == nil {
		return err
	}
	werr := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		e := how.by(how.as, r.owner.ID).As(audit.Refused).With("passkey." + string(r.why))
		if r.owner.Kind == Account && r.owner.ID != "" {
			person, err := s.Keeper.Person(ctx, tx, ids.Account(r.owner.ID))
			if err != nil {
				return e, err
			}
			e = e.On(string(person))
		}
		if r.why != copied {
			return e, nil
		}
		return e, s.endCopied(ctx, tx, r.key, how, e.Patient)
	})
	if werr != nil {
		return fault.Down("error.busy", 5*time.Second, werr)
	}
	return errPasskey()
}

// endCopied ends a passkey of which there are two, and tells its owner. Only who
// has the key itself can bring this about: nobody shuts another out by it.
func (s *Passkeys) endCopied(ctx context.Context, tx *store.Tx, k key, how refuse, person string) error {
	ended, err := endOne(ctx, tx, k.owner, k.id, "copied")
	if err != nil || !ended {
		return err
	}
	tx.Log(how.by(audit.PasskeyCopied, string(k.id)).On(person))
	if k.owner.Kind == Staff {
		return s.Desk.Tell(ctx, tx, ids.Staff(k.owner.ID), staffNotice(tx.Now, "copied"))
	}
	return s.Keeper.Copied(ctx, tx, ids.Account(k.owner.ID), how.agent)
}
