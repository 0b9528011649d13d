package sharing

import (
	"context"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

const linkColumns = `l.id, l.account_id, l.patient_id, l.label, l.sections, l.sensitive, l.wrong, l.made_at, l.expires_at, l.ended_at, l.why,
	(SELECT COUNT(*) FROM share_opening o WHERE o.share_id = l.id)`

// scanLink reads a link as it stands at a moment, whether it was swept or not.
func scanLink(now time.Time) func(store.Row) (Link, error) {
	return func(r store.Row) (Link, error) {
		var l Link
		var sections, why string
		var made, expires, ended store.Time
		err := r.Scan(&l.ID, &l.account, &l.patient, &l.Label, &sections, &l.Sensitive, &l.Wrong, &made, &expires, &ended, &why, &l.Openings)
		l.Made, l.Expires, l.Ended = made.Std(), expires.Std(), ended.Std()
		for s := range strings.SplitSeq(sections, ",") {
			l.Sections = append(l.Sections, record.Section(s))
		}
		switch {
		case why == "owner":
			l.State = LinkEnded
		case why == "passcode":
			l.State = LinkLocked
		case why == "" && !ended.Std().IsZero():
			l.State = LinkParted
		case why == "expired" || !now.Before(l.Expires):
			l.State, l.Ended = LinkExpired, l.Expires
		default:
			l.State = LinkOpen
		}
		return l, err
	}
}

// linkRow is what is put down of a new link.
type linkRow struct {
	NewLink
	by                    access.Chart
	order                 LinkOrder
	addressHash, passHash string
	joined                bool
}

func insertLink(ctx context.Context, tx *store.Tx, l linkRow, files []sharedFile) error {
	var names []string
	for _, s := range l.order.Sections {
		names = append(names, string(s))
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO share_link (id, account_id, patient_id, address_hash, passcode_hash, label, sections, sensitive, wrong, made_at, expires_at, ended_at, why, home_id, joined)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, NULL, '', $3, $11)`,
		l.ID, l.by.Account(), l.by.Patient(), l.addressHash, l.passHash, l.order.Label, strings.Join(names, ","), l.order.Sensitive,
		store.Time(tx.Now), store.Time(l.Expires), l.joined)
	for place, f := range files {
		if err == nil {
			_, err = tx.Exec(ctx, `INSERT INTO share_file (share_id, place, content_type, jwe) VALUES ($1, $2, $3, $4)`, l.ID, place, f.ContentType, string(f.Content))
		}
	}
	return err
}

// endLink ends a link, if it has not ended yet, and erases its files.
func endLink(ctx context.Context, tx *store.Tx, id ids.Share, why string) error {
	if _, err := tx.Exec(ctx, `UPDATE share_link SET ended_at = $2, why = $3, passcode_hash = '' WHERE id = $1 AND ended_at IS NULL`, id, store.Time(tx.Now), why); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM share_file WHERE share_id = $1`, id)
	return err
}
