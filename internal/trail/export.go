package trail

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/store"
	"portico/internal/web"
)

// each is how many lines of an export are read at a time: one reading must end
// within the time any transaction has, however long the log is.
const each = 2000

// exportHeads are the columns of an export: the fields of ASTM E2147-18 section
// 7.1 and where the line stands in the sealed log. They are names for machines,
// the same in every language.
var exportHeads = []string{"id", "time_utc", "action", "meaning", "category", "outcome", "actor", "actor_id", "actor_name", "patient_id", "object", "source", "session",
	"detail", "organization", "place_in_log"}

// Export writes the lines that f finds as CSV (RFC 4180, UTF-8, newest first) when
// it is called, without holding them; safe to open in a spreadsheet. That it is
// exported is a line of the log, written before. It wants a raised session. What is added to the log
// meanwhile is not part of it.
func (t *Trail) Export(ctx context.Context, d access.Desk, f Filter) (func(io.Writer) error, error) {
	if err := d.NeedRaised(access.ReadAudit); err != nil {
		return nil, err
	}
	f.After, f.Sort, f.Up = "", ByTime, false
	if now := t.DB.Now(); f.To.IsZero() || f.To.After(now) {
		f.To = now.Add(time.Microsecond)
	}
	var q *query
	if err := t.DB.View(ctx, func(tx *store.Tx) (err error) {
		q, err = t.query(ctx, tx, f)
		return err
	}); err != nil {
		return nil, err
	}
	if err := t.read(ctx, d, q, "export"); err != nil {
		return nil, err
	}
	nobody := q.nobody
	return func(w io.Writer) error {
		out := csv.NewWriter(w)
		out.UseCRLF = true
		if err := out.Write(exportHeads); err != nil {
			return err
		}
		for more := !nobody; more; {
			lines, err := t.some(ctx, f)
			if err != nil {
				return err
			}
			if err := t.writeCSV(out, lines); err != nil {
				return err
			}
			if more = len(lines) == each; more {
				f.After = mark(ByTime, lines[each-1])
			}
		}
		out.Flush()
		return out.Error()
	}, nil
}

// some reads the next lines of an export.
func (t *Trail) some(ctx context.Context, f Filter) (lines []Line, err error) {
	err = t.DB.View(ctx, func(tx *store.Tx) error {
		q, err := t.query(ctx, tx, f)
		if err != nil {
			return err
		}
		lines, err = store.List(ctx, tx, scanFound, q.sql(f), append(q.args, each)...)
		return err
	})
	return lines, err
}

func (t *Trail) writeCSV(w *csv.Writer, lines []Line) error {
	clinic := ""
	if t.Clinic != nil {
		clinic = t.Clinic.Now().Name
	}
	for _, l := range lines {
		row := []string{string(l.ID), l.At.UTC().Format(stamp), string(l.Action), audit.Sentences[l.Action], string(groupOf(l.Action)), string(l.Outcome), string(l.Actor), l.ActorID,
			l.Name, l.Patient, l.Object, l.Source, l.Session, l.Detail, clinic, strconv.FormatInt(l.Leaf, 10)}
		if l.Leaf < 0 {
			row[len(row)-1] = ""
		}
		for i, cell := range row {
			row[i] = web.Inert(cell)
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	return nil
}
