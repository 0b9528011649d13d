package record

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/store"
)

// WithReport is why a document opens when it does, where its own rule would open it
// before the report that says the same.
const WithReport = "with_report"

// repeats is the element of a link that no document writes: from a document to the
// report whose text it holds too. US Core wants such a text in a chart twice, as a
// DiagnosticReport and as a DocumentReference
// (hl7.org/fhir/us/core/STU6.1/clinical-notes.html); what is held as a report must not
// be open as a note.
const repeats = "repeats"

// grace is how long after it came a document may still wait for a report that came
// later: an import takes a chart in by many batches.
const grace = time.Hour

// paper is a report or a document of a batch, and what its files say.
type paper struct {
	id      ids.Resource
	patient ids.Patient
	report  bool
	says    [][sha256.Size]byte
}

// note keeps of a report or document what is needed to see that another says the same.
func (t *taking) note(in *incoming) {
	report := in.in.Type == "DiagnosticReport"
	if in.patient == "" || !report && in.in.Type != "DocumentReference" {
		return
	}
	t.papers = append(t.papers, paper{id: in.id, patient: in.patient, report: report, says: saidBy(in.node)})
}

// saidBy names what the files of a report or document say: their bytes, or where they are.
func saidBy(n fhir.Node) (says [][sha256.Size]byte) {
	for _, path := range attachments {
		for _, a := range at(n, path) {
			if data := strings.Join(strings.Fields(a.Get("data").Long()), ""); data != "" {
				says = append(says, sha256.Sum256([]byte(data)))
			} else if url := a.Get("url").Text(); url != "" {
				says = append(says, sha256.Sum256([]byte(url)))
			}
		}
	}
	return says
}

// abide links documents of a batch to the reports they repeat, and lets them open no
// earlier. What the patient could see before the batch stays visible.
func (t *taking) abide(ctx context.Context) error {
	var people []ids.Patient
	for _, p := range t.papers {
		if !slices.Contains(people, p.patient) {
			people = append(people, p.patient)
		}
	}
	for _, p := range people {
		others, err := t.others(ctx, p)
		if err == nil {
			err = t.tx.Insert(ctx, linkInsert, alike(p, append(others, t.papers...)), linkOnce)
		}
		if err == nil {
			err = linkByName(ctx, t.tx, p)
		}
		if err != nil {
			return err
		}
		moved, err := settle(ctx, t.tx, p, func(d copied) bool {
			if k, ours := t.known[d.id]; ours {
				return k.was == nil || k.was.At.After(t.tx.Now)
			}
			return d.was.At.After(t.tx.Now) || t.tx.Now.Sub(d.received) < grace
		})
		if err != nil {
			return err
		}
		for i, a := range t.arrived {
			if r, ok := moved[a.Row.ID]; ok {
				t.arrived[i].Row.ReleaseAt, t.arrived[i].Row.ReleaseWhy, t.arrived[i].Row.Sensitive = r.At, r.Why, r.Sensitive
			}
		}
	}
	return nil
}

const (
	linkInsert = `INSERT INTO resource_link (from_id, element, to_id, place, patient_id) VALUES `
	linkOnce   = ` ON CONFLICT (from_id, element, place) DO NOTHING`
)

// mostOthers bounds what is read again of a chart that comes in by many batches.
const mostOthers = 300

// others are papers of earlier batches that ones of this may repeat: reports that are
// held, and documents that have just come.
func (t *taking) others(ctx context.Context, p ids.Patient) ([]paper, error) {
	return store.List(ctx, t.tx, func(in store.Row) (o paper, err error) {
		var kind, body string
		err = in.Scan(&o.id, &kind, &body)
		o.patient, o.report, o.says = p, kind == "DiagnosticReport", saidBy(fhir.Parse([]byte(body)))
		return o, err
	}, `
		SELECT r.resource_id, r.kind, d.body FROM (
			SELECT resource_id, kind, received_at FROM record_row WHERE patient_id = $1 AND release_at > $2 AND kind = 'DiagnosticReport' AND NOT gone
			UNION ALL SELECT resource_id, kind, received_at FROM record_row
				WHERE patient_id = $1 AND section = $3 AND kind = 'DocumentReference' AND received_at > $4 AND received_at < $2 AND NOT gone) r
			JOIN resource d ON d.id = r.resource_id
		ORDER BY r.received_at DESC, r.resource_id LIMIT $5`, p, store.Time(t.tx.Now), string(Notes), store.Time(t.tx.Now.Add(-grace)), mostOthers)
}

// alike are links between a patient's documents and reports with the same file.
func alike(p ids.Patient, papers []paper) (links [][]any) {
	for _, d := range papers {
		place := 0
		for _, r := range papers {
			if !d.report && r.report && r.patient == p && d.patient == p && d.id != r.id && slices.ContainsFunc(d.says, func(s [sha256.Size]byte) bool { return slices.Contains(r.says, s) }) {
				place++ // 0 is for the one it names
				links = append(links, []any{string(d.id), repeats, string(r.id), place, string(d.patient)})
			}
		}
	}
	return links
}

