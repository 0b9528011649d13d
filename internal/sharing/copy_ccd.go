package sharing

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"portico/internal/ccda"
	"portico/internal/fhir"
	"portico/internal/record"
)

// ccd writes the copy as a Continuity of Care Document. Its narrative is in the
// copy's language. Sections without a place in it become gaps.
func (m *making) ccd(ctx context.Context, to io.Writer) error {
	c := ccda.CCD{ID: ccda.ID{Root: uuid(m.Base, "copy", m.Name)}, Title: m.t("sharing.title"), Created: m.now, Language: string(m.l) + "-US",
		Patient: m.recordTarget(), Care: ccda.Period{Low: dayOf(m.From), High: dayOf(m.To)}}
	c.Author = ccda.Author{Organization: m.Clinic.Now().Name, Software: "Portico", IDs: []ccda.ID{{Root: uuid(m.Base, "portal")}}}
	c.Custodian = ccda.Organization{Name: m.Clinic.Now().Name, IDs: []ccda.ID{{Root: uuid(m.Base, "clinic")}}, Telecoms: []ccda.Telecom{{System: "phone", Value: m.Clinic.Now().PhoneLink, Use: "WP"}}}
	places := map[record.Section]*ccda.Part{record.Allergies: &c.Allergies, record.Medications: &c.Medications, record.Conditions: &c.Problems,
		record.Results: &c.Results, record.Vitals: &c.Vitals, record.Social: &c.Social, record.Procedures: &c.Procedures,
		record.Immunizations: &c.Immunizations, record.Visits: &c.Encounters, record.Plans: &c.Plan}
	for _, s := range ccdSections { // those that were not asked for say so
		places[s].Title, places[s].Empty = m.section(s), m.t("sharing.ccd.unasked")
	}
	c.Procedures.Title, c.Immunizations.Title, c.Encounters.Title, c.Plan.Title = "", "", "", ""
	err := m.chapters(ctx, func(ch chapter) error {
		part, has := places[ch.Section]
		if !has {
			m.gaps = append(m.gaps, Gap{ch.Section, NoPlace})
			return nil
		}
		*part = m.part(ch)
		return nil
	})
	if err != nil {
		return err
	}
	for _, g := range m.gaps {
		if part := places[g.Section]; part != nil {
			*part = ccda.Part{Title: m.section(g.Section), Empty: m.t("sharing.missing."+string(g.Why), m.section(g.Section))}
		}
	}
	return ccda.Write(to, c)
}

func (m *making) part(ch chapter) ccda.Part {
	p := ccda.Part{Title: ch.Title, Empty: m.t("sharing.empty")}
	for _, c := range ch.Columns {
		p.Columns = append(p.Columns, c.Title)
	}
	for _, r := range ch.Rows {
		p.Rows = append(p.Rows, ccda.Line{Cells: r.Cells, Entry: m.entry(r)})
	}
	return p
}

// entry is one row coded.
func (m *making) entry(r line) ccda.Entry {
	i, v := r.Of, r.Of.Measure
	if r.Measure != nil {
		v = *r.Measure
	}
	e := ccda.Entry{ID: m.id(i), Code: code(v), State: ccdState(i.Row), When: ccda.Period{Low: timeOf(i.At)}, Place: i.Place, NotGiven: i.Status == "not-done"}
	if r.Measure != nil {
		e.ID.Extension += "-" + v.Code
	}
	if slices.Contains(standing, i.Section) && i.Until != "" {
		e.When.High = timeOf(fhir.When{Text: i.Until})
	}
	if r.Panel != nil {
		e.Group, e.Panel = string(r.Panel.ID), code(r.Panel.Measure)
	}
	switch {
	case i.Section == record.Allergies:
		e.Reaction = ccda.Code{Display: i.Value}
	case i.Section == record.Immunizations:
		e.Lot = i.Value
	case slices.Contains(measured, i.Section):
		e.Value = valueOf(v)
	}
	return e
}

func (m *making) id(i *item) ccda.ID {
	return ccda.ID{Root: uuid(m.Base, "resource"), Extension: string(i.ID)}
}

func code(m record.Measure) ccda.Code {
	return ccda.Code{Code: m.Code, System: ccda.System(m.System), Display: m.Title}
}

func valueOf(m record.Measure) ccda.Value {
	v := ccda.Value{Low: m.Low, High: m.High, Range: m.Range, Flag: m.Flag}
	if m.Num != "" && m.Num == m.Value {
		v.Number, v.Compare, v.Unit = m.Num, m.Comparator, m.UnitCode
	} else {
		v.Text = joined(" ", m.Comparator+m.Value, m.Unit)
	}
	return v
}

// states are FHIR's words in C-CDA's.
var states = map[string]string{"active": "active", "recurrence": "active", "relapse": "active", "inactive": "completed", "remission": "completed",
	"resolved": "completed", "completed": "completed", "finished": "completed", "final": "completed", "stopped": "aborted", "on-hold": "suspended",
	"cancelled": "cancelled", "not-done": "completed"}

func ccdState(r record.Row) string {
	if s := states[r.State]; s != "" {
		return s
	}
	return states[r.Status]
}

func (m *making) recordTarget() ccda.Patient {
	p := m.person
	out := ccda.Patient{Names: []ccda.Name{{Use: "L", Given: strings.Fields(p.Given), Family: p.Family, Suffix: strings.Fields(p.Suffix)}}, Birth: dayOf(p.Birth),
		Sex: map[string]string{"female": "F", "male": "M", "other": "UN"}[p.Sex], Deceased: !p.Died.IsZero()}
	if out.Deceased {
		out.DeceasedAt = ccda.On(p.Died)
	}
	for _, n := range p.Numbers {
		root := ccda.System(n.System)
		if root == "" {
			root = uuid(m.Base, "numbers", n.System)
		}
		out.IDs = append(out.IDs, ccda.ID{Root: root, Extension: n.Value})
	}
	if len(out.IDs) == 0 {
		out.IDs = []ccda.ID{{Root: uuid(m.Base, "patient", string(m.who.Patient()))}}
	}
	for _, a := range p.Addresses {
		out.Addresses = append(out.Addresses, ccda.Address{Use: "HP", Lines: a.Lines, City: a.City, State: a.State, PostalCode: a.PostalCode, Country: a.Country})
	}
	for _, c := range p.Contacts {
		out.Telecoms = append(out.Telecoms, ccda.Telecom{System: c.System, Value: c.Value, Use: "HP"})
	}
	if p.Language != "" {
		out.Languages = []string{p.Language}
	}
	return out
}

// uuid makes a stable identifier from what it names (RFC 9562, version 8), for
// CDA wants an OID or UUID as the root of each number.
func uuid(of ...string) string {
	h := sha256.Sum256([]byte(strings.Join(of, "\x00")))
	h[6], h[8] = h[6]&0x0f|0x80, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// dayOf reads a day of ours; unknown if there is none.
func dayOf(text string) ccda.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return ccda.Time{}
	}
	return ccda.On(t)
}

// timeOf is a moment as precise as it was sent, with the sender's offset.
func timeOf(w fhir.When) ccda.Time {
	for _, p := range []struct {
		layout string
		is     ccda.Precision
	}{{"2006", ccda.Year}, {"2006-01", ccda.Month}, {time.DateOnly, ccda.Day}, {time.RFC3339, ccda.Second}} {
		if t, err := time.Parse(p.layout, w.Text); err == nil {
			return ccda.Time{At: t.Truncate(time.Second), Precision: p.is, Zoned: p.is == ccda.Second}
		}
	}
	return ccda.Time{}
}
