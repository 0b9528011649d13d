package recovery

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// live are the states of a way by which everything is replaced.
const live = `kind = 'all' AND state IN ('first', 'granted', 'open', 'waiting')`

// running gives the way by which everything of an account is being replaced;
// errGone if there is none.
func (s *Recovery) running(ctx context.Context, tx *store.Tx, a ids.Account) (way, error) {
	w, err := store.Get(ctx, tx, s.scanWay, `SELECT `+wayColumns+` FROM recovery WHERE account_id = $1 AND `+live, a)
	if errors.Is(err, store.ErrNone) {
		err = errGone
	}
	return w, err
}

// Granted tells whether an activation code may lead a person with an account back
// into it.
func (s *Recovery) Granted(ctx context.Context, tx *store.Tx, p ids.Patient) (bool, error) {
	w, err := s.grantOf(ctx, tx, p)
	if errors.Is(err, errGone) {
		return false, nil
	}
	return w.id != "", err
}

func (s *Recovery) grantOf(ctx context.Context, tx *store.Tx, p ids.Patient) (way, error) {
	l, err := s.Finder.Of(ctx, tx, p)
	if fault.Is(err, fault.NotFound) || err == nil && !l.Active {
		return way{}, errGone
	}
	if err != nil {
		return way{}, err
	}
	w, err := s.running(ctx, tx, l.ID)
	if err == nil && (w.state == First || w.state == Waiting || !tx.Now.Before(w.created.Add(GrantLife))) {
		err = errGone
	}
	return w, err
}

// owner is the account an applicant with an activation code may get back into.
func (s *Recovery) owner(ctx context.Context, a access.Applicant) (id ids.Account, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		w, err := s.grantOf(ctx, tx, a.Patient())
		id = w.account
		return err
	})
	return id, err
}

// Anew begins the way of somebody who lost everything and holds an activation
// code: it takes their new password. The code is used up at the end, so that who
// is interrupted can type it again. errGone means that nobody at the desk has
// started it, or somebody stopped it.
func (s *Recovery) Anew(ctx context.Context, a access.Applicant, v access.Visitor, password, again string) (browser string, err error) {
	account, err := s.owner(ctx, a)
	if err != nil {
		return "", err
	}
	hash, err := s.Words.Hash(ctx, v, account, password, again)
	if err != nil {
		return "", err
	}
	browser = secret.Token()
	err = s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		w, err := s.grantOf(ctx, tx, a.Patient())
		if err == nil && w.account != account {
			err = errGone
		}
		if err != nil {
			return audit.Entry{}, err
		}
		e := a.Did(audit.RecoveryOpened, string(w.id)).With("code")
		code, _, err := s.Codes.Take(ctx, tx, a)
		if err != nil {
			return e, err
		}
		return e, s.open(ctx, tx, w, draft{Hash: hash, Code: code}, browser)
	})
	return browser, err
}

// open lets a browser go on with a granted way.
func (s *Recovery) open(ctx context.Context, tx *store.Tx, w way, d draft, browser string) error {
	sealed, err := s.sealDraft(w.id, d)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `
		UPDATE recovery SET state = 'open', browser_hash = $2, draft = $3, expires_at = $4, version = version + 1
		WHERE id = $1 AND version = $5 AND state IN ('granted', 'open')`,
		w.id, secret.TokenHash(browser), sealed, store.Time(tx.Now.Add(LinkLife)), w.version)
	if err == nil && n != 1 {
		err = fault.Lost("recovery.changed")
	}
	return err
}

// Keep ends the way of somebody who lost everything: what they chose waits. The
// person must say that the recovery codes are saved. The activation code is used
// up here, of two at once by one; every contact gets a link that stops it.
func (s *Recovery) Keep(ctx context.Context, v access.Visitor, browser string, saved bool) error {
	w, _, err := s.at(ctx, browser)
	if err == nil && (w.kind != ForAll || !w.draft.Ready) {
		err = errGone
	}
	if err != nil {
		return err
	}
	if !saved {
		return fault.Bad("saved", "account.recovery.unsaved")
	}
	return s.DB.Change(ctx, v.Did(audit.RecoveryWaits, string(w.id)).On(string(w.patient)), func(tx *store.Tx) error {
		l, err := s.Finder.Login(ctx, tx, w.account)
		if err == nil && !l.Active {
			err = errGone
		}
		if err != nil {
			return err
		}
		until := tx.Now.Add(Wait)
		n, err := tx.Exec(ctx, `UPDATE recovery SET state = 'waiting', until_at = $2, expires_at = $2, version = version + 1 WHERE id = $1 AND version = $3 AND state = 'open' AND expires_at > $4`,
			w.id, store.Time(until), w.version, store.Time(tx.Now))
		if err == nil && n != 1 {
			err = errGone
		}
		if err != nil {
			return err
		}
		if err := s.Codes.Spend(ctx, tx, w.draft.Code); err != nil {
			return err
		}
		if err := s.tellStop(ctx, tx, l, w, func(stop, notMe notify.Path) notify.Notice {
			return notify.RecoveryWaiting{Until: until, Stop: stop, NotMe: notMe}
		}); err != nil {
			return err
		}
		if err := s.Change.Happened(ctx, tx, l.ID, notify.RecoveryWaits, false); err != nil {
			return err
		}
		return endJob.Enqueue(ctx, tx, endArgs{w.id}, jobs.Options{At: until})
	})
}

