package sharing

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// bundle writes the copy as a FHIR bundle of type collection: the patient, the
// documents byte for byte as they are kept, what they refer to and has no place
// in a section of its own, and a last entry that names what is missing. Nothing
// but identifiers is held in memory.
func (m *making) bundle(ctx context.Context, to io.Writer) error {
	b := &bundle{making: m, w: bufio.NewWriter(to), in: map[ids.Resource]bool{}, wanted: map[ids.Resource]string{}}
	fmt.Fprintf(b.w, `{"resourceType":"Bundle","type":"collection","timestamp":%q,"entry":[`, m.now.UTC().Format("2006-01-02T15:04:05Z"))
	if err := b.patient(); err != nil {
		return err
	}
	for n, section := range m.Sections {
		if err := m.settle(ctx, n, section, b.section(ctx, section)); err != nil {
			return err
		}
	}
	if err := b.reached(ctx); err != nil {
		return err
	}
	if err := b.provenance(ctx); err != nil {
		return err
	}
	if err := b.outcome(); err != nil {
		return err
	}
	b.w.WriteString("\n]}\n")
	return b.w.Flush()
}

type bundle struct {
	*making
	w      *bufio.Writer
	many   bool
	in     map[ids.Resource]bool   // what is in the bundle
	wanted map[ids.Resource]string // what is referred to and is not, with its type
}

// put writes an entry. Relative references resolve against full URLs of this
// form (hl7.org/fhir/R4/bundle.html#references).
func (b *bundle) put(kind, id string, raw []byte) {
	if b.many {
		b.w.WriteByte(',')
	}
	b.many = true
	fmt.Fprintf(b.w, "\n"+`{"fullUrl":%q,"resource":`, b.Base+"/fhir/"+kind+"/"+id)
	b.w.Write(raw)
	b.w.WriteByte('}')
}

// section writes the documents behind the rows of a section.
func (b *bundle) section(ctx context.Context, section record.Section) error {
	rows, err := b.rows(ctx, b.who, b.Selection, section)
	if err != nil {
		return err
	}
	var of []ids.Resource
	for _, r := range rows {
		of = append(of, r.ID)
	}
	return b.documents(ctx, of)
}

