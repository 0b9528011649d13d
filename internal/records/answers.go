package records

import (
	"context"
	"strconv"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/store"
)

// run is one answer to a question that was asked again and again: "Never smoked" at
// each visit of eleven years is one thing to read, not eleven.
type run struct {
	Times int
	First fhir.When
}

// mostAnswers bounds what is read of a social history.
const mostAnswers = 1000

// answers lists the social history by answer: the newest time one was given stands for
// those before it, until the answer was another. A page begins at the nth line.
func (s *Records) answers(ctx context.Context, c access.Chart, after string) (f Found, err error) {
	if err := c.Need(access.SeeRecords); err != nil {
		return f, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		all, _, err := record.List(ctx, tx, c, record.Query{Section: record.Social, Limit: mostAnswers})
		if err != nil {
			return err
		}
		f.Rows, f.runs = folded(all)
		from, _ := strconv.Atoi(after) // no number is the first page
		from = max(0, min(from, len(f.Rows)))
		to := min(from+perPage, len(f.Rows))
		if to < len(f.Rows) {
			f.Next = strconv.Itoa(to)
		}
		f.Rows = f.Rows[from:to]
		f.Parts, err = record.Parts(ctx, tx, c, measured(f.Rows)...)
		return err
	})
	return f, err
}

// question is what an answer is to, "" for what no code names: it is never folded.
func question(r record.Row) string {
	if r.Code == "" || r.Kind != "Observation" || r.Held {
		return ""
	}
	return r.System + "|" + r.Code
}

// folded leaves of rows, newest first, one for each answer in a row to a question.
func folded(all []record.Row) (rows []record.Row, runs map[ids.Resource]run) {
	runs = map[ids.Resource]run{}
	last := map[string]record.Row{} // of the lines so far, by question
	for _, r := range all {
		q := question(r)
		if to, ok := last[q]; ok && q != "" && alike(to, r) {
			n := runs[to.ID]
			runs[to.ID] = run{max(n.Times, 1) + 1, r.At}
			continue
		}
		last[q] = r
		rows = append(rows, r)
	}
	return rows, runs
}

// alike tells whether two answers to one question say the same. One whose value is in
// many parts, or was not sent, is read by itself.
func alike(a, b record.Row) bool {
	return a.Value != "" && a.Title == b.Title && a.Value == b.Value && a.Comparator == b.Comparator && a.Unit == b.Unit && a.Status == b.Status
}

// again says how often an answer was given, "" for once.
func (n run) again(s page.Shell) string {
	if n.Times < 2 {
		return ""
	}
	if first := s.TheDay(n.First); first != "" {
		return s.T("records.again.since", n.Times, first)
	}
	return s.T("records.again", n.Times)
}

// repeated tells whether the question of an answer was asked more than once, or
// something measured again.
func repeated(ctx context.Context, tx *store.Tx, who access.Reading, r record.Row) (bool, error) {
	if r.Section != record.Social && r.Section != record.Vitals || question(r) == "" {
		return false, nil
	}
	all, _, err := record.List(ctx, tx, who, record.Query{Section: r.Section, Code: r.Code, Limit: 2})
	return len(all) > 1, err
}

// Like lists each time the question of an entry of the social history was answered,
// newest first. NotFound as for Open, and for an entry that answers none.
func (s *Records) Like(ctx context.Context, c access.Chart, id ids.Resource, after string) (f Found, err error) {
	if err := c.Need(access.SeeRecords); err != nil {
		return f, err
	}
	var r record.Row
	err = s.DB.View(ctx, func(tx *store.Tx) (err error) {
		if r, err = record.One(ctx, tx, c, id); err == nil && (r.Section != record.Social || question(r) == "") {
			err = fault.Missing()
		}
		return err
	})
	if err != nil {
		return f, err
	}
	return s.list(ctx, c, record.Query{Section: record.Social, Code: r.Code, After: after})
}
