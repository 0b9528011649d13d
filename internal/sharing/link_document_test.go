package sharing

import (
	"strings"
	"testing"

	"portico/internal/fhir"
	"portico/internal/record"
)

// summary is the document that a link to these sections of ana's record gives.
func (r *rig) summary(sections ...record.Section) fhir.Node {
	r.t.Helper()
	c := r.sharer("acc_ana", ana)
	files, err := r.Sharing.shared(ctx, c, linkOrder(sections...))
	if err != nil {
		r.t.Fatal(err)
	}
	return fhir.Parse(files[0].Content)
}

// A summary has what its standard demands (hl7.org/fhir/uv/ips): identifier and
// moment of the document, a full address of each entry, and a Composition with
// type, subject, author and title; medicines, allergies and problems whether they
// were chosen or not; a code, a title, words, and entries or why there are none in
// each section. What its sections name is in it, as what it is said to be.
func TestASummaryHasWhatItsStandardDemands(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("o1", "a", "6.1"), condition("c1", "a", "Diabetes", "2019-05"),
			`{"resourceType":"DiagnosticReport","id":"d1","status":"final","code":{"text":"Panel"},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2026-01-01","result":[{"reference":"Observation/o1"}]}`)
		for _, sections := range [][]record.Section{record.Sections, {record.Results}, {record.Conditions, record.Other}} {
			doc := r.summary(sections...)
			if doc.Get("type").Text() != "document" || doc.Get("identifier").Get("value").Text() == "" || doc.Get("identifier").Get("system").Text() == "" || !doc.Get("timestamp").Exists() {
				t.Errorf("the document is %s", doc.Get("identifier").Get("value").Text())
			}
			there := map[string]bool{}
			for _, e := range doc.Get("entry").List() {
				kind, id := e.Get("resource").Get("resourceType").Text(), e.Get("resource").Get("id").Text()
				if name := kind + "/" + id; there[name] || id == "" || !strings.HasSuffix(e.Get("fullUrl").Text(), "/fhir/"+name) {
					t.Errorf("%s has the address %s, or is there twice", name, e.Get("fullUrl").Text())
				}
				there[kind+"/"+id] = true
			}
			c := doc.Get("entry").List()[0].Get("resource")
			for _, name := range []string{c.Get("subject").Get("reference").Text(), c.Get("author").List()[0].Get("reference").Text(), c.Get("custodian").Get("reference").Text()} {
				if !there[name] {
					t.Errorf("%s is not in the document", name)
				}
			}
			if c.Get("resourceType").Text() != "Composition" || c.Get("type").Concept().Code() != "60591-5" || c.Get("status").Text() != "final" || c.Get("title").Text() == "" || !c.Get("date").Exists() {
				t.Errorf("the first entry is a %s", c.Get("resourceType").Text())
			}
			if got, want := sectionsOf(t, c, there), []string{"10160-0", "48765-2", "11450-4"}; !got[want[0]] || !got[want[1]] || !got[want[2]] {
				t.Errorf("the sections are %v", got)
			}
		}
	})
}

// sectionsOf checks each section of a Composition and gives their codes.
func sectionsOf(t *testing.T, c fhir.Node, there map[string]bool) map[string]bool {
	t.Helper()
	codes := map[string]bool{}
	for _, s := range c.Get("section").List() {
		title := s.Get("title").Text()
		if title == "" || s.Get("code").Concept().Words() == "" || s.Get("text").Get("status").Text() != "generated" || !strings.HasPrefix(s.Get("text").Get("div").Text(), xhtml) {
			t.Errorf("section %q lacks its code or words", title)
		}
		if s.Get("entry").Exists() == s.Get("emptyReason").Exists() {
			t.Errorf("section %q has entries and a reason for having none, or neither", title)
		}
		for _, e := range s.Get("entry").List() {
			if name := e.Get("reference").Text(); !there[name] {
				t.Errorf("section %q names %s, which is not there", title, name)
			}
		}
		codes[s.Get("code").Concept().Code()] = true
	}
	return codes
}

// What was not chosen is not taken for nothing.
func TestWhatIsNotSharedIsSaidToBeWithheld(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(condition("c1", "a", "canary", "2019-05"))
		c := r.summary(record.Allergies).Get("entry").List()[0].Get("resource")
		for _, s := range c.Get("section").List() {
			want := "withheld"
			if s.Get("code").Concept().Code() == "48765-2" {
				want = "unavailable"
			}
			if got := s.Get("emptyReason").Concept().Code(); got != want || strings.Contains(s.Get("text").Get("div").Text(), "canary") {
				t.Errorf("%s is empty for the reason %q", s.Get("title").Text(), got)
			}
		}
	})
}
