package sharing

import (
	"context"

	"portico/internal/ids"
	"portico/internal/store"
)

// Recipients gives, for links of a patient's record, who said they opened each
// last. The name is what they typed; nobody checked it.
func (l *Links) Recipients(ctx context.Context, tx *store.Tx, p ids.Patient, of []ids.Share) (map[ids.Share]string, error) {
	out := map[ids.Share]string{}
	if len(of) == 0 {
		return out, nil
	}
	args := []any{string(p)}
	for _, id := range of {
		args = append(args, string(id))
	}
	_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var id ids.Share
		var name string
		err := r.Scan(&id, &name)
		out[id] = name // in order of time: the last one stays
		return struct{}{}, err
	}, `
		SELECT o.share_id, o.recipient FROM share_opening o JOIN share_link l ON l.id = o.share_id
		WHERE l.patient_id = $1 AND o.share_id IN (`+store.In(2, len(of))+`)
		ORDER BY o.opened_at, o.id`, args...)
	return out, err
}
