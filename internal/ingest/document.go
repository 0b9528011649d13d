package ingest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"portico/internal/ccda"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/registry"
	"portico/internal/store"
)

// document takes in one clinical document, whole: a DocumentReference that says
// what it is and a Binary with its bytes. It is filed under a patient only if a
// number in it, the name and the birth date all lead to that one person;
// otherwise it waits among the faults for a person to look at.
func document(ctx context.Context, w *work, name string, body []byte) error {
	w.rep.People.Files++
	refuse := func(f registry.Refusal) error {
		f.File = name
		w.rep.refuse(f, "DocumentReference")
		return nil
	}
	doc, err := ccda.Read(name, bytes.NewReader(body), ccda.Usual)
	if e, ok := errors.AsType[*ccda.Error](err); ok {
		return refuse(registry.Refusal{Line: e.Line, Path: e.Path, Key: "ingest.ccda." + string(e.Reason)})
	}
	if err != nil {
		return err
	}
	plain, err := unpacked(body)
	if err != nil {
		return refuse(registry.Refusal{Key: "ingest.ccda.unreadable"})
	}
	p, err := w.match(ctx, doc.Patient)
	if err != nil {
		return err
	}
	if p == "" {
		return refuse(registry.Refusal{Path: "ClinicalDocument/recordTarget", Key: "ingest.ccda.nobody_known"})
	}
	return w.filed(ctx, name, p, doc, plain)
}

// filed puts a document whose patient is known into the chart.
func (w *work) filed(ctx context.Context, name string, p ids.Patient, doc ccda.Document, plain []byte) (err error) {
	b := record.Batch{Patient: p, People: map[string]ids.Patient{subject: p}}
	if b.Known, err = w.visit(ctx, p, doc.Encounter); err != nil {
		return err
	}
	for i, v := range asResources(doc, plain, len(b.Known) > 0) {
		raw, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("document: %w", err)
		}
		b.Resources = append(b.Resources, fhir.Resource{Type: []string{"Binary", "DocumentReference"}[i], ID: v["id"].(string), File: name, Raw: raw})
	}
	return w.take(ctx, b)
}

// subject is by what a document's resources call their patient.
const subject = "Patient/document"

// itsVisit is by what a document's resources call the visit it tells about.
const itsVisit = "Encounter/document"

