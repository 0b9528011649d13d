package records_test

import (
	"strings"
	"testing"

	"portico/internal/clock"
	"portico/internal/record"
	"portico/internal/testkit"
)

// A page in Spanish says of the words of an English record that they are English,
// and of our own nothing; an entry that says its language is believed.
func TestTheSendersWordsAreMarkedWithTheirLanguage(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		r.put(visit, condition("c", "a", "Whiplash"),
			`{"resourceType":"Procedure","id":"p","language":"fr-CA","status":"completed","code":{"text":"Radio du genou"},"subject":{"reference":"Patient/a"},"performedDateTime":"2026-01-04","note":[{"text":"Sans suite"}]}`,
			`{"resourceType":"Observation","id":"w","status":"final","category":[{"coding":[{"code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"29463-7","display":"Body weight"}]},
				"subject":{"reference":"Patient/a"},"effectiveDateTime":"2026-01-04","valueQuantity":{"value":80,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}`)
		b := r.browser(ana)
		for path, want := range map[string]string{"/records/part?of=conditions": "Whiplash", "/records/timeline": "Check-up"} {
			if p := b.Get(path); p.Has("main [lang]") {
				t.Errorf("%s in English marks %q", path, p.Text("main [lang]"))
			}
			if p := b.Get(path + or(strings.Contains(path, "?"), "&", "?") + "lang=es"); !strings.Contains(all(p, `main .rowlink-t[lang="en"]`), want) {
				t.Errorf("%s in Spanish marks %q", path, all(p, `main [lang="en"]`))
			}
			b.Get("/records?lang=en")
		}
		if p := b.Get("/records/part?of=vitals&lang=es"); p.Has("main [lang]") || !strings.Contains(p.Text("main"), "Peso") {
			t.Errorf("our own words are marked: %q", p.Text("main [lang]"))
		}
		p := b.Get("/records/item/" + string(r.first(ana, record.Procedures).ID))
		if got := p.Text(`h1[lang="fr-CA"]`); got != "Radio du genou" || p.Text(`.note p[lang="fr-CA"]`) != "Sans suite" {
			t.Errorf("an entry in French is named %q", got)
		}
	})
}

// all are the words of everything that matches, a comma between.
func all(p *testkit.Page, selector string) string {
	var out []string
	for _, n := range p.All(selector) {
		out = append(out, testkit.Words(n))
	}
	return strings.Join(out, ", ")
}

func or(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

// A visit lists what belongs to it by section, and does not say its own day of
// each thing again.
func TestAVisitListsBySection(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		in := `"subject":{"reference":"Patient/a"},"encounter":{"reference":"Encounter/e"}`
		r.put(`{"resourceType":"Procedure","id":"p","status":"completed","code":{"text":"Splint"},`+in+`,"performedDateTime":"2026-01-05T09:10:00Z"}`,
			`{"resourceType":"Procedure","id":"q","status":"completed","code":{"text":"Removal"},`+in+`,"performedDateTime":"2026-02-07"}`,
			visit, condition("c", "a", "Fracture"))
		p := r.browser(ana).Get("/records/item/" + string(r.first(ana, record.Visits).ID))
		if got := all(p, "main h3"); !strings.HasPrefix(got, "Conditions") || !strings.Contains(got, "Procedures") {
			t.Errorf("the visit has %q", got)
		}
		list := all(p, "main .rows")
		if strings.Contains(list, "January 5, 2026") || !strings.Contains(list, "February 7, 2026") {
			t.Errorf("the lines are %q", list)
		}
	})
}

// What a plan says to do stands on its page once, each thing in it once; how a goal
// stands is said in our words.
func TestAPlanAndAGoalAreReadable(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		r.put(`{"resourceType":"CarePlan","id":"p","status":"active","intent":"plan","category":[{"text":"Knee care"}],"subject":{"reference":"Patient/a"},"period":{"start":"2026-01-04"},
			"activity":[{"detail":{"status":"in-progress","code":{"text":"Heat therapy"}}},{"detail":{"status":"in-progress","code":{"text":"Heat therapy"}}},{"detail":{"status":"in-progress","code":{"text":"Rest"}}}]}`)
		b := r.browser(ana)
		if got := all(b.Get("/records/part?of=plans"), ".rowlink-b"); !strings.HasPrefix(got, "Heat therapy, Rest") {
			t.Errorf("the list says %q", got)
		}
		if got := b.Get("/records/item/" + string(r.first(ana, record.Plans).ID)).Text("main"); strings.Count(got, "Heat therapy") != 1 {
			t.Errorf("the plan says %q", got)
		}
		r.put(`{"resourceType":"Goal","id":"g","lifecycleStatus":"active","achievementStatus":{"coding":[{"code":"in-progress"}]},"description":{"text":"Walk daily"},"subject":{"reference":"Patient/a"},"startDate":"2026-01-06"}`)
		if got := b.Get("/records/item/" + string(r.first(ana, record.Plans).ID)).Text("main"); !strings.Contains(got, "Going on") || strings.Contains(got, "in-progress") {
			t.Errorf("the goal says %q", got)
		}
	})
}

