package registry

import (
	"context"
	"errors"
	"slices"
	"time"

	"portico/internal/ids"
	"portico/internal/store"
)

// errRaced means that another import wrote the same record meanwhile; the batch
// is done again and then finds it.
var errRaced = errors.New("another import wrote this record meanwhile")

// known is a record of the index as an import needs it.
type known struct {
	id     ids.Patient
	merged ids.Patient
	birth  string
	hash   string
	sent   time.Time
	sole   string
}

const knownColumns = `p.id, p.merged_into, p.birth_date, p.content_hash, p.sent_at, p.sole_ref`

func scanKnown(row store.Row) (known, error) {
	var k known
	var merged, sole *string
	var sent store.Time
	err := row.Scan(&k.id, &merged, &k.birth, &k.hash, &sent, &sole)
	if merged != nil {
		k.merged = ids.Patient(*merged)
	}
	if sole != nil {
		k.sole = *sole
	}
	k.sent = sent.Std()
	return k, err
}

// find looks for the record that an incoming one is a new state of: by its
// numbers in use, or by its sender's identifier if it has none. found is false
// for a new record.
func (r *Room) find(ctx context.Context, tx *store.Tx, in ready) (k known, found bool, bad *Refusal, err error) {
	var hits []known
	for _, n := range in.numbers {
		if n.Usage != Current {
			continue
		}
		some, err := byNumber(ctx, tx, n)
		if err != nil {
			return known{}, false, nil, err
		}
		for _, h := range some {
			if !slices.ContainsFunc(hits, func(o known) bool { return o.id == h.id }) {
				hits = append(hits, h)
			}
		}
	}
	if len(hits) == 0 && in.in.Ref != "" {
		if hits, err = r.byRef(ctx, tx, in); err != nil {
			return known{}, false, nil, err
		}
	}
	refuse := func(key string) *Refusal {
		return &Refusal{File: in.in.File, Line: in.in.Line, Entry: in.in.Entry, Path: "identifier", Key: key}
	}
	switch len(hits) {
	case 0:
		return known{}, false, nil, nil
	case 1:
	default:
		return known{}, false, refuse("registry.import.several"), nil
	}
	stranger, err := r.stranger(ctx, tx, hits[0], in.in)
	if err != nil || stranger {
		return known{}, false, refuse("registry.import.other_person"), err
	}
	return hits[0], true, nil, nil
}

// byNumber finds the record with a number from the same system; a number without
// a system, as spreadsheets have it, is taken for the same in any.
func byNumber(ctx context.Context, tx *store.Tx, n readyNumber) ([]known, error) {
	type hit struct {
		known
		system string
	}
	hits, err := store.List(ctx, tx, func(row store.Row) (h hit, err error) {
		var merged, sole *string
		var sent store.Time
		err = row.Scan(&h.id, &merged, &h.birth, &h.hash, &sent, &sole, &h.system)
		if merged != nil {
			h.merged = ids.Patient(*merged)
		}
		if sole != nil {
			h.sole = *sole
		}
		h.sent = sent.Std()
		return h, err
	}, `
		SELECT `+knownColumns+`, n.system
		FROM patient_number n JOIN patient p ON p.id = n.patient_id
		WHERE n.number_index IN (`+store.In(1, len(n.indexes))+`) AND n.usage = 'current'
		ORDER BY p.id`, args(n.indexes)...)
	if err != nil {
		return nil, err
	}
	var same, loose []known
	for _, h := range hits {
		switch {
		case h.system == n.System:
			same = append(same, h.known)
		case h.system == "" || n.System == "":
			loose = append(loose, h.known)
		}
	}
	if len(same) > 0 {
		return same, nil
	}
	return loose, nil
}

// refQuery repeats the condition of its partial index: without it a parameter
// proves nothing, and each record that comes in would read the whole table.
func refQuery(n int) string {
	return `SELECT ` + knownColumns + ` FROM patient p WHERE p.source_ref IN (` + store.In(1, n) + `) AND p.source_ref <> '' ORDER BY p.id`
}

// byRef finds a record by its sender's identifier. That of a record with numbers
// is only believed when the birth date agrees: two senders may both have a
// patient 1.
func (r *Room) byRef(ctx context.Context, tx *store.Tx, in ready) ([]known, error) {
	refs := r.refs(in.in)
	hits, err := store.List(ctx, tx, scanKnown, refQuery(len(refs)), args(refs)...)
	if err != nil {
		return nil, err
	}
	current := slices.ContainsFunc(in.numbers, func(n readyNumber) bool { return n.Usage == Current })
	return slices.DeleteFunc(hits, func(k known) bool {
		if k.sole != "" && !current {
			return false
		}
		return k.birth != in.in.Birth || current && k.sole == ""
	}), nil
}

// stranger tells whether an incoming record differs from the known one in birth
// date and name at once: then the number was given to somebody else, or is wrong.
func (r *Room) stranger(ctx context.Context, tx *store.Tx, k known, in Incoming) (bool, error) {
	if in.Birth == "" || k.birth == "" || fitBirth(in.Birth, k.birth) != birthApart {
		return false, nil
	}
	names, err := store.List(ctx, tx, scanName, `SELECT patient_id, usage, given, family, suffix FROM patient_name WHERE patient_id = $1 ORDER BY place`, k.id)
	if err != nil {
		return false, err
	}
	for _, have := range names {
		for _, n := range in.Names {
			if f := fitName(normalise(n), normalise(have.Name)); f.given >= near && f.family >= near {
				return false, nil
			}
		}
	}
	return true, nil
}

// nameRow is a name with the record it belongs to.
type nameRow struct {
	patient ids.Patient
	Name
}

func scanName(row store.Row) (n nameRow, err error) {
	err = row.Scan(&n.patient, &n.Usage, &n.Given, &n.Family, &n.Suffix)
	return n, err
}
