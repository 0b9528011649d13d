package ingest

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ccda"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/registry"
	"portico/internal/store"
)

// Sent is a file that a clerk brings in: what another clinic gave a patient along.
type Sent struct {
	Number string // of the patient it is about
	From   string // who made it; its names for things mean something only there
	File   []byte
}

// uploaded is the source of a file that a clerk brings in. It is none that a feed or
// an operator's import has, so that no file can change what these brought; and one
// for each patient, for many programs call whomever they export Patient/1.
func uploaded(p ids.Patient, from string) string { return "file " + string(p) + ": " + from }

// Upload takes in a file about one patient who is known here: FHIR resources or a
// clinical document, each also gzipped. The file's name and birth date must be
// those of the patient that the clerk means. It never changes the patient index:
// an address or a phone in it could otherwise bring somebody a code for another's
// account. The session must be raised. What cannot be read is Invalid at its
// field, and then nothing came in; single entries that cannot be taken are kept
// among the faults. It gives the identifier of the run.
func (i *Door) Upload(ctx context.Context, d access.Desk, s Sent) (run string, err error) {
	if err := d.NeedRaised(access.TakeImports); err != nil {
		return "", err
	}
	s.From = strings.Join(strings.Fields(store.Clean(s.From)), " ")
	var bad *fault.Fault
	duty := access.NewDuty("upload")
	p, err := i.Registry.Numbered(ctx, duty, s.Number)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Conflict) {
		bad, err = bad.And("number", "ingest.upload.number.unknown"), nil
	}
	if s.From == "" || len(s.From) > maxName {
		bad = bad.And("from", "ingest.upload.from.bad")
	}
	if len(s.File) == 0 {
		bad = bad.And("file", "ingest.upload.file.none")
	}
	if bad != nil {
		return "", bad
	}
	if err != nil {
		return "", err
	}
	free, err := i.slot(ctx)
	if err != nil {
		return "", err
	}
	defer free()
	w, began := i.begin(duty, uploaded(p, s.From)), i.DB.Now()
	w.sender = s.From
	sum := sha256.Sum256(s.File)
	name := s.From + " " + hex.EncodeToString(sum[:6])
	if err := w.upload(ctx, name, p, s.File); err != nil {
		return "", err
	}
	w.files = []string{name}
	if err := w.keepFaults(ctx); err != nil {
		return "", err
	}
	return w.keep(ctx, began, d.Did(audit.RecordsTaken, s.From).On(string(p)))
}

// upload reads a file by what it is, whatever it is called.
func (w *work) upload(ctx context.Context, name string, p ids.Patient, body []byte) error {
	switch first(body) {
	case '<':
		doc, err := ccda.Read(name, bytes.NewReader(body), ccda.Usual)
		if e, ok := errors.AsType[*ccda.Error](err); ok {
			return fault.Bad("file", "ingest.ccda."+string(e.Reason))
		}
		if err != nil {
			return err
		}
		plain, err := unpacked(body)
		if err != nil {
			return fault.Bad("file", "ingest.ccda.unreadable")
		}
		if doc.Patient.Birth.Precision < ccda.Day {
			return fault.Bad("file", "ingest.upload.other")
		}
		if err := w.isAbout(ctx, p, namesOf(doc.Patient), doc.Patient.Birth.At.Format(time.DateOnly)); err != nil {
			return err
		}
		w.rep.People.Files++
		return w.filed(ctx, name, p, doc, plain)
	case '{', '[':
		return w.chart(ctx, name, p, body)
	}
	return fault.Bad("file", "ingest.upload.file.kind")
}

// chart takes in FHIR resources. The file is read to its end before anything of
// it is taken.
func (w *work) chart(ctx context.Context, name string, p ids.Patient, body []byte) error {
	w.rep.People.Files++
	var about []registry.Seen
	for res, err := range fhir.Read(name, bytes.NewReader(body), fhir.ForHTTP) {
		if err != nil {
			return fault.Bad("file", registry.RefusalOf(err).Key)
		}
		if res.Type != "Patient" {
			continue
		}
		person, err := fhir.ParsePatient(res.Raw)
		if err != nil {
			return fault.Bad("file", registry.RefusalOf(err).Key)
		}
		var names []registry.Details
		for _, n := range registry.FromFHIR(person, w.DB.Now()).Names {
			names = append(names, registry.Details{Given: n.Given, Family: n.Family})
		}
		if err := w.isAbout(ctx, p, names, person.Birth); err != nil {
			return err
		}
		about = append(about, registry.Seen{Origin: name, Ref: person.ID, FullURL: res.FullURL, ID: p})
	}
	if len(about) == 0 {
		return fault.Bad("file", "ingest.upload.nobody")
	}
	if err := w.seen(ctx, about); err != nil {
		return err
	}
	for _, late := range []bool{false, true} {
		if err := w.read(ctx, part{name, bytes.NewReader(body), fhir.ForHTTP, p, late}, nil); err != nil || !w.left {
			return err
		}
	}
	return nil
}

// isAbout refuses a file whose name or birth date are not those of p.
func (w *work) isAbout(ctx context.Context, p ids.Patient, names []registry.Details, birth string) error {
	var same bool
	err := w.DB.View(ctx, func(tx *store.Tx) (err error) {
		same, err = w.same(ctx, tx, p, names, birth)
		return err
	})
	if err == nil && !same {
		err = fault.Bad("file", "ingest.upload.other")
	}
	return err
}

// first is the first letter of a file, also of a gzipped one; 0 if there is none.
func first(body []byte) byte {
	if bytes.HasPrefix(body, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return 0
		}
		// An end too early is the reader's to tell.
		body, _ = io.ReadAll(io.LimitReader(z, 4096))
	}
	body = bytes.TrimLeft(bytes.TrimPrefix(body, []byte("\ufeff")), " \t\r\n")
	if len(body) == 0 {
		return 0
	}
	return body[0]
}
