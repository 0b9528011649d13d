package terms

import (
	"context"
	"errors"
	"slices"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/store"
)

// AnnounceArgs name a version that patients are told of, and the account up to
// which that was done.
type AnnounceArgs struct {
	Kind    Kind
	Version string
	After   ids.Account
}

// Announce tells every account of a new version, some accounts at a time: a
// crash in between begins again where it was.
var Announce = jobs.Kind[AnnounceArgs]{Name: "terms.announce"}

// Work registers this room's workers.
func (t *Terms) Work(r *jobs.Runner) { jobs.Handle(r, Announce, t.announce) }

func (t *Terms) announce(ctx context.Context, d access.Duty, a AnnounceArgs) error {
	if t.People == nil {
		return nil
	}
	name := demandName(a.Kind, a.Version)
	err := t.DB.Change(ctx, d.Did(audit.NoticeQueued, name).With("terms_changed"), func(tx *store.Tx) error {
		back, err := takenBack(ctx, tx)
		if err != nil || slices.Contains(back, edited{a.Kind, a.Version}) {
			return err
		}
		doc, err := sameVersion(ctx, tx, a.Kind, a.Version, lang.En)
		if err != nil {
			return err
		}
		n := notify.TermsChanged{Read: notify.Path(paths[a.Kind] + "?version=" + a.Version), Privacy: a.Kind == Privacy, Material: doc.Material, From: doc.Published, Ahead: doc.Published.After(tx.Now)}
		last, err := t.People.TellSome(ctx, tx, a.After, n, "terms:"+name)
		if err != nil || last == "" {
			return err
		}
		a.After = last
		return Announce.Enqueue(ctx, tx, a)
	})
	if errors.Is(err, store.ErrNone) {
		return jobs.Permanent(err)
	}
	return err
}
