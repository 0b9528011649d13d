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
	"portico/internal/page"
	"portico/internal/store"
)

// AcceptTerms is the permission to accept the texts for oneself.
const AcceptTerms access.Permission = "terms.accept"

// Terms is the room.
type Terms struct {
	DB     *store.DB
	Clinic *page.Clinic
}

// Publish puts drafts in force, all together. A version published before with
// the same words is left as it is; with other words it is a Conflict.
func (t *Terms) Publish(ctx context.Context, by access.Duty, drafts ...Draft) error {
	return t.DB.Change(ctx, by.Did(audit.TermsPublished, ""), func(tx *store.Tx) error {
		for _, d := range drafts {
			if err := publish(ctx, tx, d); err != nil {
				return fmt.Errorf("publish %s %s: %w", d.Kind, d.Version, err)
			}
		}
		return nil
	})
}

func publish(ctx context.Context, tx *store.Tx, d Draft) error {
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
		if err := insertDocument(ctx, tx, Document{ID: ids.NewDocument(), Kind: d.Kind, Version: d.Version, Lang: l, Title: text.Title,
			Body: text.Body, SHA256: text.Hash(), Change: text.Change, Material: d.Material}); err != nil {
			return err
		}
	}
	return nil
}

// Seed publishes the built-in texts of a kind of which nothing is published yet.
// It is called at each start and usually does nothing.
func (t *Terms) Seed(ctx context.Context, by access.Duty) error {
	drafts, err := BuiltIn(t.Clinic)
	if err != nil {
		return err
	}
	err = t.DB.View(ctx, func(tx *store.Tx) error {
		var missing []Draft
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
// Both kinds must be among them, each in the version in force: a Conflict means
// that a newer one was published while the person was reading.
func (t *Terms) Accept(ctx context.Context, tx *store.Tx, a Acceptance, documents []ids.Document) error {
	var read []Kind
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
		read = append(read, d.Kind)
	}
	for _, k := range Kinds {
		if !slices.Contains(read, k) {
			return fault.Lost("terms.newer")
		}
	}
	return nil
}

// Missing tells whether account has yet to accept a text before going on.
func (t *Terms) Missing(ctx context.Context, tx *store.Tx, account ids.Account) (bool, error) {
	n, err := kept(ctx, tx, account)
	return n < len(Kinds), err
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
