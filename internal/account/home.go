package account

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/store"
)

// Overview is what the home page shows.
type Overview struct {
	Methods   []Method
	Codes     int       // recovery codes left
	Last      time.Time // sign-in before this one; zero if this is the first
	LastAgent string
	Back      bool        // somebody is replacing everything one signs in with
	Passkey   bool        // one is offered
	Told      bool        // results are shown in this portal
	News      []NewResult // that became visible since then
	Visits    bool        // visits are booked in this portal
	Next      []NextVisit // the one that comes next
}

// newsAtFirst is how far back the home page looks for results when somebody signs
// in for the first time: an imported record is not all news.
const newsAtFirst = 30 * 24 * time.Hour

// Method is a second step as its owner sees it.
type Method struct {
	ID   string
	Kind Kind
	Hint string // a masked contact: "a•••@example.org"; "" for an authenticator

	Since time.Time // when it was set up
}

// See gathers the home page of the chart's account.
func (s *Accounts) See(ctx context.Context, c access.Chart) (Overview, error) {
	if err := c.Need(access.SeeHome); err != nil {
		return Overview{}, err
	}
	var o Overview
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		factors, err := factorsOf(ctx, tx, c.Account())
		if err != nil {
			return err
		}
		if o.Methods, err = s.methods(factors); err != nil {
			return err
		}
		if o.Codes, err = codesLeft(ctx, tx, c.Account()); err != nil {
			return err
		}
		if o.Visits = s.Visits != nil; o.Visits {
			if o.Next, err = s.Visits.Coming(ctx, tx, c); err != nil {
				return err
			}
		}
		if s.Back != nil {
			if o.Back, err = s.Back.Running(ctx, tx, c.Account()); err != nil {
				return err
			}
		}
		st, err := s.passkeysOf(ctx, tx, c.Account(), o.Codes)
		if err != nil {
			return err
		}
		o.Passkey, o.Methods = st.Offer, withPasskeys(st, o.Methods)
		if o.Last, o.LastAgent, err = lastSignIn(ctx, tx, c.Account()); err != nil || s.News == nil {
			return err
		}
		since := o.Last
		if since.IsZero() {
			since = tx.Now.Add(-newsAtFirst)
		}
		o.Told = true
		o.News, err = s.News.Newest(ctx, tx, c, since)
		return err
	})
	return o, err
}

// methods masks contacts: enough for the owner to tell them apart, too little
// for someone who looks over a shoulder or has only the password.
func (s *Accounts) methods(factors []factor) ([]Method, error) {
	out := make([]Method, len(factors))
	for i, f := range factors {
		out[i] = Method{ID: string(f.id), Kind: f.kind, Since: f.since}
		if f.kind == TOTP {
			continue
		}
		to, err := s.reveal(f)
		if err != nil {
			return nil, err
		}
		out[i].Hint = Mask(f.kind, to)
	}
	return out, nil
}

// withPasskeys puts the passkeys, the strongest, in front of second steps.
func withPasskeys(st PasskeyState, ms []Method) []Method {
	if st.Has == 0 {
		return ms
	}
	return append([]Method{{ID: string(byPasskey), Kind: passkeyKind}}, ms...)
}

// SignOut ends the chart's own session.
func (s *Accounts) SignOut(ctx context.Context, c access.Chart) error {
	if err := c.Need(access.EndSession); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.SignedOut, string(c.Session())), func(tx *store.Tx) error {
		return s.Gate.EndSession(ctx, tx, c, "signed_out")
	})
}
