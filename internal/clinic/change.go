package clinic

import (
	"context"
	"errors"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/store"
)

// Editing is what an administrator finds: their draft, or what is in force.
type Editing struct {
	Draft
	Own   bool     // a draft of theirs, not yet in force
	Force Revision // what is in force

	// Overrun is set when somebody changed the profile since the draft was begun:
	// Others are the fields that follow their change, Both those that the draft
	// changes too, and keeps.
	Overrun bool
	Others  []string
	Both    []Both
}

// Edit gives what the staff user is editing.
func (r *Room) Edit(ctx context.Context, d access.Desk) (Editing, error) {
	if err := d.Need(access.ManageClinic); err != nil {
		return Editing{}, err
	}
	var out Editing
	err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = editing(ctx, tx, d)
		return err
	})
	return out, err
}

func editing(ctx context.Context, tx *store.Tx, d access.Desk) (Editing, error) {
	force, err := newest(ctx, tx)
	if err != nil {
		return Editing{}, err
	}
	out := Editing{Draft: Draft{force.Profile, force.Rev}, Force: force}
	own, err := draftOf(ctx, tx, d.Staff())
	if errors.Is(err, store.ErrNone) {
		return out, nil
	}
	out.Own = true
	if err == nil {
		err = out.over(ctx, tx, own)
	}
	return out, err
}

// over lays a draft over what is in force.
func (e *Editing) over(ctx context.Context, tx *store.Tx, own Draft) error {
	e.Overrun = own.Over != e.Force.Rev
	if !e.Overrun {
		e.Draft = own
		return nil
	}
	base, err := revision(ctx, tx, own.Over)
	if err != nil && !errors.Is(err, store.ErrNone) { // none: the settings alone
		return err
	}
	e.Draft.Profile, e.Both = merge(base.Profile, own.Profile, e.Force.Profile)
	e.Others = changes(base.Profile, e.Force.Profile)
	return nil
}

// Proposal is what was sent with the form.
type Proposal struct {
	Draft
	Logo   []byte // a picture sent along, nil for none
	NoLogo bool   // the logo of the settings, or the built-in mark
}

// Propose keeps what an administrator wants to change, to be looked at first.
// Nothing that others see changes.
func (r *Room) Propose(ctx context.Context, d access.Desk, p Proposal) error {
	if err := d.Need(access.ManageClinic); err != nil {
		return err
	}
	p.Profile = p.tidy()
	bad, _ := fault.As(r.check(p.Profile))
	name, logo, err := picture(p.Logo)
	if f, ok := fault.As(err); ok && f.Kind == fault.Invalid {
		bad = bad.And("logo", f.Problems[0].Text)
	} else if err != nil {
		return err
	}
	if bad != nil {
		return bad
	}
	return r.DB.Change(ctx, d.Did(audit.ClinicChanged, "").With("drafted"), func(tx *store.Tx) error {
		before, err := editing(ctx, tx, d)
		if err != nil {
			return err
		}
		p.Profile.Logo = before.Draft.Logo // no field of the form: a name could be made up
		switch {
		case name != "":
			p.Profile.Logo = name
			if err := keepFile(ctx, tx, name, logo); err != nil {
				return err
			}
		case p.NoLogo:
			p.Profile.Logo = ""
		}
		return saveDraft(ctx, tx, d.Staff(), p.Draft)
	})
}

// picture draws what was sent anew and names it; "" if nothing was sent.
func picture(upload []byte) (string, File, error) {
	if upload == nil {
		return "", File{}, nil
	}
	b, err := drawn(upload)
	if err != nil {
		return "", File{}, err
	}
	return named("logo", ".png", b), File{"image/png", b}, nil
}

// Publish puts the staff user's draft in force for everybody. If somebody else
// changed the profile since it was begun it is a Conflict, and the draft stays.
func (r *Room) Publish(ctx context.Context, d access.Desk) error {
	if err := d.Need(access.ManageClinic); err != nil {
		return err
	}
	err := r.DB.Change(ctx, d.Did(audit.ClinicChanged, "").With("published"), func(tx *store.Tx) error {
		own, err := draftOf(ctx, tx, d.Staff())
		if errors.Is(err, store.ErrNone) {
			return fault.Lost("clinic.nothing")
		}
		if err != nil {
			return err
		}
		force, err := newest(ctx, tx)
		if err != nil {
			return err
		}
		if own.Over != force.Rev {
			return fault.Lost("clinic.overtaken")
		}
		if err := insertRevision(ctx, tx, force.Rev+1, own.Profile, d.Staff()); err != nil {
			return err
		}
		if err := dropDraft(ctx, tx, d.Staff()); err != nil {
			return err
		}
		return r.Gate.Touch(ctx, tx)
	})
	if store.IsUnique(err) {
		return fault.Lost("clinic.overtaken")
	}
	if err != nil {
		return err
	}
	r.load.Lock()
	defer r.load.Unlock()
	return r.read(ctx)
}

// Drop throws the staff user's draft away.
func (r *Room) Drop(ctx context.Context, d access.Desk) error {
	if err := d.Need(access.ManageClinic); err != nil {
		return err
	}
	return r.DB.Change(ctx, d.Did(audit.ClinicChanged, "").With("dropped"), func(tx *store.Tx) error {
		return dropDraft(ctx, tx, d.Staff())
	})
}

// Past is one change: what differs from the one before.
type Past struct {
	Revision
	Fields []string // names of the fields, as in texts "clinic.field.…"
}

// History lists who changed what, newest first.
func (r *Room) History(ctx context.Context, d access.Desk) ([]Past, error) {
	if err := d.Need(access.ManageClinic); err != nil {
		return nil, err
	}
	var all []Revision
	err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
		all, err = revisions(ctx, tx)
		return err
	})
	var out []Past
	for i, v := range all[:min(len(all), shown)] {
		before := Profile{}
		if i+1 < len(all) {
			before = all[i+1].Profile
		}
		out = append(out, Past{v, changes(before, v.Profile)})
	}
	return out, err
}

// Again makes an earlier state the staff user's draft; Rev 0 is the settings alone.
func (r *Room) Again(ctx context.Context, d access.Desk, rev int64) error {
	if err := d.Need(access.ManageClinic); err != nil {
		return err
	}
	return r.DB.Change(ctx, d.Did(audit.ClinicChanged, "").With("drafted"), func(tx *store.Tx) error {
		var old Revision
		if rev != 0 {
			var err error
			if old, err = revision(ctx, tx, rev); errors.Is(err, store.ErrNone) {
				return fault.Missing()
			} else if err != nil {
				return err
			}
		}
		force, err := newest(ctx, tx)
		if err != nil {
			return err
		}
		return saveDraft(ctx, tx, d.Staff(), Draft{old.Profile, force.Rev})
	})
}
