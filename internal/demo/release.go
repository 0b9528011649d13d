package demo

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/results"
	"portico/internal/store"
)

// fresh begins a chart of what came in during the last days. Its numbers do not
// meet those of the person's long record.
func fresh(p Person) *chart { return &chart{p: p, n: 900} }

// ago is a number of days before now as the charts count them: from Base.
func (m *maker) ago(days int) int {
	return days - int(m.a.DB.Now().Sub(Base)/(24*time.Hour))
}

// release fills the release desk: the clinic's rules, results that came in lately
// and what a clinician decided about them. Every list of the desk, and the pages
// of those who have an account, then show something.
func (m *maker) release(ctx context.Context) error {
	desk, err := m.clinician(ctx)
	if err != nil {
		return err
	}
	for _, r := range []results.Rule{{Class: record.Pathology, How: results.AfterReview}, {Code: "24627-2", Title: "CT of the chest", How: results.AfterHours, Hours: 24},
		{Code: "2986-8", Title: "Testosterone", How: results.AfterReview}} {
		if err := m.a.Results.SetRule(ctx, desk.For(access.SetReleaseRules), r); err != nil {
			return err
		}
	}
	var found [whole]map[string]ids.Resource
	for i := range whole {
		if found[i], err = m.arrive(ctx, i); err != nil {
			return err
		}
	}
	return m.decide(ctx, desk.For(access.ReleaseResults), found)
}

// clinician is the demo's doctor at the desk.
func (m *maker) clinician(ctx context.Context) (access.Desk, error) {
	return m.desk(ctx, "doctor@riverside.example", access.ReleaseResults)
}

// desk is one of the demo's staff at work.
func (m *maker) desk(ctx context.Context, email string, task access.Task) (access.Desk, error) {
	v := access.NewVisitor("127.0.0.1", "")
	var token string
	err := m.a.DB.Change(ctx, m.duty.Did(audit.StaffViewed, "demo"), func(tx *store.Tx) error {
		id, err := store.Get(ctx, tx, store.One[ids.Staff], `SELECT id FROM staff WHERE email = $1`, email)
		if err != nil {
			return err
		}
		token, err = m.a.Gate.StartStaffSession(ctx, tx, id, v)
		return err
	})
	if err != nil {
		return access.Desk{}, err
	}
	d, _, err := m.a.Gate.Desk(ctx, token, task, "demo", v)
	return d, err
}

// arrive sends one person's latest results and gives our identifiers of them.
func (m *maker) arrive(ctx context.Context, i int) (map[string]ids.Resource, error) {
	c := fresh(m.people[i])
	hemoglobin := test{"718-7", "Hemoglobin [Mass/volume] in Blood", "g/dL", "g/dL", "12.0", "15.5", "15.1"}
	first := map[string]string{}
	put := func(name string, ref fields) { first[name] = fmt.Sprint(ref["reference"]) }
	put("biopsy", c.report(m.ago(2), nil, "SP", "11526-1", "Skin biopsy", nil, fields{"conclusion": "Harmless mole. No sign of cancer."}))
	put("scan", c.report(m.ago(1), nil, "RAD", "24627-2", "CT of the chest", nil, fields{"conclusion": "Nothing to worry about was found.",
		"presentedForm": []fields{{"contentType": "text/plain", "title": "CT report", "data": base64.StdEncoding.EncodeToString([]byte("CT OF THE CHEST\n\nIMPRESSION: Normal.\n"))}}}))
	put("potassium", c.lab(m.ago(1), nil, test{"2823-3", "Potassium [Moles/volume] in Serum or Plasma", "mmol/L", "mmol/L", "3.5", "5.1", []string{"6.4", "2.4", "6.1"}[i]}, []string{"HH", "LL", "HH"}[i], "final"))
	put("hemoglobin", c.lab(m.ago(3), nil, hemoglobin, "", "final"))
	put("vitamin", c.lab(m.ago(3), nil, test{"1989-3", "25-hydroxyvitamin D3 [Mass/volume] in Serum or Plasma", "ng/mL", "ng/mL", "30", "100", "24"}, "L", "final"))
	if err := m.send(ctx, i, c.out); err != nil {
		return nil, err
	}
	// The laboratory corrects one of them.
	c.n, c.out = 903, nil
	hemoglobin.value = "11.5"
	c.lab(m.ago(3), nil, hemoglobin, "L", "corrected")
	if err := m.send(ctx, i, c.out); err != nil {
		return nil, err
	}
	out := map[string]ids.Resource{}
	return out, m.a.DB.View(ctx, func(tx *store.Tx) error {
		for name, ref := range first {
			id, err := store.Get(ctx, tx, store.One[ids.Resource], `SELECT resource_id FROM resource_name WHERE name = $1`, "demo|"+ref)
			if err != nil {
				return err
			}
			out[name] = id
		}
		return nil
	})
}

func (m *maker) send(ctx context.Context, i int, all []fhir.Resource) error {
	p, err := m.patient(ctx, i)
	if err != nil {
		return err
	}
	r, err := m.a.Record.Take(ctx, m.duty, record.Batch{Source: "demo", People: map[string]ids.Patient{"Patient/" + m.people[i].Number: p}, Resources: all})
	if err == nil && r.Refused > 0 {
		err = fmt.Errorf("a result was refused at %s: %s", r.Refusals[0].Path, r.Refusals[0].Key)
	}
	return err
}

// decide is an hour of the clinician's work.
func (m *maker) decide(ctx context.Context, d access.Desk, found [whole]map[string]ids.Resource) error {
	seen := func(id ids.Resource) (string, error) {
		c, err := m.a.Results.Case(ctx, d, id)
		return c.Seen, err
	}
	scan := found[0]["scan"]
	mark, err := seen(scan)
	if err != nil {
		return err
	}
	if err := m.a.Results.Comment(ctx, d, results.Draft{On: scan, Release: true, Seen: mark, Text: "Your lungs look healthy. Nothing more needs to be done.\n\nTell us if the cough comes back."}); err != nil {
		return err
	}
	for _, f := range found {
		if err := m.a.Results.Comment(ctx, d, results.Draft{On: f["vitamin"], Text: "Your vitamin D is a little low. Take 1,000 units a day. We will test it again in 3 months."}); err != nil {
			return err
		}
	}
	held := found[1]["vitamin"]
	if mark, err = seen(held); err != nil {
		return err
	}
	if err := m.a.Results.Hold(ctx, d, results.Hold{On: held, Why: "call", Note: "Reach him in the evening.", Seen: mark}); err != nil {
		return err
	}
	marked := found[2]["biopsy"]
	if mark, err = seen(marked); err != nil {
		return err
	}
	return m.a.Results.Mark(ctx, d, marked, true, mark)
}