// A visit that ended on the day it began says at what time.
func TestWhatEndsOnItsDaySaysWhen(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		r.put(strings.Replace(visit, `T09:00:00Z"}`, `T09:00:00Z","end":"2026-01-05T09:40:00Z"}`, 1))
		if got := r.browser(ana).Get("/records/item/" + string(r.first(ana, record.Visits).ID)).Text("dl"); !strings.Contains(got, "9:40") {
			t.Errorf("the visit says %q", got)
		}
	})
}

// A value that was not sent says so and why, and an insurance says once who pays and
// whose it is in our words.
func TestWhatIsAbsentSaysWhy(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		r.put(`{"resourceType":"Observation","id":"o","status":"final","category":[{"coding":[{"code":"social-history"}]}],"code":{"text":"Score"},"subject":{"reference":"Patient/a"},
				"effectiveDateTime":"2026-01-04","dataAbsentReason":{"coding":[{"code":"asked-declined"}]}}`,
			`{"resourceType":"Coverage","id":"k","status":"active","type":{"text":"PPO"},"beneficiary":{"reference":"Patient/a"},"subscriberId":"888","relationship":{"coding":[{"code":"self"}],"text":"Self"},"payor":[{"display":"Acme"}]}`)
		b := r.browser(ana)
		if got := b.Get("/records/item/" + string(r.first(ana, record.Social).ID)).Text("dl"); !strings.Contains(got, "No value was sent: asked, and not answered") {
			t.Errorf("the score says %q", got)
		}
		if got := b.Get("/records/part?of=insurance").Text("main .rowlink-in"); !strings.Contains(got, "Member number 888") {
			t.Errorf("the list says %q", got)
		}
		got := b.Get("/records/item/" + string(r.first(ana, record.Insurance).ID)).Text("dl")
		if strings.Count(got, "Acme") != 1 || strings.Count(got, "888") != 1 || !strings.Contains(got, "You") || strings.Contains(got, "Self") {
			t.Errorf("the insurance says %q", got)
		}
	})
}

// What goes on says since when, in Spanish with the article a day needs.
func TestWhatLastsSaysSinceWhen(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		r.put(`{"resourceType":"CarePlan","id":"p","status":"active","intent":"plan","title":"Knee care","subject":{"reference":"Patient/a"},"period":{"start":"2026-01-04"}}`,
			`{"resourceType":"CarePlan","id":"q","status":"completed","intent":"plan","title":"Hip care","subject":{"reference":"Patient/a"},"period":{"start":"2025-01-04","end":"2025-03"}}`,
			visit, condition("c", "a", "Cough"))
		b := r.browser(ana)
		if got := all(b.Get("/records/part?of=plans"), ".rowlink-in"); !strings.Contains(got, "since January 4, 2026") || !strings.Contains(got, "January 4, 2025 to March 2025") {
			t.Errorf("the plans say %q", got)
		}
		if got := all(b.Get("/records/part?of=plans&lang=es"), ".rowlink-in"); !strings.Contains(got, "desde el 4 de enero de 2026") || !strings.Contains(got, "desde el 4 de enero de 2025 hasta marzo de 2025") {
			t.Errorf("in Spanish %q", got)
		}
		if got := all(b.Get("/records/part?of=conditions"), ".rowlink-in"); !strings.Contains(got, "desde enero de 2026") {
			t.Errorf("the condition says %q", got)
		}
	})
}

