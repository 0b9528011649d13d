package ingest

import (
	"context"
	"errors"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/registry"
	"portico/internal/store"
)

// maxKnown is how many names are remembered in memory; beyond it the table is
// asked again.
const maxKnown = 20_000

// names are what others may call a record by.
func names(s registry.Seen) []string {
	var out []string
	if s.Ref != "" {
		out = append(out, "Patient/"+s.Ref)
	}
	if n := name(s.FullURL); n != "" && !slices.Contains(out, n) {
		out = append(out, n)
	}
	return out
}

var (
	patientURL = regexp.MustCompile(`^(?:.*/)?Patient/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?$`)
	identified = regexp.MustCompile(`^Patient\?identifier=([^&|]*)\|([^&|]+)$`)
)

// name is the one form of a reference under which it is kept; "" for what names
// no patient.
func name(ref string) string {
	if m := patientURL.FindStringSubmatch(ref); m != nil {
		return "Patient/" + m[1]
	}
	if len(ref) <= 128 && (strings.HasPrefix(ref, "urn:uuid:") || strings.HasPrefix(ref, "urn:oid:")) {
		return ref
	}
	return ""
}

// seen keeps which record each name became.
func (w *work) seen(ctx context.Context, all []registry.Seen) error {
	want := map[string]registry.Seen{}
	for _, s := range all {
		w.note(s)
		if s.ID != "" {
			for _, n := range names(s) {
				want[n] = s
			}
		}
	}
	for {
		todo, err := w.missing(ctx, want)
		if err != nil || len(todo) == 0 {
			return err
		}
		err = w.DB.Change(ctx, w.d.Did(audit.PatientsImported, w.source), func(tx *store.Tx) error {
			for _, n := range todo {
				if _, err := tx.Exec(ctx, `INSERT INTO ingest_person (source, ref, patient_id) VALUES ($1, $2, $3)`, w.source, n, want[n].ID); err != nil {
					return err
				}
			}
			return nil
		})
		if !store.IsUnique(err) {
			return err
		}
		// Another import named the same person meanwhile: look again.
	}
}

// missing gives the names that are not kept yet, in one order for all imports. A
// name that stands for somebody else is refused: whose records would follow is
// not certain.
func (w *work) missing(ctx context.Context, want map[string]registry.Seen) ([]string, error) {
	all := slices.Sorted(maps.Keys(want))
	have, err := w.lookUp(ctx, all)
	if err != nil {
		return nil, err
	}
	var todo []string
	for _, n := range all {
		h, found := have[n]
		switch {
		case !found:
			todo = append(todo, n)
		case h.record != want[n].ID && h.person != want[n].ID && !w.reused[n]:
			w.reused[n] = true
			delete(w.known, n)
			w.rep.refuse(registry.Refusal{File: filepath.Base(want[n].Origin), Path: "id", Key: "ingest.refused.reused"}, "Patient")
		}
	}
	return todo, nil
}

// kept is whom a name stands for: the record it became, and the person that
// record was joined to.
type kept struct {
	ref            string
	record, person ids.Patient
}

// lookUp reads what names are kept.
func (w *work) lookUp(ctx context.Context, all []string) (map[string]kept, error) {
	out := map[string]kept{}
	err := w.DB.View(ctx, func(tx *store.Tx) error {
		for part := range slices.Chunk(all, 250) {
			args := []any{w.source}
			for _, n := range part {
				args = append(args, n)
			}
			rows, err := store.List(ctx, tx, func(r store.Row) (k kept, err error) {
				err = r.Scan(&k.ref, &k.record, &k.person)
				return k, err
			}, `SELECT i.ref, p.id, COALESCE(p.merged_into, p.id) FROM ingest_person i JOIN patient p ON p.id = i.patient_id
				WHERE i.source = $1 AND i.ref IN (`+store.In(2, len(part))+`)`, args...)
			if err != nil {
				return err
			}
			for _, k := range rows {
				out[k.ref] = k
			}
		}
		return nil
	})
	return out, err
}

// find is what the record asks for patients by.
func (w *work) find(ctx context.Context, refs []string) (map[string]ids.Patient, error) {
	out := map[string]ids.Patient{}
	var ask []string
	for _, ref := range refs {
		n := name(ref)
		if p, ok := w.known[n]; ok {
			out[ref] = p
		} else if n != "" && !w.reused[n] {
			ask = append(ask, n)
		} else if m := identified.FindStringSubmatch(ref); m != nil {
			if p, err := w.byNumber(ctx, m[1], m[2]); err != nil {
				return nil, err
			} else if p != "" {
				out[ref] = p
			}
		}
	}
	if len(ask) == 0 {
		return out, nil
	}
	have, err := w.lookUp(ctx, ask)
	if err != nil {
		return nil, err
	}
	if len(w.known) > maxKnown {
		clear(w.known)
	}
	for _, ref := range refs {
		if k, ok := have[name(ref)]; ok {
			w.known[name(ref)] = k.record
			out[ref] = k.record
		}
	}
	return out, nil
}

// byNumber finds the patient a reference by identifier means, "" for none.
func (w *work) byNumber(ctx context.Context, system, value string) (p ids.Patient, err error) {
	err = w.DB.View(ctx, func(tx *store.Tx) error {
		p, err = w.Registry.PatientByIdentifier(ctx, tx, system, value)
		return err
	})
	if errors.Is(err, store.ErrNone) {
		return "", nil
	}
	return p, err
}
