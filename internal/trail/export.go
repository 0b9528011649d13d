package trail

import (
	"context"
	"strconv"
	"strings"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/store"
	"portico/internal/web"
)

// mostExported bounds one export. Nothing is cut off silently: beyond it the
// auditor is asked for a shorter time.
const mostExported = 50_000

// exportHeads are the columns of an export. They are names for machines, the
// same in every language.
var exportHeads = []string{"id", "time_utc", "action", "meaning", "outcome", "actor", "actor_id", "actor_name", "patient_id", "object", "source", "session", "detail", "place_in_log"}

// Export gives the lines that f finds as CSV (RFC 4180, UTF-8, newest first), safe
// to open in a spreadsheet. That it was exported is a line of the log itself.
func (t *Trail) Export(ctx context.Context, d access.Desk, f Filter) ([]byte, error) {
	if err := d.Need(access.ReadAudit); err != nil {
		return nil, err
	}
	var lines []Line
	f.After = ""
	read := func(tx *store.Tx) error {
		q, err := t.query(ctx, tx, f)
		if err != nil || q.nobody {
			return err
		}
		lines, err = store.List(ctx, tx, scanFound, q.sql(mostExported+1), q.args...)
		return err
	}
	if err := t.DB.View(ctx, read); err != nil {
		return nil, err
	}
	if len(lines) > mostExported {
		return nil, fault.Bad("from", "trail.bad.many", mostExported)
	}
	b, err := asCSV(lines)
	if err != nil {
		return nil, err
	}
	e := d.Did(audit.LogRead, "").With("export")
	if strings.HasPrefix(f.Whom, "pat_") {
		e = e.On(f.Whom)
	}
	return b, t.DB.Change(ctx, e, func(*store.Tx) error { return nil })
}

func asCSV(lines []Line) ([]byte, error) {
	var rows [][]string
	for _, l := range lines {
		row := []string{string(l.ID), l.At.UTC().Format(stamp), string(l.Action), audit.Sentences[l.Action], string(l.Outcome), string(l.Actor), l.ActorID,
			l.Name, l.Patient, l.Object, l.Source, l.Session, l.Detail, strconv.FormatInt(l.Leaf, 10)}
		if l.Leaf < 0 {
			row[len(row)-1] = ""
		}
		rows = append(rows, row)
	}
	return web.Sheet(exportHeads, rows)
}