// Numbers that came with a value beside it, such as how much oxygen was given, stand on
// its page; a value that was not sent says so in the list.
func TestPartsBesideAValueAreShown(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		oxygen := `"status":"final","category":[{"coding":[{"code":"vital-signs"}]}],"code":{"coding":[{"system":"http://loinc.org","code":"2708-6"}],"text":"Oxygen saturation"},"subject":{"reference":"Patient/a"}`
		r.put(`{"resourceType":"Observation","id":"o",`+oxygen+`,"effectiveDateTime":"2026-01-04","valueQuantity":{"value":97,"unit":"%","system":"http://unitsofmeasure.org","code":"%"},"component":[
				{"code":{"text":"Inhaled oxygen flow rate"},"valueQuantity":{"value":6,"unit":"L/min","system":"http://unitsofmeasure.org","code":"L/min"}}]}`,
			`{"resourceType":"Observation","id":"n",`+oxygen+`,"effectiveDateTime":"2025-01-04","dataAbsentReason":{"coding":[{"code":"unknown"}]}}`)
		b := r.browser(ana)
		if got := b.Get("/records/item/" + string(r.first(ana, record.Vitals).ID)).Text("dl"); !strings.Contains(got, "97 %") || !strings.Contains(got, "Inhaled oxygen flow rate 6 L/min") {
			t.Errorf("the page says %q", got)
		}
		if got := all(b.Get("/records/part?of=vitals"), ".rowlink-b"); !strings.Contains(got, "No value was sent: not known · January 4, 2025") {
			t.Errorf("the list says %q", got)
		}
	})
}

// A care team names each with what they are in it, but not the patient to themselves;
// what somebody wants for their own care is no test result.
func TestACareTeamAndWishes(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		r.put(`{"resourceType":"CareTeam","id":"t","status":"active","name":"Heart team","subject":{"reference":"Patient/a"},"participant":[
				{"role":[{"text":"Patient"}],"member":{"reference":"Patient/a","display":"Ana Rivera"}},
				{"role":[{"text":"Heart doctor"}],"member":{"display":"Dr. Okafor"}},{"member":{"display":"River Hospital"}}]}`,
			`{"resourceType":"Observation","id":"w","status":"final","category":[{"coding":[{"code":"care-experience-preference"}]}],"code":{"text":"Wishes"},"subject":{"reference":"Patient/a"},"effectiveDateTime":"2026-01-04","valueString":"Music near me"}`)
		b := r.browser(ana)
		list, page := all(b.Get("/records/part?of=care_team"), ".rowlink-in"), b.Get("/records/item/"+string(r.first(ana, record.CareTeam).ID)).Text("dl")
		if !strings.Contains(list, "Dr. Okafor, River Hospital") || !strings.Contains(page, "Dr. Okafor (Heart doctor), River Hospital") || strings.Contains(list+page, "Ana Rivera") {
			t.Errorf("the list says %q, the page %q", list, page)
		}
		if got := all(b.Get("/records/part?of=plans"), ".rowlink-in"); !strings.Contains(got, "Music near me") {
			t.Errorf("the plans say %q", got)
		}
	})
}

// A picture in a document is shown and can be taken; a file on another server is not
// fetched, and the page says that there is one.
func TestFilesOfADocument(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		note := func(id, attachment string) string {
			return `{"resourceType":"DocumentReference","id":"` + id + `","status":"current","type":{"text":"Letter"},"subject":{"reference":"Patient/a"},"date":"2026-01-04T10:00:00Z","content":[{"attachment":` + attachment + `}]}`
		}
		r.put(note("p", `{"contentType":"image/gif","title":"Skin","data":"R0lGODlhAQABAAAAACwAAAAAAQABAAACAkQBADs="}`))
		b := r.browser(ana)
		page := b.Get("/records/item/" + string(r.first(ana, record.Notes).ID))
		if got := b.Get(page.Attr("main img", "src")); page.Attr("main img", "alt") != "Picture: Skin" || got.Status != 200 || got.Header.Get("Content-Type") != "image/gif" {
			t.Errorf("%q is %d %q", page.Attr("main img", "alt"), got.Status, got.Header.Get("Content-Type"))
		}
		const away = "A file belongs to this that is not here"
		if strings.Contains(page.Text("main"), away) {
			t.Error("a file that is here is said to be elsewhere")
		}
		r.put(strings.Replace(note("q", `{"contentType":"image/jpeg","url":"https://elsewhere.example/Binary/1"}`), "2026-01-04", "2026-01-05", 1))
		if got := b.Get("/records/item/" + string(r.first(ana, record.Notes).ID)).Text("main"); !strings.Contains(got, away) || strings.Contains(got, "elsewhere.example") {
			t.Errorf("the page says %q", got)
		}
	})
}
