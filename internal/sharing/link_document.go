package sharing

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// sharedFile is a file that a link leads to.
type sharedFile struct {
	ContentType string
	Content     []byte
}

const fhirJSON = "application/fhir+json"

// shared makes the files of a link: a summary as a FHIR document, and the same
// for reading as a PDF. The standard knows FHIR files only, so the PDF stands in
// a DocumentReference.
func (s *Sharing) shared(ctx context.Context, c access.Chart, o LinkOrder) ([]sharedFile, error) {
	m := &making{Sharing: s, words: words{o.Lang, s.zone()}, Order: Order{Selection: o.Selection, Format: FHIR, Lang: o.Lang}, who: c, step: func(int) error { return nil }}
	err := s.DB.View(ctx, func(tx *store.Tx) (err error) {
		m.now = tx.Now
		m.person, err = s.People.Person(ctx, tx, c.Patient())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("person: %w", err)
	}
	doc, err := m.document(ctx)
	if err != nil {
		return nil, err
	}
	var paper bytes.Buffer
	order := m.Order
	order.Format, order.Bare = PDF, true // files come with the document
	gaps, err := s.Write(ctx, c, order, &paper, nil)
	if err == nil && len(gaps) > 0 {
		err = fmt.Errorf("%d sections could not be read", len(gaps))
	}
	if err != nil {
		return nil, fmt.Errorf("pdf: %w", err)
	}
	if len(doc)+paper.Len() > mostShared {
		return nil, fault.Bad("what", "sharing.link.large")
	}
	ref, err := json.Marshal(obj{"resourceType": "DocumentReference", "status": "current", "type": patientSummary, "date": m.stamp(),
		"subject": obj{"reference": "Patient/" + c.Patient().Logical()},
		"content": []obj{{"attachment": obj{"contentType": "application/pdf", "language": string(o.Lang), "title": "health-record.pdf", "data": paper.Bytes()}}}})
	return []sharedFile{{fhirJSON, doc}, {fhirJSON, ref}}, err
}

// encrypt makes each file a JWE under a key of 32 bytes in base64url: algorithm
// dir, A256GCM, nothing compressed, as every receiver must be able to read it.
func encrypt(key string, files []sharedFile) ([]sharedFile, error) {
	raw := jose.JSONWebKey{}
	if err := raw.UnmarshalJSON([]byte(`{"kty":"oct","k":"` + key + `"}`)); err != nil {
		return nil, err
	}
	var out []sharedFile
	for _, f := range files {
		e, err := jose.NewEncrypter(jose.A256GCM, jose.Recipient{Algorithm: jose.DIRECT, Key: raw.Key}, new(jose.EncrypterOptions).WithContentType(jose.ContentType(f.ContentType)))
		if err != nil {
			return nil, err
		}
		sealed, err := e.Encrypt(f.Content)
		if err != nil {
			return nil, err
		}
		text, err := sealed.CompactSerialize()
		if err != nil {
			return nil, err
		}
		out = append(out, sharedFile{f.ContentType, []byte(text)})
	}
	return out, nil
}

type obj = map[string]any

func coded(code, display string) obj {
	return obj{"coding": []obj{{"system": loinc, "code": code, "display": display}}}
}

// patientSummary is the type of the document, from the International Patient
// Summary (hl7.org/fhir/uv/ips, Composition.type).
var patientSummary = coded("60591-5", "Patient summary Document")

// sectionCodes are the codes of a document's sections: those of the International
// Patient Summary where it has one, else LOINC's for such a section.
var sectionCodes = map[record.Section]obj{
	record.Conditions:    coded("11450-4", "Problem list - Reported"),
	record.Medications:   coded("10160-0", "History of Medication use Narrative"),
	record.Allergies:     coded("48765-2", "Allergies and adverse reactions Document"),
	record.Immunizations: coded("11369-6", "History of Immunization Narrative"),
	record.Results:       coded("30954-2", "Relevant diagnostic tests/laboratory data Narrative"),
	record.Procedures:    coded("47519-4", "History of Procedures Document"),
	record.Vitals:        coded("8716-3", "Vital signs"),
	record.Social:        coded("29762-2", "Social history Narrative"),
	record.Plans:         coded("18776-5", "Plan of care note"),
	record.Devices:       coded("46264-8", "History of medical device use"),
	record.Visits:        coded("46240-8", "History of Hospitalizations+Outpatient visits Narrative"),
	record.Family:        coded("10157-6", "History of family member diseases Narrative"),
	record.Insurance:     coded("48768-6", "Payment sources Document"),
	record.CareTeam:      coded("85847-2", "Patient Care team information"),
	record.Notes:         coded("34109-9", "Note"),
}

// demanded are the sections that every International Patient Summary has.
var demanded = []record.Section{record.Medications, record.Allergies, record.Conditions}

func (m *making) stamp() string { return m.now.UTC().Format("2006-01-02T15:04:05Z") }

// document is the chart as a FHIR document: a Composition whose sections say in
// words what the documents behind them hold.
func (m *making) document(ctx context.Context) ([]byte, error) {
	var sections []obj
	var of []ids.Resource
	for _, section := range m.Sections {
		items, err := m.items(ctx, m.who, m.Selection, section)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", section, err)
		}
		refs, all := sectionEntries(items)
		of = append(of, all...)
		sections = append(sections, m.sectionPart(section, m.chapter(section, items), refs))
	}
	for _, section := range demanded {
		if !slices.Contains(m.Sections, section) {
			sections = append(sections, m.withheld(section))
		}
	}
	out := new(bytes.Buffer)
	b := &bundle{making: m, w: bufio.NewWriter(out), in: map[ids.Resource]bool{}, wanted: map[ids.Resource]string{}}
	id := string(ids.NewJob())
	fmt.Fprintf(b.w, `{"resourceType":"Bundle","identifier":{"system":%q,"value":%q},"type":"document","timestamp":%q,"entry":[`, m.Base+"/document", id, m.stamp())
	composition, err := json.Marshal(m.composition(sections))
	if err != nil {
		return nil, err
	}
	b.put("Composition", "summary", composition)
	if err := b.patient(); err != nil {
		return nil, err
	}
	clinic, err := json.Marshal(m.organization())
	if err != nil {
		return nil, err
	}
	b.put("Organization", "clinic", clinic)
	if err := b.documents(ctx, of); err != nil {
		return nil, err
	}
	if err := b.reached(ctx); err != nil {
		return nil, err
	}
	b.w.WriteString("\n]}\n")
	err = b.w.Flush()
	return out.Bytes(), err
}

