package ccda

import (
	"errors"
	"io"
	"strconv"
)

// Read reads one clinical document, plain or gzipped, which is told by content.
// An error is an *Error; file is only for that.
func Read(file string, r io.Reader, l Limits) (Document, error) {
	d, err := read(r, l)
	if e, ok := errors.AsType[*Error](err); ok {
		e.File = file
	}
	return d, err
}

func read(r io.Reader, l Limits) (Document, error) {
	root, err := parse(unpack(r, l), l)
	if err != nil {
		return Document{}, err
	}
	targets := root.all("recordTarget")
	if len(targets) != 1 {
		e := &Error{Line: root.line, Path: "ClinicalDocument/recordTarget", Reason: NoPatient}
		if len(targets) > 1 {
			e.Line, e.Reason = targets[1].line, TwoPatients
		}
		return Document{}, e
	}
	d := readHeader(root)
	d.Patient = readPatient(targets[0].child("patientRole"))
	return d, readBody(&d, root, l)
}

func readHeader(root *node) Document {
	d := Document{
		ID: readID(root.child("id")), SetID: readID(root.child("setId")), Type: readCode(root.child("code")),
		Templates: readIDs(root.all("templateId")), Title: root.child("title").words(),
		Effective: parseTime(root.child("effectiveTime").attr("value")), Language: clean(root.child("languageCode").attr("code")),
		Confidentiality: clean(root.child("confidentialityCode").attr("code")),
		Custodian:       readOrganization(root.child("custodian", "assignedCustodian", "representedCustodianOrganization")),
		Encounter:       readEncounter(root.child("componentOf", "encompassingEncounter")),
	}
	// A version that is no number is not worth refusing a document for.
	d.Version, _ = strconv.Atoi(root.child("versionNumber").attr("value"))
	for _, a := range root.all("author") {
		d.Authors = append(d.Authors, readAuthor(a))
	}
	for _, rel := range root.all("relatedDocument") {
		other := rel.child("parentDocument")
		d.Related = append(d.Related, Related{Kind: clean(rel.attr("typeCode")), ID: readID(other.child("id")), SetID: readID(other.child("setId"))})
	}
	return d
}

func readEncounter(n *node) *Encounter {
	if n.name == "" {
		return nil
	}
	place := n.child("location", "healthCareFacility")
	name := place.child("location", "name").words()
	if name == "" {
		name = place.child("serviceProviderOrganization", "name").words()
	}
	return &Encounter{IDs: readIDs(n.all("id")), Code: readCode(n.child("code")), Period: readPeriod(n.child("effectiveTime")), Location: name}
}

func readBody(d *Document, root *node, l Limits) error {
	pictures, left := map[string]*File{}, l.Bytes
	if err := findPictures(pictures, root, &left); err != nil {
		return err
	}
	for _, c := range root.all("component") {
		if n := c.child("nonXMLBody", "text"); n.name != "" && d.File == nil {
			f, err := readFile(n, &left)
			if err != nil {
				return err
			}
			d.File = f
		}
		d.Sections = append(d.Sections, readSections(c.child("structuredBody"), pictures)...)
	}
	return nil
}

// findPictures reads the pictures that narratives may refer to. One that cannot
// be unpacked is only not shown: the words beside it matter more.
func findPictures(into map[string]*File, n *node, left *int64) error {
	for _, k := range n.kids {
		if k.name != "observationMedia" {
			if err := findPictures(into, k, left); err != nil {
				return err
			}
			continue
		}
		id := k.attr("ID")
		f, err := readFile(k.child("value"), left)
		if e, ok := errors.AsType[*Error](err); ok && e.Reason == TooLarge {
			return err
		}
		if id != "" && err == nil && into[id] == nil {
			into[id] = f
		}
	}
	return nil
}

func readSections(parent *node, pictures map[string]*File) []Section {
	var out []Section
	for _, c := range parent.all("component") {
		for _, n := range c.all("section") {
			s := Section{
				ID: clean(n.attr("ID")), Templates: readIDs(n.all("templateId")), Code: readCode(n.child("code")), Title: n.child("title").words(),
				NullFlavor: clean(n.attr("nullFlavor")), Confidentiality: clean(n.child("confidentialityCode").attr("code")),
				Text: narrate(n.child("text"), pictures), Sections: readSections(n, pictures),
			}
			out = append(out, s)
		}
	}
	return out
}
