package record

import (
	"context"

	"portico/internal/ids"
	"portico/internal/store"
)

// inherit finds whose the resources are that do not say it, where nothing else of
// the batch does either: a Binary is of whoever's document named it, a Provenance
// of the one patient whose resources it speaks of. One that came before what it
// hangs on stays nobody's, and so does one that hangs on several people's: else
// it would keep the place of what comes later for somebody else.
func (s *Records) inherit(ctx context.Context, b Batch, all []*incoming) error {
	var heirs []*incoming
	t := &taking{s: s, b: b, names: map[string]named{}}
	var ask []string
	for _, in := range all {
		if names := in.heirOf(b); len(names) > 0 {
			heirs, ask = append(heirs, in), append(ask, names...)
		}
	}
	if len(heirs) == 0 {
		return nil
	}
	err := s.DB.View(ctx, func(tx *store.Tx) error {
		t.tx = tx
		return t.load(ctx, ask)
	})
	for _, in := range heirs {
		in.home = t.common(in.heirOf(b), in.in.Type == "Provenance")
	}
	return err
}

// heirOf are the names that tell whose a resource is; none if it says so itself or
// the batch does.
func (in *incoming) heirOf(b Batch) (out []string) {
	if b.Patient != "" || Shared(in.in.Type) || len(owner(in.node)) > 0 {
		return nil
	}
	if in.in.Type != "Provenance" {
		return in.names
	}
	for _, f := range in.refs {
		if f.path == "target" {
			n, _ := nameOf(b.Source, f.value)
			out = append(out, n)
		}
	}
	return out
}

// common is the one patient that names which are somebody's belong to, "" if there
// is none or not one alone. all tells that each name must be known.
func (t *taking) common(names []string, all bool) (p ids.Patient) {
	for _, n := range names {
		k, known := t.names[n]
		switch {
		case all && !known:
			return ""
		case k.patient == "" || k.patient == p:
		case p != "":
			return ""
		default:
			p = k.patient
		}
	}
	return p
}
