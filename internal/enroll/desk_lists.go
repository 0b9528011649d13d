package enroll

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/store"
)

// soon is how long before its end a code that nobody has used yet is worth a
// call: a letter takes that long to be written again.
const soon = 3 * 24 * time.Hour

// endingSoon are live codes on paper or by e-mail that end within soon. A code
// read out lives ten minutes and is no news.
const endingSoon = ` state IN ('issued', 'opened') AND channel NOT IN ('phone', 'text') AND expires_at > $1 AND expires_at <= $2`

// Expiring lists codes that end within three days, the first to end first.
func (e *Room) Expiring(ctx context.Context, d access.Desk, after string) (CodeList, error) {
	if err := d.Need(access.IssueCodes); err != nil {
		return CodeList{}, err
	}
	out := CodeList{Counts: map[State]int{}}
	err := e.DB.View(ctx, func(tx *store.Tx) error {
		m := mark{time.Unix(0, 0), ""}
		if after != "" {
			m = parseMark(after)
		}
		rows, err := store.List(ctx, tx, scanRow, `SELECT `+rowColumns+` FROM activation_code
			WHERE `+endingSoon+` AND (expires_at > $3 OR (expires_at = $3 AND id > $4)) ORDER BY expires_at, id LIMIT $5`,
			store.Time(tx.Now), store.Time(tx.Now.Add(soon)), store.Time(m.at), m.id, pageSize+1)
		if err != nil {
			return err
		}
		if len(rows) > pageSize {
			rows = rows[:pageSize]
			out.Next = mark{rows[pageSize-1].Expires, string(rows[pageSize-1].ID)}.String()
		}
		out.Rows = rows
		return e.countCodes(ctx, tx, CodeFilter{}, out.Counts)
	})
	return out, err
}

// CountExpiring counts what Expiring lists.
func (e *Room) CountExpiring(ctx context.Context, d access.Desk) (n int, err error) {
	if err := d.Need(access.IssueCodes); err != nil {
		return 0, err
	}
	err = e.DB.View(ctx, func(tx *store.Tx) error {
		n, err = store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM activation_code WHERE `+endingSoon, store.Time(tx.Now), store.Time(tx.Now.Add(soon)))
		return err
	})
	return n, err
}

// TabMine is the view of requests the person at the desk has worked on.
const TabMine Tab = "mine"

// Mine lists requests that are not closed and on which the desk's own person
// has done something, oldest first.
func (e *Room) Mine(ctx context.Context, d access.Desk, after string) (RequestList, error) {
	if err := d.Need(access.ReviewRequests); err != nil {
		return RequestList{}, err
	}
	out := RequestList{Counts: map[Tab]int{}}
	err := e.DB.View(ctx, func(tx *store.Tx) error {
		m := mark{time.Unix(0, 0), ""}
		if after != "" {
			m = parseMark(after)
		}
		rows, err := store.List(ctx, tx, e.scanRequest, `SELECT `+requestColumns+` FROM identity_request
			WHERE state IN ('open', 'asked', 'calling') AND id IN (SELECT n.request_id FROM request_note n WHERE n.staff_id = $1)
			  AND (came_at > $2 OR (came_at = $2 AND id > $3)) ORDER BY came_at, id LIMIT $4`,
			d.Staff(), store.Time(m.at), m.id, pageSize+1)
		if err != nil {
			return err
		}
		if len(rows) > pageSize {
			rows = rows[:pageSize]
			out.Next = mark{rows[pageSize-1].Came, string(rows[pageSize-1].ID)}.String()
		}
		for _, r := range rows {
			out.Rows = append(out.Rows, r.row())
		}
		return countTabs(ctx, tx, out.Counts)
	})
	return out, err
}
