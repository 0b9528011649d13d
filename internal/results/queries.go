package results

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/store"
)

// markSeen keeps when the chart's account opened results.
func markSeen(ctx context.Context, tx *store.Tx, c access.Chart, of []ids.Resource) error {
	for len(of) > 0 {
		n := min(len(of), 100)
		args := []any{string(c.Account()), string(c.Patient()), store.Time(tx.Now)}
		values := ""
		for i, id := range of[:n] {
			if i > 0 {
				values += ", "
			}
			args = append(args, string(id))
			values += `(` + store.In(4+i, 1) + `, $1, $2, $3, $3)`
		}
		if _, err := tx.Exec(ctx, `INSERT INTO result_seen (resource_id, account_id, patient_id, first_at, last_at) VALUES `+values+`
			ON CONFLICT (resource_id, account_id) DO UPDATE SET last_at = excluded.last_at`, args...); err != nil {
			return err
		}
		of = of[n:]
	}
	return nil
}

// seenAt gives when the chart's account last opened results; those it never
// opened are left out.
func seenAt(ctx context.Context, tx *store.Tx, c access.Chart, of []ids.Resource) (map[ids.Resource]time.Time, error) {
	out := map[ids.Resource]time.Time{}
	args := []any{string(c.Account())}
	for _, id := range of {
		args = append(args, string(id))
	}
	_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var id ids.Resource
		var at store.Time
		err := r.Scan(&id, &at)
		out[id] = at.Std()
		return struct{}{}, err
	}, `SELECT resource_id, last_at FROM result_seen WHERE account_id = $1 AND resource_id IN (`+store.In(2, len(of))+`)`, args...)
	return out, err
}

// unreadIn tells which reports and panels have something in them that the chart's
// account may see and has opened neither by itself nor with them since it opened
// or changed.
func unreadIn(ctx context.Context, tx *store.Tx, c access.Chart, of []ids.Resource) (map[ids.Resource]bool, error) {
	out := map[ids.Resource]bool{}
	if len(of) == 0 {
		return out, nil
	}
	args := []any{string(c.Patient()), string(c.Account()), store.Time(tx.Now)}
	for _, id := range of {
		args = append(args, string(id))
	}
	list, err := store.List(ctx, tx, store.One[string], `
		SELECT DISTINCT m.parent_id FROM record_row m
		WHERE m.patient_id = $1 AND NOT m.gone AND m.release_at <= $3 AND m.parent_id IN (`+store.In(4, len(of))+`)
			AND NOT EXISTS (SELECT 1 FROM result_seen v WHERE v.resource_id IN (m.resource_id, m.parent_id) AND v.account_id = $2
				AND v.last_at >= m.release_at AND v.last_at >= m.changed_at)`, args...)
	for _, id := range list {
		out[ids.Resource(id)] = true
	}
	return out, err
}

// shownIn tells which sensitive results the person chose to see in this session.
func shownIn(ctx context.Context, tx *store.Tx, c access.Chart) (map[ids.Resource]bool, error) {
	out := map[ids.Resource]bool{}
	list, err := store.List(ctx, tx, store.One[string], `SELECT resource_id FROM result_shown WHERE session_id = $1 AND patient_id = $2`, c.Session(), c.Patient())
	for _, id := range list {
		out[ids.Resource(id)] = true
	}
	return out, err
}

func insertShown(ctx context.Context, tx *store.Tx, c access.Chart, id ids.Resource) error {
	if _, err := tx.Exec(ctx, `DELETE FROM result_shown WHERE patient_id = $1 AND shown_at < $2`, c.Patient(), store.Time(tx.Now.Add(-access.Absolute))); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `INSERT INTO result_shown (session_id, resource_id, patient_id, shown_at) VALUES ($1, $2, $3, $4) ON CONFLICT (session_id, resource_id) DO NOTHING`,
		c.Session(), id, c.Patient(), store.Time(tx.Now))
	return err
}
