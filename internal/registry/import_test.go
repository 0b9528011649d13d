package registry

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/clock"
	"portico/internal/lang"
	"portico/internal/store"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// What comes in is what is known afterwards.
func TestImportedPersonIsWhatWasSent(t *testing.T) {
	each(t, func(t *testing.T, r *Room, c *clock.Fake) {
		in := with(ana("0012-3"), func(in *Incoming) {
			in.Contacts = append(in.Contacts, Contact{Kind: Email, Value: "not an address"})
			in.MultiBirth, in.Restricted = true, true
		})
		rep := take(t, r, in)
		if rep.New != 1 || len(rep.Warnings) != 1 || rep.Refused != 0 {
			t.Fatalf("%+v", rep)
		}
		want := Patient{
			Given: "Ana María", Family: "García López", Birth: "1962-04-09", Sex: "female", Language: "es", Active: true, MultiBirth: true, Restricted: true,
			Names: in.Names, Numbers: in.Numbers, Addresses: in.Addresses,
			Contacts: []Contact{{Kind: Email, Value: "Ana@example.org", Use: "home", Rank: 1, Since: c.Now()}, {Kind: Mobile, Value: "+15551862275", Since: c.Now()}},
		}
		got := person(t, r, one(t, r, "00123", "1962-04-09"))
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Patient{}, "ID"), cmpopts.IgnoreFields(Contact{}, "ID"), cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
		if got.Number() != "0012-3" {
			t.Error(got.Number())
		}
	})
}

// tally is the whole state of the index, to see that nothing was written.
func state(t *testing.T, r *Room) [5]int {
	return [5]int{count(t, r, "patient"), count(t, r, "audit_entry"), count(t, r, "patient_contact"), count(t, r, "patient_link"), count(t, r, "import_fault")}
}

func TestSampleFilesComeInOnce(t *testing.T) {
	dir := samples(t)
	each(t, func(t *testing.T, r *Room, c *clock.Fake) {
		paths := []string{filepath.Join(dir, "fhir-synthea"), filepath.Join(dir, "fhir-uscore")}
		rep := must[Report](t)(r.ImportFHIR(ctx, duty, paths, Options{}, io.Discard))
		if rep.New != 131 || rep.Refused != 0 || len(rep.Warnings) != 0 || rep.Files != 136 {
			t.Fatalf("%+v", rep.Lines(lang.En))
		}
		if n := count(t, r, "patient WHERE deceased_at IS NOT NULL"); n != 20 {
			t.Errorf("%d deceased", n)
		}
		if n := count(t, r, "patient WHERE language NOT LIKE 'en%' AND language <> ''"); n != 29 {
			t.Errorf("%d speak another language", n)
		}
		if n := count(t, r, "patient_name WHERE usage = 'former'"); n != 40 {
			t.Errorf("%d former names", n)
		}
		if n := count(t, r, "patient_number"); n != 131 {
			t.Errorf("%d numbers", n)
		}
		p := person(t, r, one(t, r, "44EC4447 9e2c4eb9bd4f0bdb416b806e", "1949-11-29"))
		if p.Family != "Hartmann" || len(p.Contacts) != 1 || p.Contacts[0].Value != "+15551862275" || p.Addresses[0].PostalCode != "01545" {
			t.Errorf("%+v", p)
		}
		before := state(t, r)
		c.Move(time.Hour)
		rep = must[Report](t)(r.ImportFHIR(ctx, duty, paths, Options{}, io.Discard))
		if rep.Unchanged != 131 || rep.New+rep.Changed+rep.Refused != 0 {
			t.Errorf("%+v", rep.Lines(lang.En))
		}
		if after := state(t, r); after != before {
			t.Errorf("the second import wrote: %v, before %v", after, before)
		}
	})
}

