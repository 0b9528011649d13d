package registry

import (
	"context"
	"errors"
	"slices"
	"strings"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/store"
)

// refKey is the part of a reference by which a patient record is known:
// "Patient/12", "https://ehr.example/Patient/12/_history/3" and "urn:uuid:12"
// all mean 12. "" for what is no patient.
func refKey(ref string) string {
	if u, ok := strings.CutPrefix(ref, "urn:uuid:"); ok {
		return u
	}
	if i := strings.LastIndex(ref, "Patient/"); i >= 0 {
		id, _, _ := strings.Cut(ref[i+len("Patient/"):], "/")
		return id
	}
	return ""
}

// linkTarget is how a link's target is kept until it is known: by the sender's
// identifier or by the index of its number.
func (r *Room) linkTarget(l Link) string {
	if plain, ok := NormalNumber(l.Number.Value); ok {
		return numberTarget(l.Number.System, r.Keys.Index(indexNumber, plain))
	}
	if k := refKey(l.Ref); k != "" {
		return "ref\x1f" + k
	}
	return ""
}

func numberTarget(system, index string) string { return "number\x1f" + system + "\x1f" + index }

// freshen puts links that name a number under an older key under the one that writes.
func (r *Room) freshen(ctx context.Context, tx *store.Tx, system, plain string) error {
	all := r.Keys.Indexes(indexNumber, plain)
	for _, old := range all[1:] {
		if _, err := tx.Exec(ctx, `UPDATE patient_link SET target = $2 WHERE target = $1`, numberTarget(system, old), numberTarget(system, all[0])); err != nil {
			return err
		}
	}
	return nil
}

// link is one row of patient_link.
type link struct {
	from   ids.Patient
	kind   LinkKind
	target string
	to     ids.Patient // "" until it is known
}

func scanLink(row store.Row) (l link, err error) {
	var to *string
	err = row.Scan(&l.from, &l.kind, &l.target, &to)
	if to != nil {
		l.to = ids.Patient(*to)
	}
	return l, err
}

