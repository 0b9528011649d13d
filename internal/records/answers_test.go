package records_test

import (
	"fmt"
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/record"
)

func smokes(id, who, day, answer string) string {
	return `{"resourceType":"Observation","id":"` + id + `","status":"final","category":[{"coding":[{"code":"social-history"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"72166-2","display":"Tobacco smoking status"}]},
		"subject":{"reference":"Patient/` + who + `"},"effectiveDateTime":"` + day + `","valueCodeableConcept":{"text":"` + answer + `"}}`
}

// The same answer, given again and again, stands once with how often and since when;
// another answer between begins anew, and each time it was given can be opened.
func TestTheSameAnswerStandsOnce(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		for n := range 11 {
			r.put(smokes(fmt.Sprint("n", n), "a", fmt.Sprint(2015+n, "-03-02"), "Never smoker"))
		}
		r.put(smokes("f", "a", "2014-03-02", "Former smoker"), smokes("o", "a", "2013-03-02", "Never smoker"), smokes("b", "b", "2026-01-01", "Smoker"),
			`{"resourceType":"Observation","id":"t1","status":"final","category":[{"coding":[{"code":"social-history"}]}],"code":{"text":"Pets"},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2020-01-01","valueString":"Cat"}`,
			`{"resourceType":"Observation","id":"t2","status":"final","category":[{"coding":[{"code":"social-history"}]}],"code":{"text":"Pets"},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2021-01-01","valueString":"Cat"}`)
		b := r.browser(ana)
		list := b.Get("/records/part?of=social")
		if got := all(list, ".rowlink-t"); strings.Count(got, "Smoking") != 3 || strings.Count(got, "Pets") != 2 {
			t.Errorf("the lines are %q", got)
		}
		if got := all(list, ".rowlink-in"); !strings.Contains(got, "Never smoked · March 2, 2025 · recorded 11 times since March 2, 2015") {
			t.Errorf("the lines say %q", got)
		}
		if got := b.Get("/records/part?of=social&lang=es").Text("main"); !strings.Contains(got, "anotado 11 veces desde el 2 de marzo de 2015") {
			t.Errorf("in Spanish: %q", got)
		}
		b.Get("/records?lang=en")
		item := b.Get(list.Attr(".rowlink", "href"))
		every := b.Get(item.Attr(`a[href*="like="]`, "href"))
		if n := len(every.All(".rowlink")); n != 13 || strings.Contains(every.Text("main"), "recorded") {
			t.Errorf("%d answers in %q", n, every.Text("main"))
		}
		cat := r.first(ana, record.Social)
		f, err := r.Section(ctx, r.chart(ana, access.SeeRecords), record.Social, "")
		for _, row := range f.Rows {
			if row.Title == "Pets" {
				cat = row
			}
		}
		if err != nil || b.Get("/records/item/"+string(cat.ID)).Has(`a[href*="like="]`) {
			t.Errorf("an answer without a code leads to others: %v", err)
		}
		for _, id := range []string{string(r.first(ben, record.Social).ID), string(cat.ID), "fhr-none"} {
			if p := b.Get("/records/part?of=social&like=" + id); p.Status != 404 {
				t.Errorf("%s answers %d", id, p.Status)
			}
		}
		if _, err := r.Like(ctx, r.chart(ana, access.SeeResults), f.Rows[0].ID, ""); !fault.Is(err, fault.Denied) {
			t.Errorf("a chart opened for something else: %v", err)
		}
	})
}

// A long social history is read in pages of lines, each line on one of them.
func TestAnswersComeInPages(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		for n := range 40 {
			r.put(smokes(fmt.Sprint("x", n), "a", fmt.Sprint(1980+n, "-03-02"), fmt.Sprint(n/2, " cigarettes")))
		}
		seen, after := map[string]bool{}, ""
		for page := 0; page < 4; page++ {
			f, err := r.Section(ctx, r.chart(ana, access.SeeRecords), record.Social, after)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range f.Rows {
				seen[row.Value] = true
			}
			if after = f.Next; after == "" {
				break
			}
		}
		if len(seen) != 20 || after != "" {
			t.Errorf("%d lines, and then %q", len(seen), after)
		}
	})
}
