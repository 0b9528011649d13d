package registry

import (
	"testing"

	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/secret"
	"portico/internal/store"
)

// newKeys2 is the test keyring after its secret was changed.
func newKeys2(t *testing.T) *secret.Keyring {
	return must[*secret.Keyring](t)(secret.NewKeyring("bmV3LXNlY3JldC1vZi10aGUtdGVzdHMtcXdlcnR5dWlvcGxramg", "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm"))
}

func replacedBy(number, ref string) Incoming {
	return with(ana(number), func(in *Incoming) { in.Links, in.Active = []Link{{Kind: ReplacedBy, Ref: ref}}, false })
}

// Whichever record comes first, both numbers find one person.
func TestJoinedNumbersFindOnePerson(t *testing.T) {
	survivor := with(ana("2"), func(in *Incoming) { in.Names, in.Birth = []Name{{Current, "Ana", "Nguyen", ""}}, "1962-09-04" })
	orders := map[string][][]Incoming{
		"the new one first":     {{survivor}, {replacedBy("1", "Patient/id-2")}},
		"the old one first":     {{replacedBy("1", "Patient/id-2")}, {survivor}},
		"both at once":          {{replacedBy("1", "https://ehr.example/fhir/Patient/id-2/_history/3"), survivor}},
		"said by the survivor":  {{ana("1")}, {with(survivor, func(in *Incoming) { in.Links = []Link{{Kind: Replaces, Ref: "Patient/id-1"}} })}},
		"by number":             {{with(ana("1"), func(in *Incoming) { in.Links = []Link{{Kind: ReplacedBy, Number: Number{System: system, Value: "2"}}} })}, {survivor}},
		"by the bundle's names": {{with(survivor, func(in *Incoming) { in.FullURL = "urn:uuid:xyz" }), replacedBy("1", "urn:uuid:xyz")}},
		"saying nothing else": {{ana("1")}, {survivor}, {{Ref: "id-1", Numbers: []Number{{System: system, Value: "1"}},
			Links: []Link{{Kind: ReplacedBy, Ref: "Patient/id-2"}}}}},
	}
	each(t, func(t *testing.T, r *Room, _ *clock.Fake) {
		for name, steps := range orders {
			merged := 0
			for _, s := range steps {
				rep := take(t, r, s...)
				merged += rep.Merged
				if rep.Refused != 0 {
					t.Fatal(name, rep.Lines(lang.En))
				}
			}
			a, b := one(t, r, "1", "1962-09-04"), one(t, r, "2", "1962-09-04")
			if a == "" || a != b || merged != 1 || one(t, r, "1", "1962-04-09") != "" {
				t.Errorf("%s: %q %q, %d joined", name, a, b, merged)
			}
			p := person(t, r, a)
			if p.Given != "Ana" || len(p.Numbers) != 2 || len(p.Names) != 3 || p.Number() != "2" {
				t.Errorf("%s: %+v", name, p)
			}
			before := state(t, r)
			for _, s := range steps[max(0, len(steps)-2):] {
				take(t, r, s...)
			}
			if after := state(t, r); name != "saying nothing else" && after != before {
				t.Errorf("%s: the second import wrote: %v, before %v", name, after, before)
			}
			empty(t, r)
		}
	})
}