// saveLinks writes what a record says about others now, and parts what was
// joined only by what it no longer says. It tells how many records that changed.
func (r *Room) saveLinks(ctx context.Context, tx *store.Tx, id ids.Patient, in Incoming) (int, error) {
	for _, l := range in.Links {
		if plain, ok := NormalNumber(l.Number.Value); ok {
			if err := r.freshen(ctx, tx, l.Number.System, plain); err != nil {
				return 0, err
			}
		}
	}
	have, err := store.List(ctx, tx, scanLink, `SELECT patient_id, kind, target, target_id FROM patient_link WHERE patient_id = $1`, id)
	if err != nil {
		return 0, err
	}
	var want []link
	for _, l := range in.Links {
		if t := r.linkTarget(l); t != "" && (l.Kind == ReplacedBy || l.Kind == Replaces || l.Kind == SeeAlso) {
			want = append(want, link{from: id, kind: l.Kind, target: t})
		}
	}
	changed := 0
	for _, h := range have {
		if slices.ContainsFunc(want, func(w link) bool { return w.kind == h.kind && w.target == h.target }) || in.Silent != (Silence{}) {
			continue
		}
		if _, err := tx.Exec(ctx, `DELETE FROM patient_link WHERE patient_id = $1 AND kind = $2 AND target = $3`, id, string(h.kind), h.target); err != nil {
			return 0, err
		}
		n, err := r.settle(ctx, tx, h.replaced())
		if err != nil {
			return 0, err
		}
		changed += n
	}
	for _, w := range want {
		if _, err := tx.Exec(ctx, `INSERT INTO patient_link (patient_id, kind, target) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
			id, string(w.kind), w.target); err != nil {
			return 0, err
		}
	}
	return changed, nil
}

// replaced is the record that this link says was replaced, "" if it says none or
// that is not known.
func (l link) replaced() ids.Patient {
	switch {
	case l.to == "":
	case l.kind == ReplacedBy:
		return l.from
	case l.kind == Replaces:
		return l.to
	}
	return ""
}

// maxChain bounds a walk along links; real chains have two or three steps.
const maxChain = 16

var errCircle = errors.New("links lead in a circle")

// survivor finds the record that finally took the place of id: the last along
// the links. It gives id itself where nothing took its place.
func survivor(ctx context.Context, tx *store.Tx, id ids.Patient) (ids.Patient, error) {
	at := id
	for range maxChain {
		next, err := store.Get(ctx, tx, store.One[ids.Patient], `
			SELECT target_id FROM patient_link WHERE patient_id = $1 AND kind = 'replaced-by' AND target_id IS NOT NULL
			UNION
			SELECT patient_id FROM patient_link WHERE target_id = $1 AND kind = 'replaces'
			ORDER BY 1 LIMIT 1`, at)
		if errors.Is(err, store.ErrNone) {
			return at, nil
		}
		if err != nil {
			return "", err
		}
		if next == id {
			return "", errCircle
		}
		at = next
	}
	return "", errCircle
}

// settle makes merged_into of a record, and of those that lead through it, what
// the links say. It tells how many records changed.
func (r *Room) settle(ctx context.Context, tx *store.Tx, id ids.Patient) (int, error) {
	if id == "" {
		return 0, nil
	}
	group, err := store.List(ctx, tx, store.One[ids.Patient], `
		SELECT id FROM patient WHERE id = $1 OR merged_into = $1
			OR merged_into = (SELECT merged_into FROM patient WHERE id = $1) ORDER BY id`, id)
	if err != nil {
		return 0, err
	}
	var changed []move
	for _, g := range group {
		to, err := survivor(ctx, tx, g)
		if err != nil {
			return 0, err
		}
		n, err := r.join(ctx, tx, g, to)
		if err != nil {
			return 0, err
		}
		if n > 0 {
			changed = append(changed, move{g, to})
		}
	}
	return len(changed), r.tell(ctx, tx, changed)
}

// move is a record that stands for another person than before.
type move struct{ record, person ids.Patient }

// tell passes on what changed, once the whole group is as the links say: in
// between, a record may lead to one that was itself replaced.
func (r *Room) tell(ctx context.Context, tx *store.Tx, changed []move) error {
	if r.Follower == nil {
		return nil
	}
	for _, m := range changed {
		if err := r.Follower.Follow(ctx, tx, m.record, m.person); err != nil {
			return err
		}
	}
	return nil
}

// join makes record g stand for person to; g itself parts it from others.
func (r *Room) join(ctx context.Context, tx *store.Tx, g, to ids.Patient) (int, error) {
	var into *string
	if to != g {
		s := string(to)
		into = &s
	}
	n, err := tx.Exec(ctx, `UPDATE patient SET merged_into = $2, changed_at = $3
		WHERE id = $1 AND COALESCE(merged_into, '') <> COALESCE(CAST($2 AS TEXT), '')`, g, into, store.Time(tx.Now))
	if err != nil || n == 0 {
		return 0, err
	}
	if _, err := tx.Exec(ctx, `UPDATE patient_number SET person_id = $2 WHERE patient_id = $1`, g, to); err != nil {
		return 0, err
	}
	return 1, r.pairAgain(ctx, tx, to)
}

// follow finds the records that open links name, as far as they have come in,
// and joins what belongs together. aliases are names from this import's bundles.
func (r *Room) follow(ctx context.Context, d access.Duty, aliases map[string]ids.Patient, rep *Report) error {
	var open []link
	err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
		all, err := store.List(ctx, tx, scanLink, `SELECT patient_id, kind, target, target_id FROM patient_link WHERE target_id IS NULL ORDER BY patient_id, kind, target`)
		if err != nil {
			return err
		}
		for _, l := range all {
			if l.to, err = r.resolve(ctx, tx, l, aliases); err != nil {
				return err
			}
			if l.to != "" && l.to != l.from {
				open = append(open, l)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, l := range open {
		joined := 0
		err := r.DB.Change(ctx, d.Did(audit.PatientsMerged, string(l.from)).On(string(l.to)).With(string(l.kind)), func(tx *store.Tx) error {
			if _, err := tx.Exec(ctx, `UPDATE patient_link SET target_id = $4 WHERE patient_id = $1 AND kind = $2 AND target = $3`,
				l.from, string(l.kind), l.target, l.to); err != nil {
				return err
			}
			n, err := r.settle(ctx, tx, l.replaced())
			joined = n
			return err
		})
		if errors.Is(err, errCircle) {
			rep.refuse(Refusal{Path: "link", Key: "registry.import.circle"})
			continue
		}
		if err != nil {
			return err
		}
		rep.Merged += joined
	}
	return nil
}

// resolve finds the one record a link names, "" if there is none or several.
func (r *Room) resolve(ctx context.Context, tx *store.Tx, l link, aliases map[string]ids.Patient) (ids.Patient, error) {
	parts := strings.Split(l.target, "\x1f")
	var found []ids.Patient
	var err error
	switch {
	case parts[0] == "ref" && aliases[parts[1]] != "":
		return aliases[parts[1]], nil
	case parts[0] == "ref":
		found, err = store.List(ctx, tx, store.One[ids.Patient], `SELECT id FROM patient WHERE source_ref = $1`, parts[1])
	case parts[1] == "":
		found, err = store.List(ctx, tx, store.One[ids.Patient], `SELECT DISTINCT patient_id FROM patient_number WHERE number_index = $1`, parts[2])
	default:
		found, err = store.List(ctx, tx, store.One[ids.Patient], `SELECT patient_id FROM patient_number WHERE system = $1 AND number_index = $2`, parts[1], parts[2])
	}
	if err != nil || len(found) != 1 {
		return "", err
	}
	return found[0], nil
}
