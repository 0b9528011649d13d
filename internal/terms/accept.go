package terms

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/store"
)

// AcceptTerms is the permission to accept the texts for oneself.
const AcceptTerms access.Permission = "terms.accept"

// Terms is the room.
type Terms struct {
	DB     *store.DB
	Gate   *access.Gate
	Clinic page.Profile
	People People // nil: nobody is told of new terms, and lists name accounts
}

// People is what the logins and the patient index know of those who accept.
type People interface {
	// Numbers gives the patient number of each account's owner.
	Numbers(ctx context.Context, tx *store.Tx, accounts []ids.Account) (map[ids.Account]string, error)
	// Numbered finds the account of the patient with a number; store.ErrNone if
	// there is none.
	Numbered(ctx context.Context, tx *store.Tx, number string) (ids.Account, error)
	// TellSome queues n for some of the accounts that come after one, in order of
	// their identifiers, and gives the last of them, "" when there were none.
	TellSome(ctx context.Context, tx *store.Tx, after ids.Account, n notify.Notice, key string) (ids.Account, error)
}

// Publish puts editions in force at once, all together. A version published before with
// the same words is left as it is; with other words it is a Conflict.
func (t *Terms) Publish(ctx context.Context, by access.Duty, drafts ...Edition) error {
	return t.DB.Change(ctx, by.Did(audit.TermsPublished, ""), func(tx *store.Tx) error {
		for _, d := range drafts {
			if err := t.publish(ctx, tx, d, signing{from: tx.Now}); err != nil {
				return fmt.Errorf("publish %s %s: %w", d.Kind, d.Version, err)
			}
		}
		return nil
	})
}

// signing is by whom and from when on a version is in force.
type signing struct {
	by   ids.Staff
	from time.Time
}

func (t *Terms) publish(ctx context.Context, tx *store.Tx, d Edition, s signing) error {
	added := false
	for _, l := range lang.All {
		text, ok := d.Text[l]
		if !ok || text.Title == "" || text.Body == "" {
			return fmt.Errorf("no text in language %s", l)
		}
		old, err := sameVersion(ctx, tx, d.Kind, d.Version, l)
		if err == nil && old.SHA256 == text.Hash() {
			continue
		}
		if err == nil {
			return fault.Lost("terms.published")
		}
		if !errors.Is(err, store.ErrNone) {
			return err
		}
		added = true
		if err := insertDocument(ctx, tx, Document{ID: ids.NewDocument(), Kind: d.Kind, Version: d.Version, Lang: l, Title: text.Title,
			Body: text.Body, SHA256: text.Hash(), Change: text.Change, Material: d.Material, Published: s.from, SignedBy: s.by}); err != nil {
			return err
		}
	}
	if !added || !d.Material {
		return nil
	}
	return t.Gate.Demand(ctx, tx, demandName(d.Kind, d.Version), s.from)
}

// demandName is under which name a version asks everybody to agree.
func demandName(k Kind, version string) string { return string(k) + " " + version }

// Seed publishes the built-in texts of a kind of which nothing is published yet.
// It is called at each start and usually does nothing.
func (t *Terms) Seed(ctx context.Context, by access.Duty) error {
	drafts, err := BuiltIn(t.Clinic.Now())
	if err != nil {
		return err
	}
	err = t.DB.View(ctx, func(tx *store.Tx) error {
		var missing []Edition
		for _, d := range drafts {
			_, err := newest(ctx, tx, d.Kind, lang.En)
			if errors.Is(err, store.ErrNone) {
				missing = append(missing, d)
			} else if err != nil {
				return err
			}
		}
		drafts = missing
		return nil
	})
	if err != nil || len(drafts) == 0 {
		return err
	}
	err = t.Publish(ctx, by, drafts...)
	if store.IsUnique(err) {
		return nil // another copy of the server, starting beside this one, was first
	}
	return err
}

// Current gives the version of each kind in force, in language l.
func (t *Terms) Current(ctx context.Context, tx *store.Tx, l lang.Lang) ([]Document, error) {
	var out []Document
	for _, k := range Kinds {
		d, err := newest(ctx, tx, k, l)
		if err != nil {
			return nil, fmt.Errorf("document %s in force: %w", k, err)
		}
		out = append(out, d)
	}
	return out, nil
}

// Acceptance is who accepts, and from where.
type Acceptance struct {
	Account ids.Account
	Agent   string // browser in words
	Source  string // client address
}

// Accept keeps that a.Account accepted documents, in the caller's transaction.
// Each must be in the version in force, and nothing may be missing afterwards: a
// Conflict means that a newer one came out while the person was reading.
func (t *Terms) Accept(ctx context.Context, tx *store.Tx, a Acceptance, documents []ids.Document) error {
	for _, id := range documents {
		d, err := byID(ctx, tx, id)
		if errors.Is(err, store.ErrNone) {
			return fault.Missing()
		}
		if err != nil {
			return err
		}
		now, err := newest(ctx, tx, d.Kind, d.Lang)
		if err != nil {
			return err
		}
		if now.Version != d.Version {
			return fault.Lost("terms.newer")
		}
		if err := insertAcceptance(ctx, tx, a, d); err != nil {
			return err
		}
	}
	missing, err := t.Missing(ctx, tx, a.Account)
	if err == nil && len(missing) > 0 {
		err = fault.Lost("terms.newer")
	}
	return err
}

// Missing lists what account has yet to accept before going on.
func (t *Terms) Missing(ctx context.Context, tx *store.Tx, account ids.Account) ([]Kind, error) {
	have, err := kept(ctx, tx, account)
	var out []Kind
	for _, k := range Kinds {
		if !slices.Contains(have, k) {
			out = append(out, k)
		}
	}
	return out, err
}

// AcceptOwn keeps that the chart's account accepted documents, and that its
// session owes nothing any more.
func (t *Terms) AcceptOwn(ctx context.Context, c access.Chart, documents []ids.Document) error {
	if err := c.Need(AcceptTerms); err != nil {
		return err
	}
	a := Acceptance{Account: c.Account(), Agent: c.Agent(), Source: string(c.Source())}
	object := ""
	if len(documents) > 0 {
		object = string(documents[0])
	}
	return t.DB.Change(ctx, c.Did(audit.TermsAccepted, object), func(tx *store.Tx) error {
		demanded, err := t.Gate.Demanded(ctx, tx)
		if err != nil {
			return err
		}
		if err := t.Accept(ctx, tx, a, documents); err != nil {
			return err
		}
		return t.Gate.Agreed(ctx, tx, c, demanded)
	})
}

// Owing tells whether the chart's account must accept something before it goes
// on. If not, the session is no longer Behind: it is asked only once.
func (t *Terms) Owing(ctx context.Context, c access.Chart) (bool, error) {
	var missing []Kind
	var demanded int64
	err := t.DB.View(ctx, func(tx *store.Tx) (err error) {
		if demanded, err = t.Gate.Demanded(ctx, tx); err != nil {
			return err
		}
		missing, err = t.Missing(ctx, tx, c.Account())
		return err
	})
	if err != nil || len(missing) > 0 {
		return true, err
	}
	return false, t.Gate.Settle(ctx, c, demanded)
}

// Accepted is one acceptance, for the person to look back at.
type Accepted struct {
	Document ids.Document
	Kind     Kind
	Version  string
	Title    string
	At       time.Time
}

// History lists what account accepted, newest first.
func (t *Terms) History(ctx context.Context, tx *store.Tx, account ids.Account) ([]Accepted, error) {
	return accepted(ctx, tx, account)
}