// visit finds the visit a document tells about by the visit's own number, in the
// chart of its patient. A date is not enough: people have two visits in a day. What
// comes before its visit is linked when it is sent again.
func (w *work) visit(ctx context.Context, p ids.Patient, e *ccda.Encounter) (map[string]ids.Resource, error) {
	numbers := numbersOf(e)
	if len(numbers) == 0 {
		return nil, nil
	}
	var id ids.Resource
	err := w.DB.View(ctx, func(tx *store.Tx) error {
		chart, err := record.Chart(ctx, tx, p)
		if err == nil {
			id, err = record.Visit(ctx, tx, w.d.For(chart), numbers)
		}
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return map[string]ids.Resource{itsVisit: id}, err
}

// numbersOf writes a visit's numbers as FHIR does: an OID with a number under it, or
// an OID or UUID that says it all (hl7.org/fhir/R4/datatypes.html#Identifier).
func numbersOf(e *ccda.Encounter) (out []record.Identifier) {
	if e == nil {
		return nil
	}
	for _, i := range e.IDs {
		uri := "urn:oid:" + i.Root
		if strings.Contains(i.Root, "-") {
			uri = "urn:uuid:" + strings.ToLower(i.Root)
		}
		switch {
		case i.Root == "":
		case i.Extension == "":
			out = append(out, record.Identifier{System: "urn:ietf:rfc:3986", Value: uri})
		default:
			out = append(out, record.Identifier{System: uri, Value: i.Extension})
		}
	}
	return out
}

// unpacked undoes gzip; ccda.Read has found it within bounds.
func unpacked(body []byte) ([]byte, error) {
	if !bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		return body, nil
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(z, ccda.Usual.Bytes))
}

// match finds the patient a document is about, "" if that is not certain.
func (w *work) match(ctx context.Context, p ccda.Patient) (id ids.Patient, err error) {
	if p.Birth.Precision < ccda.Day || len(p.Names) == 0 {
		return "", nil
	}
	err = w.DB.View(ctx, func(tx *store.Tx) error {
		var hits []ids.Patient
		for _, i := range p.IDs {
			if i.Extension == "" {
				continue
			}
			hit, err := w.Registry.PatientByIdentifier(ctx, tx, "urn:oid:"+i.Root, i.Extension)
			if errors.Is(err, store.ErrNone) {
				hit, err = w.Registry.PatientByIdentifier(ctx, tx, "", i.Extension)
			}
			if errors.Is(err, store.ErrNone) {
				continue
			}
			if err != nil {
				return err
			}
			same, err := w.same(ctx, tx, hit, namesOf(p), p.Birth.At.Format(time.DateOnly))
			if err != nil {
				return err
			}
			if same && !slices.Contains(hits, hit) {
				hits = append(hits, hit)
			}
		}
		if len(hits) == 1 {
			id = hits[0]
		}
		return nil
	})
	return id, err
}

// namesOf are the names a document has for its patient.
func namesOf(p ccda.Patient) (out []registry.Details) {
	for _, n := range p.Names {
		out = append(out, registry.Details{Given: strings.Join(n.Given, " "), Family: n.Family})
	}
	return out
}

// same tells whether a name and the birth date agree outright.
func (w *work) same(ctx context.Context, tx *store.Tx, id ids.Patient, names []registry.Details, birth string) (bool, error) {
	person, err := w.Registry.Person(ctx, tx, id)
	if err != nil {
		return false, err
	}
	for _, d := range names {
		d.Birth = birth
		agreed := map[string]bool{}
		against := false
		for _, r := range registry.Compare(d, person, w.Registry.Region, tx.Now).Reasons {
			if r.About != "name" && r.About != "birth" {
				continue
			}
			agreed[r.About] = agreed[r.About] || r.Verdict == registry.Agrees
			against = against || r.Verdict != registry.Agrees
		}
		if agreed["name"] && agreed["birth"] && !against {
			return true, nil
		}
	}
	return false, nil
}

type object = map[string]any

// asResources makes the Binary and the DocumentReference. The same document
// makes the same bytes; a later version of it, by its set, takes its place. visit
// tells that the visit it tells about is known.
func asResources(doc ccda.Document, body []byte, visit bool) []object {
	set := cmp.Or(doc.SetID, doc.ID)
	sum := sha256.Sum256([]byte(set.Root + "\x1f" + set.Extension))
	if set == (ccda.ID{}) {
		sum = sha256.Sum256(body)
	}
	id := "ccda-" + hex.EncodeToString(sum[:16])
	title := cut(cmp.Or(doc.Title, doc.Type.Display))
	file := object{"contentType": "application/xml", "url": "Binary/" + id, "size": len(body), "title": title}
	ref := object{"resourceType": "DocumentReference", "id": id, "status": "current", "subject": object{"reference": subject},
		"type": concept(doc.Type, title), "description": title}
	if doc.ID.Root != "" {
		ref["masterIdentifier"] = object{"system": "urn:ietf:rfc:3986", "value": strings.TrimSuffix("urn:oid:"+doc.ID.Root+"#"+doc.ID.Extension, "#")}
	}
	if at := moment(doc.Effective); at != "" {
		file["creation"] = at
		if doc.Effective.Precision >= ccda.Minute && doc.Effective.Zoned {
			ref["date"], ref["meta"] = at, object{"lastUpdated": at}
		} else {
			ref["date"] = doc.Effective.At.UTC().Format("2006-01-02T15:04:05Z")
		}
	}
	if doc.Language != "" {
		file["language"] = doc.Language
	}
	if authors := authorsOf(doc); len(authors) > 0 {
		ref["author"] = authors
	}
	if doc.Custodian.Name != "" {
		ref["custodian"] = object{"display": doc.Custodian.Name}
	}
	c := contextOf(doc.Encounter)
	if visit {
		c["encounter"] = []object{{"reference": itsVisit}}
	}
	if len(c) > 0 {
		ref["context"] = c
	}
	if doc.Confidentiality == "R" || doc.Confidentiality == "V" {
		ref["securityLabel"] = []object{{"coding": []object{{"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": doc.Confidentiality}}}}
	}
	ref["content"] = []object{{"attachment": file}}
	binary := object{"resourceType": "Binary", "id": id, "contentType": "application/xml", "data": base64.StdEncoding.EncodeToString(body)}
	return []object{binary, ref}
}

func authorsOf(doc ccda.Document) []object {
	var out []object
	for _, a := range doc.Authors {
		name := strings.Join(strings.Fields(strings.Join(slices.Concat(a.Name.Prefix, a.Name.Given, []string{a.Name.Family}, a.Name.Suffix), " ")), " ")
		if name = cmp.Or(name, a.Name.Text, a.Organization, a.Software); name != "" {
			out = append(out, object{"display": name})
		}
	}
	return out
}

// contextOf says of a visit when and where it was.
func contextOf(e *ccda.Encounter) object {
	out := object{}
	if e == nil {
		return out
	}
	period := object{}
	if t := moment(e.Period.Low); t != "" {
		period["start"] = t
	}
	if t := moment(e.Period.High); t != "" {
		period["end"] = t
	}
	if len(period) > 0 {
		out["period"] = period
	}
	if e.Location != "" {
		out["facilityType"] = object{"text": e.Location}
	}
	return out
}

func concept(c ccda.Code, text string) object {
	out := object{"text": cmp.Or(c.Display, text)}
	if c.Code != "" {
		coding := object{"code": c.Code}
		if c.System == "2.16.840.1.113883.6.1" {
			coding["system"] = "http://loinc.org"
		} else if c.System != "" {
			coding["system"] = "urn:oid:" + c.System
		}
		if c.Display != "" {
			coding["display"] = c.Display
		}
		out["coding"] = []object{coding}
	}
	return out
}

// moment writes a time of a document in FHIR's form, as exactly as it is known;
// without a zone a day is as much as can be said.
func moment(t ccda.Time) string {
	switch {
	case t.Precision == ccda.Unknown:
		return ""
	case t.Precision == ccda.Year:
		return t.At.Format("2006")
	case t.Precision == ccda.Month:
		return t.At.Format("2006-01")
	case t.Precision >= ccda.Minute && t.Zoned:
		return t.At.Format("2006-01-02T15:04:05Z07:00")
	}
	return t.At.Format("2006-01-02")
}

// maxTitle is how much of a title is kept, in bytes; the document has all of it.
const maxTitle = 300

func cut(s string) string {
	if len(s) <= maxTitle {
		return s
	}
	return strings.ToValidUTF8(s[:maxTitle], "") + "…"
}
