package terms

import (
	"context"
	"errors"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"
)

// Order says how a draft is to be published.
type Order struct {
	Draft    ids.Draft
	Seen     map[lang.Lang]int64 // the state of each language that was on the page
	Material bool
	From     time.Time // zero for at once
}

// farthest is how far ahead a version may wait.
const farthest = 2 * 365 * 24 * time.Hour

// Issue publishes a draft: from now on its words stand for good. Both languages
// must be whole, nothing may be waiting already, and what is published must be
// what the publisher saw; otherwise it is Invalid or a Conflict and the draft
// stays as it is.
func (t *Terms) Issue(ctx context.Context, d access.Desk, o Order) error {
	if err := d.Need(access.ManageTerms); err != nil {
		return err
	}
	err := t.DB.Change(ctx, d.Did(audit.TermsPublished, string(o.Draft)), func(tx *store.Tx) error {
		if err := tx.OneAtATime(ctx, "terms"); err != nil {
			return err
		}
		e, err := t.edition(ctx, tx, o)
		if err != nil {
			return err
		}
		from := o.From
		if from.IsZero() {
			from = tx.Now
		}
		if err := end(ctx, tx, o.Draft, Published); err != nil {
			return err
		}
		if err := t.publish(ctx, tx, e, signing{d.Staff(), from}); err != nil {
			return err
		}
		return Announce.Enqueue(ctx, tx, AnnounceArgs{Kind: e.Kind, Version: e.Version})
	})
	if store.IsUnique(err) {
		return fault.Lost("terms.draft.ended")
	}
	return err
}

// edition checks an order and makes of its draft what is published.
func (t *Terms) edition(ctx context.Context, tx *store.Tx, o Order) (Edition, error) {
	draft, err := wholeDraft(ctx, tx, o.Draft)
	if err != nil {
		return Edition{}, err
	}
	if draft.State != Open {
		return Edition{}, fault.Lost("terms.draft.ended")
	}
	if !o.From.IsZero() && !o.From.After(tx.Now) {
		return Edition{}, fault.Bad("day", "terms.issue.past")
	}
	if o.From.After(tx.Now.Add(farthest)) {
		return Edition{}, fault.Bad("day", "terms.issue.far")
	}
	all, err := versions(ctx, tx)
	if err != nil {
		return Edition{}, err
	}
	if _, err := waiting(ctx, tx, draft.Kind, lang.En); err == nil {
		return Edition{}, fault.Bad("", "terms.issue.waits")
	} else if !errors.Is(err, store.ErrNone) {
		return Edition{}, err
	}
	e := Edition{Kind: draft.Kind, Version: next(highest(all, draft.Kind), o.Material), Material: o.Material, Text: map[lang.Lang]Text{}}
	for _, l := range lang.All {
		s := draft.Text[l]
		if s.Rev != o.Seen[l] {
			return Edition{}, fault.Lost("terms.draft.overtaken")
		}
		if len(s.lacks()) > 0 {
			return Edition{}, fault.Bad("", "terms.issue.lacks")
		}
		e.Text[l] = s.Text.fill(t.Clinic.Now())
	}
	return e, nil
}

// Retract takes a version back that is not in force yet. One that is in force is
// replaced by publishing another, never taken away.
func (t *Terms) Retract(ctx context.Context, d access.Desk, k Kind) error {
	if err := d.Need(access.ManageTerms); err != nil {
		return err
	}
	err := t.DB.Change(ctx, d.Did(audit.TermsWithdrawn, string(k)), func(tx *store.Tx) error {
		if err := tx.OneAtATime(ctx, "terms"); err != nil {
			return err
		}
		w, err := waiting(ctx, tx, k, lang.En)
		if errors.Is(err, store.ErrNone) {
			return fault.Lost("terms.retract.none")
		}
		if err != nil {
			return err
		}
		if err := insertWithdrawn(ctx, tx, w, d.Staff()); err != nil {
			return err
		}
		return t.Gate.Withdraw(ctx, tx, demandName(w.Kind, w.Version))
	})
	if store.IsUnique(err) {
		return fault.Lost("terms.retract.none")
	}
	return err
}

// Standing is what became of a published version.
type Standing string

const (
	InForce   Standing = "in_force"
	Waiting   Standing = "waiting"
	Retired   Standing = "retired"   // a newer one took its place
	Withdrawn Standing = "withdrawn" // taken back before it was in force
)

// Version is a published version in every language.
type Version struct {
	Kind     Kind
	Version  string
	Standing Standing
	From     time.Time
	Signed   time.Time
	SignedBy ids.Staff
	Material bool
	Accepted int // accounts
	Text     map[lang.Lang]Document
}

// Shelf is everything about one kind of document.
type Shelf struct {
	Kind     Kind
	Draft    ids.Draft // "" for none
	Versions []Version // newest first
}

// Shelves gives each kind with its versions and its open draft.
func (t *Terms) Shelves(ctx context.Context, d access.Desk) ([]Shelf, error) {
	if err := d.Need(access.ManageTerms); err != nil {
		return nil, err
	}
	var out []Shelf
	err := t.DB.View(ctx, func(tx *store.Tx) error {
		drafts, err := openDrafts(ctx, tx)
		if err != nil {
			return err
		}
		accepted, err := counts(ctx, tx)
		if err != nil {
			return err
		}
		back, err := takenBack(ctx, tx)
		if err != nil {
			return err
		}
		docs, err := versions(ctx, tx)
		if err != nil {
			return err
		}
		out = nil
		for _, k := range Kinds {
			s := Shelf{Kind: k, Versions: gathered(docs, k, accepted)}
			if i := slices.IndexFunc(drafts, func(d Draft) bool { return d.Kind == k }); i >= 0 {
				s.Draft = drafts[i].ID
			}
			stand(s.Versions, back, tx.Now)
			out = append(out, s)
		}
		return nil
	})
	return out, err
}

// gathered puts the languages of each version of a kind together, newest first.
func gathered(docs []Document, k Kind, accepted map[edited]int) []Version {
	var out []Version
	for _, doc := range docs {
		if doc.Kind != k {
			continue
		}
		i := slices.IndexFunc(out, func(v Version) bool { return v.Version == doc.Version })
		if i < 0 {
			i = len(out)
			out = append(out, Version{Kind: k, Version: doc.Version, From: doc.Published, Signed: doc.Signed, SignedBy: doc.SignedBy,
				Material: doc.Material, Accepted: accepted[edited{k, doc.Version}], Text: map[lang.Lang]Document{}})
		}
		out[i].Text[doc.Lang] = doc
	}
	return out
}

// stand says of each version, newest first, what became of it.
func stand(all []Version, back []edited, now time.Time) {
	force := false
	for i, v := range all {
		switch {
		case slices.Contains(back, edited{v.Kind, v.Version}):
			all[i].Standing = Withdrawn
		case v.From.After(now):
			all[i].Standing = Waiting
		case !force:
			all[i].Standing, force = InForce, true
		default:
			all[i].Standing = Retired
		}
	}
}
