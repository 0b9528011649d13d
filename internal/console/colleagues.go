package console

import (
	"context"

	"portico/internal/enroll"
	"portico/internal/ids"
	"portico/internal/store"
)

// colleagues finds the names of the staff in a log. The staff table is shared
// for reading.
func (c *Console) colleagues(ctx context.Context, log []enroll.LogLine) (map[ids.Staff]string, error) {
	out := map[ids.Staff]string{}
	var args []any
	for _, l := range log {
		if _, seen := out[l.Staff]; !seen {
			out[l.Staff] = string(l.Staff)
			args = append(args, string(l.Staff))
		}
	}
	if len(args) == 0 {
		return out, nil
	}
	err := c.DB.View(ctx, func(tx *store.Tx) error {
		_, err := store.List(ctx, tx, func(row store.Row) (struct{}, error) {
			var id ids.Staff
			var name string
			err := row.Scan(&id, &name)
			out[id] = name
			return struct{}{}, err
		}, `SELECT id, name FROM staff WHERE id IN (`+store.In(1, len(args))+`)`, args...)
		return err
	})
	return out, err
}
