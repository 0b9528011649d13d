package registry

import (
	"cmp"
	"context"
	"slices"

	"portico/internal/ids"
	"portico/internal/store"
)

const (
	// most is how many candidates are shown; nobody compares more by eye.
	most = 10
	// least is the score from which somebody is worth showing.
	least = 20
	// perKey bounds how many records one key brings up to be compared. A birth
	// date has about four among 100,000 people, Maria Garcia some dozens.
	perKey = 250
)

// Candidates lists who may be behind details, best first, at most ten. Only
// people who share a birth date (or one with day and month swapped), a contact,
// the number, or the sound of family and given name are compared, so that the
// cost does not grow with the index.
func (r *Room) Candidates(ctx context.Context, tx *store.Tx, d Details) ([]Match, error) {
	q := ask(d, r.Region, tx.Now)
	found, err := r.block(ctx, tx, q)
	if err != nil {
		return nil, err
	}
	var out []Match
	for chunk := range slices.Chunk(found, 128) {
		all, err := r.people(ctx, tx, chunk)
		if err != nil {
			return nil, err
		}
		for _, p := range all {
			if m := q.compare(p); m.Score >= least {
				out = append(out, m)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Match) int { return cmp.Compare(b.Score, a.Score) })
	out = out[:min(most, len(out))]
	warnDoubles(out)
	return out, nil
}

// warnDoubles tells of each candidate that another has the same family name and
// birth date: twins, or one person twice in the index.
func warnDoubles(all []Match) {
	for i := range all {
		for k := range all {
			if i != k && twins(all[i].Patient, all[k].Patient) {
				all[i].Reasons = append(all[i].Reasons, Reason{"person", Warns, "registry.match.double", nil})
				break
			}
		}
	}
}

// block finds the people worth comparing.
func (r *Room) block(ctx context.Context, tx *store.Tx, q question) ([]ids.Patient, error) {
	var found []ids.Patient
	look := func(query string, values []string) error {
		if len(values) == 0 {
			return nil
		}
		values = padded(values)
		a := append(args(values), perKey)
		some, err := store.List(ctx, tx, store.One[ids.Patient], query+store.In(1, len(values))+`) LIMIT $`+itoa(len(values)+1), a...)
		found = append(found, some...)
		return err
	}
	var births, contacts, numbers, sounds []string
	for _, b := range []string{q.birth, swapped(q.birth)} {
		if b != "" {
			births = append(births, b)
		}
	}
	for _, c := range []string{q.email, q.phone} {
		if c != "" {
			contacts = append(contacts, r.Keys.Indexes(indexContact, c)...)
		}
	}
	if q.number != "" {
		numbers = r.Keys.Indexes(indexNumber, q.number)
	}
	for _, n := range q.names {
		sounds = append(sounds, soundKeys(n)...)
		sounds = append(sounds, soundKeys(normal{given: n.family, family: n.given})...)
	}
	for _, l := range []struct {
		query  string
		values []string
	}{
		{`SELECT id FROM patient WHERE birth_date IN (`, births},
		{`SELECT patient_id FROM patient_contact WHERE ended_at IS NULL AND value_index IN (`, contacts},
		{`SELECT patient_id FROM patient_number WHERE number_index IN (`, numbers},
		{`SELECT patient_id FROM patient_key WHERE sound IN (`, sounds[:min(len(sounds), 32)]},
	} {
		if err := look(l.query, l.values); err != nil {
			return nil, err
		}
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}
