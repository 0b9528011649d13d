package recovery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/notify"
	"portico/internal/store"
)

// Ask is what somebody typed who forgot their user name (Contact and Birth) or
// their password (Name).
type Ask struct {
	Name    string    `json:"name,omitempty"`
	Contact string    `json:"contact,omitempty"`
	Birth   string    `json:"birth,omitempty"` // YYYY-MM-DD
	Lang    lang.Lang `json:"-"`
}

func (a Ask) kind() string {
	if a.Name != "" {
		return "password"
	}
	return "name"
}

// key is by what an asking is counted, whether or not anybody is meant.
func (a Ask) key() string { return a.kind() + ":" + strings.ToLower(a.Name+a.Contact) }

// AskID names an asking.
type AskID string

const askPlace = "recovery_ask.sealed"

// Ask puts down what was typed and leaves the rest to a job, so that nothing in
// the answer, nor in the time it takes, depends on who is meant. TooMany is about
// the client's own address alone.
func (s *Recovery) Ask(ctx context.Context, v access.Visitor, a Ask) error {
	if err := s.slow(ctx, v); err != nil {
		return err
	}
	c, err := s.Limits.Hit(ctx, perTyped, a.key())
	if err != nil {
		return err
	}
	id := ids.New[AskID]("rca")
	b, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("asking: %w", err)
	}
	return s.DB.Change(ctx, v.Did(audit.RecoveryAsked, string(id)).With(a.kind()), func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO recovery_ask (id, kind, sealed, lang, silent, asked_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			id, a.kind(), s.Keys.Seal(askPlace, string(id), b), string(a.Lang), c.Over, store.Time(tx.Now)); err != nil {
			return err
		}
		return answerJob.Enqueue(ctx, tx, answerArgs{id})
	})
}

// slow counts an asking against the client and its neighbourhood.
func (s *Recovery) slow(ctx context.Context, v access.Visitor) error {
	if err := s.Limits.Check(ctx, perSource, "recovery.often", v.Source().Narrow()); err != nil {
		return inForm(err)
	}
	return inForm(s.Limits.Check(ctx, perRange, "recovery.often", v.Source().Wide()))
}

// inForm makes a TooMany say its sentence above the form.
func inForm(err error) error {
	if f, ok := fault.As(err); ok && f.Kind == fault.TooMany && len(f.Problems) == 0 {
		f.Problems = []fault.Problem{{Text: f.Text}}
	}
	return err
}

type answerArgs struct{ ID AskID }

// answerJob finds out whom an asking means. It is queued for everybody.
var answerJob = jobs.Kind[answerArgs]{Name: "recovery.answer"}

// answer does what an asking leads to, once: the row goes with its effect.
func (s *Recovery) answer(ctx context.Context, d access.Duty, args answerArgs) error {
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		e := d.Did(audit.RecoveryAnswered, string(args.ID))
		a, silent, err := s.takeAsk(ctx, tx, args.ID)
		if errors.Is(err, store.ErrNone) {
			return e, errGone
		}
		if err != nil || silent {
			return e.As(audit.Refused).With("often"), err
		}
		if a.Name != "" {
			return s.answerPassword(ctx, tx, e, a)
		}
		return s.answerName(ctx, tx, e, a)
	})
	if errors.Is(err, errGone) {
		return nil // done by another worker
	}
	return err
}

func (s *Recovery) takeAsk(ctx context.Context, tx *store.Tx, id AskID) (a Ask, silent bool, err error) {
	var sealed, in string
	if _, err = store.Get(ctx, tx, func(r store.Row) (struct{}, error) {
		return struct{}{}, r.Scan(&sealed, &in, &silent)
	}, `DELETE FROM recovery_ask WHERE id = $1 RETURNING sealed, lang, silent`, id); err != nil {
		return a, false, err
	}
	b, err := s.Keys.Open(askPlace, string(id), sealed)
	if err != nil {
		return a, false, err
	}
	a.Lang = lang.Lang(in)
	return a, silent, json.Unmarshal(b, &a)
}

// answerName sends user names to the contact that was typed, which is on file or
// proven, three times a day for each account.
func (s *Recovery) answerName(ctx context.Context, tx *store.Tx, e audit.Entry, a Ask) (audit.Entry, error) {
	found, err := s.Finder.Reached(ctx, tx, a.Birth, a.Contact)
	if err != nil {
		return e, err
	}
	sent := 0
	for _, l := range found {
		if !usable(l.By, tx.Now) {
			continue
		}
		c, err := s.Limits.HitIn(ctx, tx, namesDaily, string(l.ID))
		if err != nil {
			return e, err
		}
		if c.Over {
			continue
		}
		notMe, err := s.Change.NotMe(ctx, tx, l.ID)
		if err != nil {
			return e, err
		}
		if err := s.send(ctx, tx, l.Login, l.By, notify.Message{Notice: notify.UserNames{Name: l.Name, SignIn: "/signin", NotMe: notMe}}); err != nil {
			return e, err
		}
		sent++
		tx.Log(e.On(string(l.Person)).With("name"))
	}
	if sent == 0 {
		return e.As(audit.Failed).With("name"), nil
	}
	return e.With("name"), nil
}

// answerPassword sends links to the contacts of the account with that name, if it
// can be used and was not asked for too often.
func (s *Recovery) answerPassword(ctx context.Context, tx *store.Tx, e audit.Entry, a Ask) (audit.Entry, error) {
	l, err := s.Finder.Named(ctx, tx, a.Name)
	if err != nil || !l.Active { // locked accounts too: "this was not me" comes first
		return e.On(string(l.Person)).As(audit.Failed).With("password"), err
	}
	e = e.On(string(l.Person))
	if over, err := s.often(ctx, tx, l.ID, perAccount); err != nil || over {
		return e.As(audit.Refused).With("often"), err
	}
	return e.With("password"), s.sendLinks(ctx, tx, l, false)
}

func (s *Recovery) often(ctx context.Context, tx *store.Tx, a ids.Account, r limit.Rule) (bool, error) {
	c, err := s.Limits.HitIn(ctx, tx, r, string(a))
	return c.Over, err
}

// sendLinks sends the way to a new password to every contact that is old enough.
// Ways begun before stay: a stranger who asks must not end the owner's.
func (s *Recovery) sendLinks(ctx context.Context, tx *store.Tx, l Login, back bool) error {
	w := way{id: ids.New[ID]("rcv"), account: l.ID, patient: l.Person, kind: ForPassword, state: Sent, expires: tx.Now.Add(LinkLife)}
	if err := s.begin(ctx, tx, w, ""); err != nil {
		return err
	}
	contacts, err := s.Steps.Contacts(ctx, tx, l.ID)
	if err != nil {
		return err
	}
	notMe, err := s.Change.NotMe(ctx, tx, l.ID)
	if err != nil {
		return err
	}
	for _, c := range contacts {
		n := notify.PasswordLink{Minutes: int(LinkLife.Minutes()), NotMe: notMe, Back: back}
		if usable(c, tx.Now) {
			token, err := newLink(ctx, tx, w.id, "go", class(c.Channel), w.expires)
			if err != nil {
				return err
			}
			n.Link = notify.Path("/recover/link/" + token)
		}
		if err := s.send(ctx, tx, l, c, notify.Message{Notice: n, Withdraw: string(w.id), Expires: w.expires}); err != nil {
			return err
		}
	}
	return s.Change.Happened(ctx, tx, l.ID, notify.RecoveryLinked, false)
}
