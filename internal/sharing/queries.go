package sharing

import (
	"context"
	"strings"
	"time"

	"portico/internal/record"
	"portico/internal/store"
)

const columns = `id, account_id, patient_id, format, lang, sections, from_day, to_day, sensitive, state, parts, done, missing, size, build, asked_at, expires_at`

// scanDownload reads a download as it stands at a moment: a file whose time is
// over is gone, whether it was swept or not.
func scanDownload(now time.Time) func(store.Row) (Download, error) {
	return func(r store.Row) (Download, error) {
		var d Download
		var sections, missing string
		var asked, expires store.Time
		err := r.Scan(&d.ID, &d.account, &d.patient, &d.Order.Format, &d.Order.Lang, &sections, &d.Order.From, &d.Order.To, &d.Order.Sensitive,
			&d.State, &d.Parts, &d.Done, &missing, &d.Size, &d.build, &asked, &expires)
		d.Asked, d.Expires, d.Gaps, d.Order.Name = asked.Std(), expires.Std(), readGaps(missing), string(d.ID)
		for s := range strings.SplitSeq(sections, ",") {
			d.Order.Sections = append(d.Order.Sections, record.Section(s))
		}
		if d.State == Ready && !now.Before(d.Expires) {
			d.State = Expired
		}
		return d, err
	}
}

func insert(ctx context.Context, tx *store.Tx, d Download) error {
	var names []string
	for _, s := range d.Order.Sections {
		names = append(names, string(s))
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO download (id, account_id, patient_id, format, lang, sections, from_day, to_day, sensitive, state, parts, done, missing, size, build, tries, asked_at, expires_at, home_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'making', $10, 0, '', 0, '', 0, $11, $12, $3)`,
		d.ID, d.account, d.patient, string(d.Order.Format), string(d.Order.Lang), strings.Join(names, ","), d.Order.From, d.Order.To, d.Order.Sensitive,
		len(names), store.Time(tx.Now), store.Time(tx.Now.Add(kept)))
	return err
}

// writeGaps writes gaps as "notes:noplace,claims:broken".
func writeGaps(gaps []Gap) string {
	var out []string
	for _, g := range gaps {
		out = append(out, string(g.Section)+":"+string(g.Why))
	}
	return strings.Join(out, ",")
}

func readGaps(text string) []Gap {
	var out []Gap
	for one := range strings.SplitSeq(text, ",") {
		if section, why, ok := strings.Cut(one, ":"); ok {
			out = append(out, Gap{record.Section(section), Why(why)})
		}
	}
	return out
}