// tellStop tells every contact of an account, each with a link of its own that
// stops the way back in.
func (s *Recovery) tellStop(ctx context.Context, tx *store.Tx, l Login, w way, say func(stop, notMe notify.Path) notify.Notice) error {
	contacts, err := s.Steps.Contacts(ctx, tx, l.ID)
	if err != nil {
		return err
	}
	notMe, err := s.Change.NotMe(ctx, tx, l.ID)
	if err != nil {
		return err
	}
	for _, c := range contacts {
		token, err := newLink(ctx, tx, w.id, "stop", class(c.Channel), tx.Now.Add(GrantLife+Wait))
		if err != nil {
			return err
		}
		if err := s.send(ctx, tx, l, c, notify.Message{Notice: say(notify.Path("/recover/stop/"+token), notMe)}); err != nil {
			return err
		}
	}
	return nil
}

type endArgs struct{ ID ID }

// endJob puts new things in the place of old ones when the wait is over.
var endJob = jobs.Kind[endArgs]{Name: "recovery.end"}

// finishWait asks again whether it still may: it was not stopped, the time has
// come, the account is neither locked nor closed and leads to the same person, who
// is alive.
func (s *Recovery) finishWait(ctx context.Context, d access.Duty, args endArgs) error {
	err := s.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		w, err := store.Get(ctx, tx, s.scanWay, `SELECT `+wayColumns+` FROM recovery WHERE id = $1 AND state = 'waiting' AND until_at <= $2`, args.ID, store.Time(tx.Now))
		if errors.Is(err, store.ErrNone) {
			return audit.Entry{}, errGone
		}
		if err != nil {
			return audit.Entry{}, err
		}
		e := d.Did(audit.RecoveryDone, string(w.id)).On(string(w.patient)).With(string(w.kind))
		may, err := s.stillMay(ctx, tx, w)
		if err != nil {
			return e, err
		}
		if !may {
			return d.Did(audit.RecoveryStopped, string(w.id)).On(string(w.patient)).With("changed"), end(ctx, tx, w, Stopped, "changed")
		}
		if err := end(ctx, tx, w, Done, ""); err != nil {
			return e, err
		}
		if err := s.endAll(ctx, tx, w.account, w.id, "another", Sent, Open); err != nil {
			return e, err
		}
		return e, s.Change.Regain(ctx, tx, Regained{Account: w.account, Hash: w.draft.Hash, All: true, Second: w.draft.second(), Recovery: w.draft.Recovery, What: notify.LoginRenewed})
	})
	if errors.Is(err, errGone) {
		return nil
	}
	return err
}

func (s *Recovery) stillMay(ctx context.Context, tx *store.Tx, w way) (bool, error) {
	l, err := s.Finder.Login(ctx, tx, w.account)
	if fault.Is(err, fault.NotFound) || err == nil && !l.Active {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	p, err := s.People.Person(ctx, tx, l.Person)
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	return !p.Dead, err
}

// Status is what somebody sees who waits.
type Status struct {
	State State
	Until time.Time
}

// status tells how the way is that this browser began and handed in.
func (s *Recovery) status(ctx context.Context, browser string) (st Status, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		w, err := store.Get(ctx, tx, s.scanWay, `SELECT `+wayColumns+` FROM recovery WHERE browser_hash = $1 AND until_at IS NOT NULL`, secret.TokenHash(browser))
		if errors.Is(err, store.ErrNone) {
			err = errGone
		}
		st = Status{w.state, w.until}
		return err
	})
	return st, err
}
