package registry

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/fhir"
)

// ImportFHIR takes in the Patient resources of files and folders: bundles,
// single resources, NDJSON, each also gzipped. In folders, files of other kinds
// are passed over. What is wrong is told in the report and kept until the same
// file comes in without it. progress gets a line every 5 seconds; it may be nil.
func (r *Room) ImportFHIR(ctx context.Context, d access.Duty, paths []string, o Options, progress io.Writer) (Report, error) {
	w := r.begin(d, o, progress)
	err := eachFile(paths, func(path string, inFolder bool, err error) error {
		if err != nil {
			w.rep.refuse(Refusal{File: filepath.Base(path), Key: "registry.import.not_found"})
			return nil
		}
		return w.file(ctx, path, inFolder)
	})
	if err != nil {
		return w.rep, err
	}
	err = w.finish(ctx)
	return w.rep, err
}

// eachFile calls f for every file that ImportFHIR reads.
func eachFile(paths []string, f func(path string, inFolder bool, err error) error) error {
	for _, p := range paths {
		err := filepath.WalkDir(p, func(path string, e fs.DirEntry, err error) error {
			if err == nil && (e.IsDir() || path != p && !looksLikeFHIR(path)) {
				return nil
			}
			return f(path, path != p, err)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// FHIRFiles lists the files that ImportFHIR reads, in its order, less those that
// cannot be opened.
func FHIRFiles(paths []string) []string {
	var out []string
	// f never fails, so neither does the walk.
	_ = eachFile(paths, func(path string, _ bool, err error) error {
		if err == nil {
			out = append(out, path)
		}
		return nil
	})
	return out
}

// looksLikeFHIR tells by its name whether a file in a folder is worth opening.
func looksLikeFHIR(path string) bool {
	name := strings.TrimSuffix(strings.ToLower(filepath.Base(path)), ".gz")
	return !strings.HasPrefix(name, ".") && slices.Contains([]string{".json", ".ndjson", ".jsonl"}, filepath.Ext(name))
}

// file takes in one file. In a folder, a file that is JSON and no FHIR at all is
// passed over: exports come with lists of what is in them.
func (w *run) file(ctx context.Context, path string, inFolder bool) error {
	name := filepath.Base(path)
	f, err := os.Open(path)
	if err != nil {
		w.rep.refuse(Refusal{File: name, Key: "registry.import.not_found"})
		return nil
	}
	defer f.Close()
	w.origin = path
	return w.read(ctx, name, f, fhir.ForFiles, inFolder)
}

// ImportFHIRFrom takes in the Patient resources of one message.
func (r *Room) ImportFHIRFrom(ctx context.Context, d access.Duty, name string, in io.Reader, l fhir.Limits, o Options) (Report, error) {
	w := r.begin(d, o, nil)
	w.origin = name
	if err := w.read(ctx, name, in, l, false); err != nil {
		return w.rep, err
	}
	err := w.finish(ctx)
	return w.rep, err
}

func (w *run) read(ctx context.Context, name string, in io.Reader, l fhir.Limits, inFolder bool) error {
	w.rep.Files++
	w.files = append(w.files, name)
	for res, err := range fhir.Read(name, in, l) {
		if err != nil {
			fault := RefusalOf(err)
			if inFolder && fault.Key == "registry.import.not_resource" {
				w.rep.Others["not FHIR"]++
				continue
			}
			w.rep.refuse(fault)
			w.missed(w.origin)
			continue
		}
		if err := w.resource(ctx, res); err != nil {
			return err
		}
	}
	return nil
}

// resource takes a Patient and counts the others.
func (w *run) resource(ctx context.Context, res fhir.Resource) error {
	if res.Type != "Patient" {
		w.rep.Others[res.Type]++
		return nil
	}
	p, err := fhir.ParsePatient(res.Raw)
	if err != nil {
		var e *fhir.Error
		if errors.As(err, &e) {
			err = res.At(e)
		}
		w.rep.refuse(RefusalOf(err))
		w.missed(w.origin)
		return nil
	}
	in := FromFHIR(p, w.r.DB.Now())
	in.File, in.Line, in.Entry, in.FullURL, in.Origin = res.File, res.Line, res.Entry, res.FullURL, w.origin
	return w.add(ctx, in)
}

// reasonKeys are the sentences for what the reader refuses.
var reasonKeys = map[fhir.Reason]string{
	fhir.Empty: "registry.import.empty", fhir.Syntax: "registry.import.syntax", fhir.Truncated: "registry.import.truncated",
	fhir.Unreadable: "registry.import.unreadable", fhir.Encoding: "registry.import.encoding", fhir.NotResource: "registry.import.not_resource",
	fhir.WrongBundle: "registry.import.wrong_bundle", fhir.TooDeep: "registry.import.too_deep", fhir.TooLarge: "registry.import.too_large",
	fhir.TooMany: "registry.import.too_many", fhir.DuplicateKey: "registry.import.duplicate_key", fhir.WrongType: "registry.import.wrong_type",
	fhir.BadDate: "registry.import.bad_date", fhir.PartialBirth: "registry.import.partial_birth", fhir.NoBirth: "registry.import.no_birth",
	fhir.NoName: "registry.import.no_name",
}

// RefusalOf says what a FHIR reader found wrong, in words with a place.
func RefusalOf(err error) Refusal {
	var e *fhir.Error
	if !errors.As(err, &e) {
		return Refusal{Key: "registry.import.unreadable"}
	}
	return Refusal{File: e.File, Line: e.Line, Entry: e.Entry, Path: e.Path, Key: reasonKeys[e.Reason]}
}

// FromFHIR makes a record of a Patient resource, as it stands at the moment now.
func FromFHIR(p fhir.Patient, now time.Time) Incoming {
	in := Incoming{Ref: p.ID, Birth: p.Birth, Sex: p.Gender, Restricted: p.Restricted, Active: p.Active, MultiBirth: p.MultiBirth,
		Deceased: p.DeceasedAt, Updated: p.Updated, Numbers: fhirNumbers(p, now), Names: fhirNames(p, now), Language: fhirLanguage(p)}
	if p.Deceased && p.DeceasedAt.IsZero() {
		in.Deceased, in.DeathUndated = now, true
	}
	for _, t := range p.Telecom {
		if c, ok := fhirContact(t, now); ok {
			in.Contacts = append(in.Contacts, c)
		}
	}
	for _, a := range p.Addresses {
		u := Current
		if a.Use == "old" || a.Period.Over(now) {
			u = Former
		}
		in.Addresses = append(in.Addresses, Address{u, a.Lines, a.City, a.State, a.PostalCode, a.Country})
	}
	slices.SortStableFunc(in.Addresses, func(a, b Address) int { return strings.Compare(string(a.Usage), string(b.Usage)) }) // current before former
	for _, l := range p.Links {
		in.Links = append(in.Links, Link{LinkKind(l.Type), l.Reference, Number{System: l.Identifier.System, Value: l.Identifier.Value}})
	}
	return in
}

// notNumbers are identifiers people have that are nobody's patient number: kinds
// of HL7 table 0203, and systems of senders that leave the kind out.
var notNumbers = []string{"SS", "SB", "DL", "PPN", "NI", "NH", "MC", "MA", "TAX", "EI", "us-ssn", "us-driver", "passport", "2.16.840.1.113883.4.1", "2.16.840.1.113883.4.3."}

// fhirNumbers prefers what is marked as a medical record number; without any,
// what else a clinic may have given.
func fhirNumbers(p fhir.Patient, now time.Time) []Number {
	var marked, other []Number
	for _, i := range p.Identifiers {
		if i.Value == "" {
			continue
		}
		n := Number{i.System, i.Value, Current}
		if i.Use == "old" || i.Period.Over(now) {
			n.Usage = Former
		}
		switch {
		case i.Type == "MR":
			marked = append(marked, n)
		case i.Use != "temp" && !slices.ContainsFunc(notNumbers, func(s string) bool { return i.Type == s || len(s) > 3 && strings.Contains(i.System, s) }):
			other = append(other, n)
		}
	}
	if len(marked) > 0 {
		return marked
	}
	return other
}

// fhirNames brings the name in use to the front: official before usual before
// any other that is neither old nor a nickname.
func fhirNames(p fhir.Patient, now time.Time) []Name {
	rank := func(n fhir.Name) int {
		switch {
		case n.Use == "old" || n.Use == "maiden" || n.Period.Over(now):
			return 9
		case n.Use == "official":
			return 0
		case n.Use == "usual":
			return 1
		case n.Use == "nickname":
			return 8
		}
		return 2
	}
	all := slices.DeleteFunc(slices.Clone(p.Names), func(n fhir.Name) bool { return n.Use == "anonymous" || n.Use == "temp" })
	slices.SortStableFunc(all, func(a, b fhir.Name) int { return rank(a) - rank(b) })
	var out []Name
	for i, n := range all {
		m := Name{Alias, strings.Join(n.Given, " "), n.Family, strings.Join(n.Suffix, " ")}
		if m.Family == "" && m.Given == "" {
			m.Given, m.Family = fromText(n.Text)
		}
		if i == 0 {
			m.Usage = Current
		} else if rank(n) == 9 {
			m.Usage = Former
		}
		if m.Full() != "" {
			out = append(out, m)
		}
	}
	return out
}

// fromText parts a name that came as one text.
func fromText(s string) (given, family string) {
	if f, g, ok := strings.Cut(s, ","); ok {
		return strings.TrimSpace(g), strings.TrimSpace(f)
	}
	w := strings.Fields(s)
	if len(w) == 0 {
		return "", ""
	}
	return strings.Join(w[:len(w)-1], " "), w[len(w)-1]
}

func fhirLanguage(p fhir.Patient) string {
	for _, l := range p.Languages {
		if l.Preferred {
			return language(l.Code)
		}
	}
	if len(p.Languages) > 0 {
		return language(p.Languages[0].Code)
	}
	return ""
}

// fhirContact takes e-mail addresses and phones that are in use.
func fhirContact(t fhir.Telecom, now time.Time) (Contact, bool) {
	if t.Value == "" || t.Use == "old" || t.Use == "temp" || t.Period.Over(now) || t.Period.Start.After(now) {
		return Contact{}, false
	}
	c := Contact{Value: t.Value, Use: t.Use, Rank: t.Rank, Since: t.Period.Start}
	switch t.System {
	case "email":
		c.Kind = Email
	case "phone":
		c.Kind = Phone
		if t.Use == "mobile" {
			c.Kind = Mobile
		}
	case "sms":
		c.Kind = Mobile
	default:
		return Contact{}, false
	}
	return c, true
}