// The examples of the US Core packages: a newborn, a deceased person, names in use and old.
func TestStandardExamplesComeIn(t *testing.T) {
	dir := unpack(t, filepath.Join(samples(t), "uscore-packages/us_core_800.tgz"), "package/example/Patient-")
	each(t, func(t *testing.T, r *Room, _ *clock.Fake) {
		rep := must[Report](t)(r.ImportFHIR(ctx, duty, []string{dir}, Options{}, nil))
		if rep.New < 3 || rep.Refused != 0 {
			t.Errorf("%+v", rep.Lines(lang.En))
		}
	})
}

// unpack writes the files of an archive whose names begin with prefix to a folder.
func unpack(t *testing.T, archive, prefix string) string {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Skip("the archive is not here")
	}
	defer f.Close()
	z := must[*gzip.Reader](t)(gzip.NewReader(f))
	dir := t.TempDir()
	for a := tar.NewReader(z); ; {
		h, err := a.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(h.Name, prefix) {
			b := must[[]byte](t)(io.ReadAll(a))
			if err := os.WriteFile(filepath.Join(dir, filepath.Base(h.Name)), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A contact's age is what lets a stranger in or not: it survives a change of
// anything else, and a contact that went away comes back as new.
func TestContactAge(t *testing.T) {
	each(t, func(t *testing.T, r *Room, c *clock.Fake) {
		take(t, r, ana("1"))
		id, first := one(t, r, "1", "1962-04-09"), c.Now()
		since := func() map[string]time.Time {
			out := map[string]time.Time{}
			for _, k := range person(t, r, id).Contacts {
				out[k.Value] = k.Since
			}
			return out
		}
		onFile := func() int {
			return len(view(t, r, func(tx *store.Tx) ([]Contact, error) { return r.ContactsOnFile(ctx, tx, id) }))
		}
		if onFile() != 0 {
			t.Error("a contact of today may be written to")
		}
		c.Move(ContactAge)
		take(t, r, with(ana("1"), func(in *Incoming) { in.Contacts[1].Value, in.Sex = "555 000 1111", "male" }))
		if diff := cmp.Diff(map[string]time.Time{"Ana@example.org": first, "+15550001111": c.Now()}, since()); diff != "" {
			t.Error(diff)
		}
		if onFile() != 1 {
			t.Error("a contact of seven days may not be written to")
		}
		c.Move(time.Hour)
		take(t, r, ana("1"))
		if diff := cmp.Diff(map[string]time.Time{"Ana@example.org": first, "+15551862275": c.Now()}, since()); diff != "" {
			t.Error("a contact that comes back", diff)
		}
		told := first.AddDate(-3, 0, 0)
		take(t, r, with(ana("1"), func(in *Incoming) { in.Contacts[1].Since = told }))
		if !since()["+15551862275"].Equal(told) {
			t.Error("what the sender says of the age is not kept")
		}
		take(t, r, with(ana("1"), func(in *Incoming) { in.Contacts[1].Since = c.Now().AddDate(1, 0, 0) }))
		if !since()["+15551862275"].Equal(told) {
			t.Error("a date in the future counts")
		}
	})
}

func TestFirstImportMayVouchForContacts(t *testing.T) {
	each(t, func(t *testing.T, r *Room, c *clock.Fake) {
		year := c.Now().AddDate(-1, 0, 0)
		must[Report](t)(r.Import(ctx, duty, []Incoming{ana("1")}, Options{ContactsSince: year}))
		if p := person(t, r, one(t, r, "1", "1962-04-09")); !p.Contacts[0].Since.Equal(year) {
			t.Error(p.Contacts)
		}
		// It vouches for people who are new to the index, not for a change.
		must[Report](t)(r.Import(ctx, duty, []Incoming{with(ana("1"), func(in *Incoming) { in.Contacts[0].Value = "new@example.org" })}, Options{ContactsSince: year}))
		if p := person(t, r, one(t, r, "1", "1962-04-09")); !p.Contacts[0].Since.Equal(c.Now()) {
			t.Error(p.Contacts)
		}
	})
}

func TestRefusals(t *testing.T) {
	each(t, func(t *testing.T, r *Room, c *clock.Fake) {
		take(t, r, with(ana("1"), func(in *Incoming) { in.Updated = c.Now() }), ana("2"))
		tests := []struct {
			name, key string
			in        Incoming
		}{
			{"the number of another", "registry.import.other_person", with(ana("1"), func(in *Incoming) {
				in.Names, in.Birth = []Name{{Current, "Tom", "Jones", ""}}, "1990-11-30"
			})},
			{"the numbers of two", "registry.import.several", with(ana("1"), func(in *Incoming) {
				in.Numbers = append(in.Numbers, Number{System: system, Value: "2"})
			})},
			{"no number left", "registry.import.bad_number", ana("--")},
			{"born tomorrow", "registry.import.birth_range", with(ana("9"), func(in *Incoming) { in.Birth = "2026-03-11" })},
			{"born too long ago", "registry.import.birth_range", with(ana("9"), func(in *Incoming) { in.Birth = "1879-12-31" })},
			{"no day", "registry.import.bad_date", with(ana("9"), func(in *Incoming) { in.Birth = "1962" })},
			{"no name", "registry.import.no_name", with(ana("9"), func(in *Incoming) { in.Names = []Name{{Family: "?"}} })},
		}
		for _, tt := range tests {
			rep := take(t, r, tt.in)
			if rep.Refused != 1 || len(rep.Refusals) != 1 || rep.Refusals[0].Key != tt.key {
				t.Errorf("%s: %+v", tt.name, rep.Lines(lang.En))
			}
		}
		// A corrected birth date, a married name and a typing slip are no stranger.
		for _, in := range []Incoming{
			with(ana("2"), func(in *Incoming) { in.Birth = "1971-12-01" }),
			with(ana("2"), func(in *Incoming) { in.Birth, in.Names = "1971-12-01", []Name{{Current, "Ana", "Nguyen", ""}} }),
			with(ana("2"), func(in *Incoming) { in.Birth, in.Names = "1971-12-10", []Name{{Current, "Anna", "Kim", ""}} }),
		} {
			if rep := take(t, r, in); rep.Changed != 1 {
				t.Errorf("%+v", rep.Lines(lang.En))
			}
		}
		older := with(ana("1"), func(in *Incoming) { in.Updated, in.Sex = c.Now().AddDate(0, 0, -1), "male" })
		if rep := take(t, r, older); rep.Older != 1 || person(t, r, one(t, r, "1", "1962-04-09")).Sex != "female" {
			t.Errorf("an older state came in: %+v", rep.Lines(lang.En))
		}
		if n := count(t, r, "patient"); n != 2 {
			t.Errorf("%d patients", n)
		}
	})
}

// Both imports bring the same people at once: each person comes in once.
func TestTwoImportsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, r *Room, _ *clock.Fake) {
		people := crowd(300)
		for i := range people {
			if i%5 == 0 { // known by their sender's identifier alone
				people[i].Ref, people[i].Numbers = "row-"+people[i].Numbers[0].Value, nil
			}
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		total := Report{}
		for w := range 4 {
			mine := append([]Incoming{}, people...)
			if w%2 == 1 {
				for i, k := 0, len(mine)-1; i < k; i, k = i+1, k-1 {
					mine[i], mine[k] = mine[k], mine[i]
				}
			}
			wg.Go(func() {
				rep, err := r.Import(ctx, duty, mine, Options{})
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				total.New += rep.New
				total.Unchanged += rep.Unchanged
				total.Refused += rep.Refused
			})
		}
		wg.Wait()
		if n := count(t, r, "patient"); n != 300 || total.New != 300 || total.Unchanged != 900 || total.Refused != 0 {
			t.Errorf("%d patients; %d new, %d unchanged, %d refused", n, total.New, total.Unchanged, total.Refused)
		}
	})
}

func TestAuditNamesEachPatient(t *testing.T) {
	each(t, func(t *testing.T, r *Room, _ *clock.Fake) {
		take(t, r, ana("1"), ana("2"))
		if n := count(t, r, "audit_entry WHERE action = 'patients.imported' AND patient_id <> '' AND detail = 'new'"); n != 2 {
			t.Errorf("%d lines", n)
		}
		id := one(t, r, "1", "1962-04-09")
		take(t, r, with(ana("1"), func(in *Incoming) { in.Sex = "male" }))
		if n := count(t, r, "audit_entry WHERE action = 'patients.imported' AND detail = 'changed' AND patient_id = '"+string(id)+"'"); n != 1 {
			t.Errorf("%d lines", n)
		}
	})
}

// Numbers, contacts and addresses cannot be read from the database.
func TestWhatIsSealed(t *testing.T) {
	each(t, func(t *testing.T, r *Room, _ *clock.Fake) {
		take(t, r, ana("778899"))
		for _, q := range []string{"SELECT sealed || number_index || pair_index FROM patient_number", "SELECT sealed || value_index FROM patient_contact",
			"SELECT sealed FROM patient_address", "SELECT content_hash FROM patient"} {
			for _, v := range view(t, r, func(tx *store.Tx) ([]string, error) { return store.List(ctx, tx, store.One[string], q) }) {
				for _, secret := range []string{"778899", "xample", "5551862275", "186-2275", "Elm", "01545"} {
					if strings.Contains(v, secret) {
						t.Errorf("%s shows %s", q, secret)
					}
				}
			}
		}
	})
}

func TestFaultsAreKeptUntilTheyAreGone(t *testing.T) {
	each(t, func(t *testing.T, r *Room, c *clock.Fake) {
		file := filepath.Join(t.TempDir(), "people.ndjson")
		good := `{"resourceType":"Patient","id":"1","name":[{"family":"A"}],"birthDate":"1962-04-09"}` + "\n"
		bad := `{"resourceType":"Patient","id":"2","name":[{"family":"B"}],"birthDate":"1962-04"}` + "\n" + `{"resourceType":` + "\n"
		write := func(s string) {
			if err := os.WriteFile(file, []byte(s), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(good + bad + good)
		rep := must[Report](t)(r.ImportFHIR(ctx, duty, []string{file, "no-such-file"}, Options{}, nil))
		want := []string{
			"people.ndjson: line 2: birthDate: The birth date is incomplete.",
			"people.ndjson: line 3: resourceType: This ends in the middle of a record.",
			"no-such-file: This file or folder cannot be opened.",
		}
		var got []string
		for _, f := range rep.Refusals {
			got = append(got, f.Sentence(lang.En))
		}
		if diff := cmp.Diff(want, got); diff != "" || rep.New != 1 || rep.Unchanged != 1 {
			t.Error(diff, rep.New, rep.Unchanged)
		}
		if kept := must[[]Refusal](t)(r.Faults(ctx, duty)); len(kept) != 2 {
			t.Errorf("%d faults kept", len(kept))
		}
		before := state(t, r)
		must[Report](t)(r.ImportFHIR(ctx, duty, []string{file}, Options{}, nil))
		if after := state(t, r); after != before {
			t.Errorf("the same faults were written again: %v, before %v", after, before)
		}
		write(good)
		must[Report](t)(r.ImportFHIR(ctx, duty, []string{file}, Options{}, nil))
		if kept := must[[]Refusal](t)(r.Faults(ctx, duty)); len(kept) != 0 {
			t.Errorf("%d faults kept", len(kept))
		}
	})
}

func TestSpreadsheet(t *testing.T) {
	each(t, func(t *testing.T, r *Room, c *clock.Fake) {
		sheet := "number,last,first,dob,email,shoe size\n1,García López,Ana,4/9/1962,ana@example.org,38\n,Smith,Tom,1950-01-02,,\n2,Bad,Row,1950-13-02,,\n1,Other,Person,1950-01-02,,\n"
		rep := must[Report](t)(r.ImportCSV(ctx, duty, "a/b.csv", strings.NewReader(sheet), Options{}, nil))
		want := []string{
			"2 new, 0 changed, 0 unchanged, 2 refused.",
			"Refused: b.csv: line 4: column 4 (birth date): There is no such day.",
			"Refused: b.csv: line 5: Another row has this patient number.",
			"Column 6 was not read. Its heading is not known.",
		}
		if diff := cmp.Diff(want, rep.Lines(lang.En)); diff != "" {
			t.Error(diff)
		}
		before := state(t, r)
		rep = must[Report](t)(r.ImportCSV(ctx, duty, "b.csv", strings.NewReader(sheet), Options{}, nil))
		if after := state(t, r); after != before || rep.Unchanged != 2 {
			t.Errorf("the second import wrote: %v, before %v", after, before)
		}
		if rep := must[Report](t)(r.ImportCSVFile(ctx, duty, "no-such.csv", Options{}, nil)); rep.Refused != 1 {
			t.Error("a missing file is not told")
		}
	})
}

// The feed knows more than the spreadsheet: what has no column stays.
func TestSpreadsheetKeepsWhatItCannotSay(t *testing.T) {
	each(t, func(t *testing.T, r *Room, c *clock.Fake) {
		take(t, r, with(ana("1"), func(in *Incoming) { in.Restricted = true }))
		id := one(t, r, "1", "1962-04-09")
		rep := must[Report](t)(r.ImportCSV(ctx, duty, "b.csv", strings.NewReader("number,last,first,dob,email\n1,García López,Ana María,4/9/1962,new@example.org\n"), Options{}, nil))
		if rep.Changed != 1 {
			t.Fatal(rep.Lines(lang.En))
		}
		p := person(t, r, id)
		if len(p.Names) != 2 || len(p.Addresses) != 2 || p.Sex != "female" || p.Language != "es" || !p.Restricted || len(p.Contacts) != 2 || len(p.Numbers) != 1 {
			t.Errorf("%+v", p)
		}
		if p.Contacts[0].Value != "new@example.org" || p.Contacts[1].Value != "+15551862275" {
			t.Errorf("%+v", p.Contacts)
		}
	})
}

// A record that came without a number is the same when it gets one.
func TestNumberComesLater(t *testing.T) {
	each(t, func(t *testing.T, r *Room, _ *clock.Fake) {
		take(t, r, with(ana("1"), func(in *Incoming) { in.Numbers = nil }))
		rep := take(t, r, ana("1"))
		if rep.Changed != 1 || count(t, r, "patient") != 1 || one(t, r, "1", "1962-04-09") == "" {
			t.Error(rep.Lines(lang.En))
		}
		// Another sender's patient with the same identifier is somebody else.
		rep = take(t, r, with(ana("7"), func(in *Incoming) { in.Ref, in.Birth = "id-1", "1980-01-01" }))
		if rep.New != 1 {
			t.Error(rep.Lines(lang.En))
		}
	})
}

func TestSecretMayChange(t *testing.T) {
	each(t, func(t *testing.T, r *Room, c *clock.Fake) {
		take(t, r, ana("1"))
		id, first := one(t, r, "1", "1962-04-09"), c.Now()
		c.Move(30 * 24 * time.Hour)
		r.Keys = newKeys2(t)
		if one(t, r, "1", "1962-04-09") != id {
			t.Error("a number written under the old secret is not found")
		}
		rep := take(t, r, ana("1"))
		p := person(t, r, id)
		if rep.Changed != 1 || len(p.Contacts) != 2 || !p.Contacts[0].Since.Equal(first) || len(p.Numbers) != 1 {
			t.Errorf("%+v %+v", rep.Lines(lang.En), p)
		}
		if count(t, r, "patient") != 1 || one(t, r, "1", "1962-04-09") != id {
			t.Error("a second person was made")
		}
	})
}
