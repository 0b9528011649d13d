package web

import (
	"context"

	"portico/internal/access"
)

// Rail gives the numbers of waiting work beside places of the staff's rail, by
// their paths; nil for none.
type Rail func(context.Context, access.Desk) (map[string]int, error)

// Beside puts the numbers on the pages that h gives.
func (r Rail) Beside(h StaffFunc) StaffFunc {
	if r == nil {
		return h
	}
	return func(q *Request, d access.Desk) (Reply, error) {
		counts, err := r(q.Context(), d)
		if err != nil {
			return Reply{}, err
		}
		q.Counts(counts)
		return h(q, d)
	}
}
