package registry

import (
	"context"
	"iter"
	"slices"

	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
)

// Room is the patient index.
type Room struct {
	DB       *store.DB
	Keys     *secret.Keyring
	Region   string   // where phone numbers without a country are dialled, "US"
	Follower Follower // nil where nothing follows records
}

// Follower is told whom a record stands for from now on, in the transaction that
// joins it to another or parts it again: person is the record that took its
// place, or the record itself.
type Follower interface {
	Follow(ctx context.Context, tx *store.Tx, record, person ids.Patient) error
}

// Places and purposes under which this room seals fields and makes blind
// indexes. They are part of what is stored: never change one.
const (
	sealNumber  = "patient_number.sealed"
	sealContact = "patient_contact.sealed"
	sealAddress = "patient_address.sealed"
	sealFault   = "import_fault.sealed"

	indexNumber  = "patient.number"
	indexPair    = "patient.number+birth"
	indexContact = "patient.contact"
	indexContent = "patient.content"
	indexSpread  = "patient.spreadsheet"
	indexFile    = "import.file"
	indexFault   = "import.fault"
)

// pair is what a number and a birth date are indexed by together.
func pair(number, birth string) string { return number + "\x1f" + birth }

// pairIndex is "" where there is no birth date: nothing leads to such a record.
func (r *Room) pairIndex(number, birth string) string {
	if birth == "" {
		return ""
	}
	return r.Keys.Index(indexPair, pair(number, birth))
}

// args turns strings into arguments of a query.
func args(in []string) []any {
	out := make([]any, len(in))
	for i, s := range in {
		out[i] = s
	}
	return out
}

// several gives people as arguments of an IN list, at most 256 at a time. Lists
// of few lengths make few different statements.
func several(people []ids.Patient) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for part := range slices.Chunk(people, 256) {
			list := make([]string, len(part))
			for i, p := range part {
				list[i] = string(p)
			}
			if !yield(args(padded(list))) {
				return
			}
		}
	}
}

// padded repeats the last value until the list has a length of which there are
// few, so that IN lists make few different statements.
func padded(in []string) []string {
	n := 1
	for n < len(in) {
		n *= 2
	}
	for len(in) > 0 && len(in) < n {
		in = append(in[:len(in):len(in)], in[len(in)-1])
	}
	return in
}