// empty clears the index between cases.
func empty(t *testing.T, r *Room) {
	t.Helper()
	err := r.DB.Housekeep(ctx, "test", func(tx *store.Tx) error {
		for _, table := range []string{"patient_link", "patient_address", "patient_contact", "patient_key", "patient_word", "patient_name", "patient_number", "patient"} {
			if _, err := tx.Exec(ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestChainsPartsAndCircles(t *testing.T) {
	each(t, func(t *testing.T, r *Room, _ *clock.Fake) {
		take(t, r, replacedBy("1", "Patient/id-2"), replacedBy("2", "Patient/id-3"), ana("3"))
		last := one(t, r, "3", "1962-04-09")
		for _, n := range []string{"1", "2"} {
			if one(t, r, n, "1962-04-09") != last {
				t.Errorf("%s does not lead to the end of the chain", n)
			}
		}
		// A joined record whose own birth date is corrected still leads there by the survivor's.
		take(t, r, with(replacedBy("1", "Patient/id-2"), func(in *Incoming) { in.Birth = "1962-04-19" }))
		if one(t, r, "1", "1962-04-09") != last || one(t, r, "1", "1962-04-19") != "" {
			t.Error("the birth date of a joined record counts")
		}
		take(t, r, with(ana("3"), func(in *Incoming) { in.Birth = "1963-04-09" }))
		if one(t, r, "1", "1963-04-09") != last || one(t, r, "1", "1962-04-09") != "" {
			t.Error("the survivor's birth date does not count")
		}
		take(t, r, ana("3"))
		// The middle one stands for itself again, and the first leads to it.
		rep := take(t, r, ana("2"))
		two := one(t, r, "2", "1962-04-09")
		if two == last || one(t, r, "1", "1962-04-09") != two || rep.Merged != 2 {
			t.Errorf("parted: %v, %d changed", two == last, rep.Merged)
		}
		rep = take(t, r, with(replacedBy("2", "Patient/id-1"), func(in *Incoming) {}))
		if len(rep.Refusals) != 1 || rep.Refusals[0].Key != "registry.import.circle" {
			t.Error(rep.Lines(lang.En))
		}
		if one(t, r, "2", "1962-04-09") == "" {
			t.Error("a circle made somebody disappear")
		}
		take(t, r, replacedBy("9", "Patient/unknown"), with(ana("8"), func(in *Incoming) {
			in.Links = []Link{{Kind: SeeAlso, Ref: "Patient/id-3"}, {Kind: ReplacedBy, Ref: "RelatedPerson/1"}}
		}))
		if n := count(t, r, "patient WHERE merged_into IS NOT NULL"); n != 1 {
			t.Errorf("%d joined", n)
		}
	})
}

// A number the survivor only remembers belongs to the record that has it.
func TestRememberedNumber(t *testing.T) {
	each(t, func(t *testing.T, r *Room, _ *clock.Fake) {
		survivor := with(ana("2"), func(in *Incoming) { in.Numbers = append(in.Numbers, Number{System: system, Value: "1", Usage: Former}) })
		take(t, r, survivor)
		if id := one(t, r, "1", "1962-04-09"); id == "" || id != one(t, r, "2", "1962-04-09") {
			t.Error("a former number finds nobody")
		}
		if rep := take(t, r, ana("1")); rep.New != 1 {
			t.Error(rep.Lines(lang.En))
		}
		if one(t, r, "1", "1962-04-09") == one(t, r, "2", "1962-04-09") {
			t.Error("a record of its own is taken for the one that remembers its number")
		}
		take(t, r, with(survivor, func(in *Incoming) { in.Sex = "male" }))
		var none ids.Patient
		if id := one(t, r, "1", "1962-04-09"); id == none || id == one(t, r, "2", "1962-04-09") {
			t.Error("a remembered number was taken away from its record")
		}
	})
}

// The names of several people are those that each has by themselves, under the
// record that was asked for; who is not there is left out.
func TestNamesOfSeveral(t *testing.T) {
	each(t, func(t *testing.T, r *Room, _ *clock.Fake) {
		take(t, r, with(ana("2"), func(in *Incoming) { in.Names = []Name{{Current, "Ana", "Nguyen", ""}} }))
		take(t, r, replacedBy("1", "Patient/id-2"))
		all := view(t, r, func(tx *store.Tx) ([]ids.Patient, error) {
			return store.List(ctx, tx, store.One[ids.Patient], `SELECT id FROM patient`)
		})
		got := view(t, r, func(tx *store.Tx) (map[ids.Patient]string, error) { return r.Names(ctx, tx, append(all, "pat_none")) })
		if len(all) != 2 || len(got) != 2 {
			t.Fatal(all, got)
		}
		for _, id := range all {
			if got[id] != "Ana Nguyen" {
				t.Errorf("%s is called %q", id, got[id])
			}
		}
		if none := view(t, r, func(tx *store.Tx) (map[ids.Patient]string, error) { return r.Names(ctx, tx, nil) }); len(none) != 0 {
			t.Error(none)
		}
	})
}
