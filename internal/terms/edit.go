package terms

import (
	"context"
	"errors"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"
)

// Begin starts a draft from the words in force, or gives the one that is open.
func (t *Terms) Begin(ctx context.Context, d access.Desk, k Kind) (ids.Draft, error) {
	if err := d.Need(access.ManageTerms); err != nil {
		return "", err
	}
	if paths[k] == "" {
		return "", fault.Missing()
	}
	id := ids.NewDraft()
	err := t.DB.Change(ctx, d.Did(audit.TermsDrafted, string(id)).With("begun"), func(tx *store.Tx) error {
		if err := insertDraft(ctx, tx, Draft{ID: id, Kind: k, BegunBy: d.Staff()}); err != nil {
			return err
		}
		for _, l := range lang.All {
			now, err := newest(ctx, tx, k, l)
			if err != nil {
				return err
			}
			s := Saved{Text: Text{Title: now.Title, Body: now.Body}, By: string(d.Staff())}
			if err := insertText(ctx, tx, id, l, s); err != nil {
				return err
			}
		}
		return nil
	})
	if store.IsUnique(err) { // somebody began one; it is the same draft for both
		err = t.DB.View(ctx, func(tx *store.Tx) error {
			open, err := openDraft(ctx, tx, k)
			id = open.ID
			return err
		})
	}
	return id, err
}

// Read gives a draft with its present texts.
func (t *Terms) Read(ctx context.Context, d access.Desk, id ids.Draft) (Draft, error) {
	if err := d.Need(access.ManageTerms); err != nil {
		return Draft{}, err
	}
	var out Draft
	err := t.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = wholeDraft(ctx, tx, id)
		return err
	})
	return out, err
}

func wholeDraft(ctx context.Context, tx *store.Tx, id ids.Draft) (Draft, error) {
	out, err := draftByID(ctx, tx, id)
	if errors.Is(err, store.ErrNone) {
		return Draft{}, fault.Missing()
	}
	if err != nil {
		return Draft{}, err
	}
	out.Text = map[lang.Lang]Saved{}
	for _, l := range lang.All {
		if out.Text[l], err = lastText(ctx, tx, id, l); err != nil {
			return Draft{}, err
		}
	}
	return out, nil
}

// Writing is what somebody wrote in one language, over the state numbered Over.
type Writing struct {
	Draft ids.Draft
	Lang  lang.Lang
	Over  int64
	Text  Text
}

// Save keeps what was written. If somebody else has saved since the writer
// opened the page it is a Conflict, and nothing is kept: the writer decides,
// with both texts before them. An ended draft takes nothing more.
func (t *Terms) Save(ctx context.Context, d access.Desk, w Writing) error {
	if err := d.Need(access.ManageTerms); err != nil {
		return err
	}
	w.Text = w.Text.tidy()
	if err := w.Text.fits(); err != nil {
		return err
	}
	err := t.DB.Change(ctx, d.Did(audit.TermsDrafted, string(w.Draft)).With("saved_"+string(w.Lang)), func(tx *store.Tx) error {
		draft, err := wholeDraft(ctx, tx, w.Draft)
		if err != nil {
			return err
		}
		if draft.State != Open {
			return fault.Lost("terms.draft.ended")
		}
		if draft.Text[w.Lang].Rev != w.Over {
			return fault.Lost("terms.draft.overtaken")
		}
		return insertText(ctx, tx, w.Draft, w.Lang, Saved{Text: w.Text, Rev: w.Over + 1, By: string(d.Staff())})
	})
	if store.IsUnique(err) { // both read the same state; the key let one through
		return fault.Lost("terms.draft.overtaken")
	}
	return err
}

// Drop ends a draft without publishing it. Its texts stay in the database.
func (t *Terms) Drop(ctx context.Context, d access.Desk, id ids.Draft) error {
	if err := d.Need(access.ManageTerms); err != nil {
		return err
	}
	return t.DB.Change(ctx, d.Did(audit.TermsDrafted, string(id)).With("dropped"), func(tx *store.Tx) error {
		return end(ctx, tx, id, Dropped)
	})
}

func end(ctx context.Context, tx *store.Tx, id ids.Draft, as State) error {
	if _, err := draftByID(ctx, tx, id); errors.Is(err, store.ErrNone) {
		return fault.Missing()
	} else if err != nil {
		return err
	}
	ended, err := endDraft(ctx, tx, id, as)
	if err == nil && !ended {
		return fault.Lost("terms.draft.ended")
	}
	return err
}
