package record

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"portico/internal/fhir"
	"portico/internal/ids"
)

// incoming is one resource that can be taken in.
type incoming struct {
	in    fhir.Resource
	node  fhir.Node
	refs  []found
	own   found
	names []string // by which it is known, the surest first

	id      ids.Resource
	home    ids.Patient // the record it came in for
	patient ids.Patient // in whose chart that stands
	awaited bool        // a name led to its identifier before
	body    []byte
	hash    string
	sent    time.Time
}

// prepare reads a resource as far as that needs no database.
func prepare(b Batch, r fhir.Resource, rep *Report) *incoming {
	for _, p := range passed {
		if p == r.Type {
			if rep.Passed == nil {
				rep.Passed = map[string]int{}
			}
			rep.Passed[p]++
			return nil
		}
	}
	in := &incoming{in: r, node: fhir.Parse(r.Raw)}
	var err error
	if in.refs, in.own, err = references(r.Raw); err != nil {
		rep.refuse(r, "", "record.refused.syntax")
		return nil
	}
	in.names = in.ownNames(b.Source)
	if len(in.names) == 0 {
		// Without any name of its own the content is the name: the same resource
		// again is the same resource.
		sum := sha256.Sum256(r.Raw)
		in.names = []string{b.Source + "|sha256:" + hex.EncodeToString(sum[:])}
	}
	in.sent = in.node.Get("meta").Get("lastUpdated").Moment()
	if in.sent.IsZero() { // of results: when this version was made known (Observation.issued, DiagnosticReport.issued)
		in.sent = in.node.Get("issued").Moment()
	}
	if err := in.node.Err(); err != nil {
		var e *fhir.Error
		errors.As(err, &e)
		rep.refuse(r, e.Path, "record.refused."+string(e.Reason))
		return nil
	}
	return in
}

func (in *incoming) ownNames(source string) []string {
	var out []string
	if in.in.ID != "" {
		out = append(out, source+"|"+in.in.Type+"/"+in.in.ID)
	}
	if n, _ := nameOf(source, in.in.FullURL); n != "" && (len(out) == 0 || n != out[0]) {
		out = append(out, n)
	}
	if Shared(in.in.Type) {
		// Only what belongs to nobody is known by its identifiers across senders.
		for _, i := range in.node.Get("identifier").List() {
			if s, v := i.Get("system").Text(), i.Get("value").Text(); s != "" && v != "" {
				out = append(out, in.in.Type+"?identifier="+s+"|"+v)
			}
		}
	}
	return out
}

// claim finds whose the resource says it is; a key says why it cannot be taken.
func (in *incoming) claim(b Batch) string {
	if Shared(in.in.Type) {
		return ""
	}
	for _, o := range owner(in.node) {
		p, ok := b.person(o.Get("reference").Text())
		switch {
		case !ok:
			return "record.refused.unknown_patient"
		case b.Patient != "" && p != b.Patient:
			return "record.refused.other_patient"
		}
		in.home = p
		return ""
	}
	if b.Patient != "" {
		in.home = b.Patient
	}
	if in.home == "" {
		return "record.refused.nobody"
	}
	return ""
}

// find asks for the patients resources are about that nobody has named yet.
func (b *Batch) find(ctx context.Context, all []*incoming) error {
	if b.Find == nil {
		return nil
	}
	var ask []string
	for _, in := range all {
		for _, f := range in.refs {
			if _, ok := b.person(f.value); !ok && mayBePatient(f) && !slices.Contains(ask, f.value) {
				ask = append(ask, f.value)
			}
		}
	}
	if len(ask) == 0 {
		return nil
	}
	found, err := b.Find(ctx, ask)
	if len(found) > 0 {
		people := maps.Clone(b.People)
		if people == nil {
			people = map[string]ids.Patient{}
		}
		maps.Copy(people, found)
		b.People = people
	}
	return err
}

// mayBePatient tells whether a reference names a patient, or may do so by the
// element it stands in.
func mayBePatient(f found) bool {
	if _, kind := nameOf("", f.value); kind != "" {
		return kind == "Patient"
	}
	return strings.HasPrefix(f.value, "urn:") && slices.Contains(ownerElements, f.path)
}

// person finds the patient a reference means.
func (b Batch) person(ref string) (ids.Patient, bool) {
	if p, ok := b.People[ref]; ok {
		return p, true
	}
	if m := logical.FindStringSubmatch(ref); m != nil && m[1] == "Patient" {
		p, ok := b.People["Patient/"+m[2]]
		return p, ok
	}
	return "", false
}