// documents writes documents and notes what they refer to. One that was withdrawn
// meanwhile is left out.
func (b *bundle) documents(ctx context.Context, of []ids.Resource) error {
	for some := range slices.Chunk(of, stretch) {
		err := b.DB.View(ctx, func(tx *store.Tx) error {
			for _, id := range some {
				d, err := record.Document(ctx, tx, b.who, id)
				if fault.Is(err, fault.NotFound) {
					continue
				}
				if err != nil {
					return err
				}
				b.document(d)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bundle) document(d record.Doc) {
	if b.in[d.ID] {
		return
	}
	b.in[d.ID] = true
	delete(b.wanted, d.ID)
	b.put(d.Type, string(d.ID), d.Raw)
	for _, r := range references(d.Raw) {
		kind, id, _ := strings.Cut(r, "/")
		if to := ids.Resource(id); !b.in[to] && kind != "Patient" {
			b.wanted[to] = kind
		}
	}
}

// reached writes what the documents refer to and what is in no section: files,
// specimens, and people, places and medicines that belong to nobody. What is in
// a section was chosen or not; nothing comes in through a reference.
func (b *bundle) reached(ctx context.Context) error {
	asked := map[ids.Resource]bool{}
	for {
		var open []ids.Resource
		for id := range b.wanted {
			if !asked[id] {
				open, asked[id] = append(open, id), true
			}
		}
		if len(open) == 0 {
			return nil
		}
		slices.Sort(open)
		for some := range slices.Chunk(open, stretch) {
			if err := b.rowless(ctx, some); err != nil {
				return err
			}
		}
	}
}

func (b *bundle) rowless(ctx context.Context, some []ids.Resource) error {
	var without []ids.Resource
	err := b.DB.View(ctx, func(tx *store.Tx) error {
		rows, err := record.Rows(ctx, tx, b.who, some)
		if err != nil {
			return err
		}
		without = slices.DeleteFunc(slices.Clone(some), func(id ids.Resource) bool {
			return b.wanted[id] == "Provenance" || slices.ContainsFunc(rows, func(r record.Row) bool { return r.ID == id })
		})
		return nil
	})
	if err != nil {
		return err
	}
	return b.documents(ctx, without)
}

// provenance writes the statements on where documents come from, of those that
// speak of nothing but what is in the bundle.
func (b *bundle) provenance(ctx context.Context) error {
	return b.DB.View(ctx, func(tx *store.Tx) error {
		return record.Documents(ctx, tx, b.who, []string{"Provenance"}, func(d record.Doc) error {
			targets := fhir.Parse(d.Raw).Get("target").List()
			for _, t := range targets {
				if !b.in[ids.Resource(t.Reference().ID)] {
					return nil
				}
			}
			if len(targets) > 0 {
				b.document(d)
			}
			return nil
		})
	})
}

// maxNamed bounds how many absent documents the last entry names.
const maxNamed = 20_000

// outcome names what is missing: sections, and what is referred to.
func (b *bundle) outcome() error {
	type issue struct {
		Severity    string            `json:"severity"`
		Code        string            `json:"code"`
		Details     map[string]string `json:"details"`
		Diagnostics string            `json:"diagnostics,omitempty"`
	}
	var all []issue
	for _, text := range append(b.missing(b.gaps), b.remarks()...) {
		all = append(all, issue{Severity: "information", Code: "incomplete", Details: map[string]string{"text": text}})
	}
	var names []string
	for id, kind := range b.wanted {
		names = append(names, kind+"/"+string(id))
	}
	slices.Sort(names)
	for _, name := range names[:min(len(names), maxNamed)] {
		all = append(all, issue{Severity: "information", Code: "not-found", Details: map[string]string{"text": b.t("sharing.missing.reference")}, Diagnostics: name})
	}
	raw, err := json.Marshal(map[string]any{"resourceType": "OperationOutcome", "id": "not-included", "issue": all})
	if err == nil {
		b.put("OperationOutcome", "not-included", raw)
	}
	return err
}

var ours = regexp.MustCompile(`^[A-Z][A-Za-z]+/fhr-[a-z2-7]+$`)

// references lists what a document refers to among our own resources: members
// called reference, and addresses of attachments.
func references(raw []byte) []string {
	var out []string
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return nil // what came in was read before; a document that is no JSON refers to nothing
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			for k, x := range v {
				if s, ok := x.(string); ok {
					if (k == "reference" || k == "url") && ours.MatchString(s) {
						out = append(out, s)
					}
					continue
				}
				walk(x)
			}
		}
	}
	walk(value)
	return out
}

// patient writes the person as the clinic's index knows them, as US Core has it.
func (b *bundle) patient() error {
	p := b.person
	type obj = map[string]any
	var numbers, contacts, addresses []obj
	for _, n := range p.Numbers {
		system := n.System
		if system == "" {
			system = b.Base + "/patient-number"
		}
		numbers = append(numbers, obj{"system": system, "value": n.Value})
	}
	for _, c := range p.Contacts {
		contact := obj{"system": c.System, "value": c.Value}
		if c.Use != "" {
			contact["use"] = c.Use
		}
		contacts = append(contacts, contact)
	}
	for _, a := range p.Addresses {
		addresses = append(addresses, known(obj{"line": a.Lines, "city": a.City, "state": a.State, "postalCode": a.PostalCode, "country": a.Country}))
	}
	name := known(obj{"family": p.Family, "given": strings.Fields(p.Given), "suffix": strings.Fields(p.Suffix)})
	name["use"] = "official"
	out := known(obj{"identifier": numbers, "telecom": contacts, "birthDate": p.Birth, "address": addresses})
	out["resourceType"], out["id"], out["name"] = "Patient", b.who.Patient().Logical(), []obj{name}
	out["meta"] = obj{"profile": []string{"http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient"}}
	out["gender"] = "unknown"
	if slices.Contains([]string{"male", "female", "other"}, p.Sex) {
		out["gender"] = p.Sex
	}
	if !p.Died.IsZero() {
		out["deceasedDateTime"] = p.Died.UTC().Format("2006-01-02T15:04:05Z")
	}
	if p.Language != "" {
		out["communication"] = []obj{{"language": obj{"coding": []obj{{"system": "urn:ietf:bcp:47", "code": p.Language}}}}}
	}
	raw, err := json.Marshal(out)
	if err == nil {
		b.put("Patient", b.who.Patient().Logical(), raw)
	}
	return err
}

// known leaves out what is empty: FHIR allows no empty member.
func known(members map[string]any) map[string]any {
	for k, v := range members {
		switch v := v.(type) {
		case string:
			if v == "" {
				delete(members, k)
			}
		case []string:
			if len(v) == 0 {
				delete(members, k)
			}
		case []map[string]any:
			if len(v) == 0 {
				delete(members, k)
			}
		}
	}
	return members
}