// linkByName links documents that bear the identifier of a report of their sender.
func linkByName(ctx context.Context, tx *store.Tx, p ids.Patient) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO resource_link (from_id, element, to_id, place, patient_id)
		SELECT t.resource_id, '`+repeats+`', MIN(r.resource_id), 0, t.patient_id
		FROM resource_token t JOIN record_row d ON d.resource_id = t.resource_id AND d.kind = 'DocumentReference'
			JOIN resource_name n ON n.name IN (d.source || '|' || t.code, d.source || '|DiagnosticReport/' || SUBSTR(t.code, 10))
			JOIN record_row r ON r.resource_id = n.resource_id AND r.kind = 'DiagnosticReport' AND r.patient_id = t.patient_id
		WHERE t.patient_id = $1 AND t.param = 'identifier' AND t.code LIKE 'urn:uuid:%'
		GROUP BY t.resource_id, t.patient_id`+linkOnce, p)
	return err
}

// copied is a document that repeats a report.
type copied struct {
	id, report ids.Resource
	was        Release
	received   time.Time
}

// Abide lets documents that repeat one of these reports, or something in them, open
// with it. Staff who hold a report take its text back too. Only the room that owns the
// rules calls it, in the transaction of its decision.
func Abide(ctx context.Context, tx *store.Tx, who access.Opened, changed ...ids.Resource) error {
	_, err := settle(ctx, tx, who.Patient(), func(copied) bool { return true }, changed...)
	return err
}

// settle moves the release of a patient's documents to that of the reports they repeat:
// later where may allows, and earlier again where they waited for the report alone. It
// looks at reports with something changed in them, or at all.
func settle(ctx context.Context, tx *store.Tx, p ids.Patient, may func(copied) bool, changed ...ids.Resource) (map[ids.Resource]Release, error) {
	docs, err := store.List(ctx, tx, func(in store.Row) (d copied, err error) {
		err = in.Scan(&d.id, &d.report, (*store.Time)(&d.was.At), &d.was.Why, &d.was.Sensitive, (*store.Time)(&d.received))
		return d, err
	}, `
		SELECT d.resource_id, r.resource_id, d.release_at, d.release_why, d.sensitive, d.received_at
		FROM record_row d JOIN resource_link l ON l.from_id = d.resource_id AND l.element IN ('`+repeats+`', 'context.related')
			JOIN record_row r ON r.resource_id = l.to_id AND r.kind = 'DiagnosticReport' AND r.patient_id = $1 AND NOT r.gone
		WHERE d.patient_id = $1 AND d.section = $2 AND d.kind = 'DocumentReference'
		ORDER BY d.resource_id, r.resource_id`, p, string(Notes))
	if err != nil || len(docs) == 0 {
		return nil, err
	}
	due, err := dues(ctx, tx, p, docs, changed)
	if err != nil {
		return nil, err
	}
	moved := map[ids.Resource]Release{}
	for from, to := 0, 0; from < len(docs); from = to {
		all := Release{}
		touched := false
		for to = from; to < len(docs) && docs[to].id == docs[from].id; to++ {
			d := due[docs[to].report]
			touched = touched || d.touched
			all.Sensitive = all.Sensitive || d.Sensitive
			if d.At.After(all.At) {
				all.At = d.At
			}
		}
		d := docs[from]
		r := d.with(all, tx.Now, may)
		if !touched || r == d.was {
			continue
		}
		moved[d.id] = r
		if _, err := tx.Exec(ctx, `UPDATE record_row SET release_at = $2, release_why = $3, sensitive = $4 WHERE resource_id = $1`, d.id, store.Time(r.At), r.Why, r.Sensitive); err != nil {
			return nil, err
		}
	}
	return moved, nil
}

// with is when a document opens beside its reports.
func (d copied) with(reports Release, now time.Time, may func(copied) bool) Release {
	r := d.was
	r.Sensitive = r.Sensitive || reports.Sensitive
	switch {
	case reports.At.After(now) && reports.At.After(r.At) && may(d):
		r.At, r.Why = reports.At, WithReport
	case r.Why == WithReport && r.At.After(now) && reports.At.Before(r.At):
		r.At = reports.At
		if r.At.Before(now) {
			r.At = now
		}
	}
	return r
}

// owed is when a report opens with all that is in it.
type owed struct {
	Release
	touched bool
}

// dues reads that of each report, as deep as it goes.
func dues(ctx context.Context, tx *store.Tx, p ids.Patient, docs []copied, changed []ids.Resource) (map[ids.Resource]owed, error) {
	var of []ids.Resource
	for _, d := range docs {
		of = append(of, d.report)
	}
	slices.Sort(of)
	type part struct {
		report, id ids.Resource
		Release
	}
	due := map[ids.Resource]owed{}
	for some := range slices.Chunk(slices.Compact(of), chunk) {
		in, args := idList(2, some)
		parts, err := store.List(ctx, tx, func(in store.Row) (x part, err error) {
			err = in.Scan(&x.report, &x.id, (*store.Time)(&x.At), &x.Sensitive)
			return x, err
		}, `
			WITH RECURSIVE under(report, id) AS (SELECT resource_id, resource_id FROM record_row WHERE resource_id IN (`+in+`)
				UNION SELECT u.report, m.resource_id FROM under u JOIN record_row m ON m.parent_id = u.id WHERE m.patient_id = $1)
			SELECT u.report, x.resource_id, x.release_at, x.sensitive FROM under u JOIN record_row x ON x.resource_id = u.id WHERE NOT x.gone`,
			append([]any{string(p)}, args...)...)
		if err != nil {
			return nil, err
		}
		for _, x := range parts {
			d := due[x.report]
			d.touched = d.touched || len(changed) == 0 || slices.Contains(changed, x.id)
			d.Sensitive = d.Sensitive || x.Sensitive
			if x.At.After(d.At) {
				d.At = x.At
			}
			due[x.report] = d
		}
	}
	return due, nil
}