func (m *making) composition(sections []obj) obj {
	var about strings.Builder
	about.WriteString(xhtml)
	for _, r := range m.remarks() {
		about.WriteString("<p>" + html.EscapeString(r) + "</p>")
	}
	about.WriteString("</div>")
	return obj{"resourceType": "Composition", "id": "summary", "language": string(m.Lang), "status": "final", "type": patientSummary,
		"subject": obj{"reference": "Patient/" + m.who.Patient().Logical()}, "date": m.stamp(), "title": m.t("sharing.link.document"),
		"author": []obj{{"reference": "Organization/clinic"}}, "custodian": obj{"reference": "Organization/clinic"},
		"text": obj{"status": "generated", "div": about.String()}, "section": sections}
}

func (m *making) organization() obj {
	out := obj{"resourceType": "Organization", "id": "clinic", "name": m.Clinic.Now().Name}
	if m.Clinic.Now().Name == "" {
		out["name"] = m.Base
	}
	if m.Clinic.Now().Phone != "" {
		out["telecom"] = []obj{{"system": "phone", "value": m.Clinic.Now().Phone}}
	}
	return out
}

// sectionPart is one section of the Composition. An empty one says that we have nothing,
// not that there is nothing.
func (m *making) sectionPart(section record.Section, c chapter, refs []obj) obj {
	out := m.sectionOf(section, m.narrative(c))
	if len(refs) > 0 {
		out["entry"] = refs
	} else {
		out["emptyReason"] = emptyFor("unavailable", "Unavailable")
	}
	return out
}

// withheld is a demanded section that the patient chose not to share: a receiver
// must not take it for one that holds nothing.
func (m *making) withheld(section record.Section) obj {
	out := m.sectionOf(section, xhtml+"<p>"+html.EscapeString(m.t("sharing.link.withheld"))+"</p></div>")
	out["emptyReason"] = emptyFor("withheld", "Information Withheld")
	return out
}

// sectionOf is what each section has. Its code is words where LOINC has none for it.
func (m *making) sectionOf(section record.Section, narrative string) obj {
	title := m.section(section)
	code, ok := sectionCodes[section]
	if !ok {
		code = obj{"text": title}
	}
	return obj{"title": title, "code": code, "text": obj{"status": "generated", "div": narrative}}
}

func emptyFor(code, display string) obj {
	return obj{"coding": []obj{{"system": "http://terminology.hl7.org/CodeSystem/list-empty-reason", "code": code, "display": display}}}
}

// xhtml begins a narrative.
const xhtml = `<div xmlns="http://www.w3.org/1999/xhtml">`

// narrative is a section in words, for receivers that show nothing else.
func (m *making) narrative(c chapter) string {
	var b strings.Builder
	b.WriteString(xhtml)
	if len(c.Rows) == 0 {
		b.WriteString("<p>" + html.EscapeString(m.t("sharing.empty")) + "</p></div>")
		return b.String()
	}
	b.WriteString("<table><thead><tr>")
	for _, col := range c.Columns {
		b.WriteString("<th>" + html.EscapeString(col.Title) + "</th>")
	}
	b.WriteString("</tr></thead><tbody>")
	for _, r := range c.Rows {
		b.WriteString("<tr>")
		for _, cell := range r.Cells {
			b.WriteString("<td>" + html.EscapeString(cell) + "</td>")
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table></div>")
	return b.String()
}

// sectionEntries are the references of a section, and all that belongs to it: members of
// a panel are reached through their panel.
func sectionEntries(items []item) (refs []obj, all []ids.Resource) {
	for _, i := range items {
		refs = append(refs, obj{"reference": i.Kind + "/" + string(i.ID)})
		all = append(all, i.ID)
		_, below := sectionEntries(i.Members)
		all = append(all, below...)
	}
	return refs, all
}
