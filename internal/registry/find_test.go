package registry

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
	"portico/internal/testkit"
)

func TestByNumber(t *testing.T) {
	each(t, func(t *testing.T, r *Room, _ *clock.Fake) {
		take(t, r, ana("0012-345"), with(ana("7"), func(in *Incoming) { in.Birth = "1980-01-01" }),
			with(ana("7"), func(in *Incoming) {
				in.Ref, in.Birth, in.Numbers = "x", "1990-01-01", []Number{{System: "http://other.example", Value: "7"}}
			}),
			with(ana("8"), func(in *Incoming) { in.Numbers = []Number{{System: "a", Value: "8"}} }),
			with(ana("8"), func(in *Incoming) { in.Ref, in.Numbers = "y", []Number{{System: "b", Value: "8"}} }))
		for _, tt := range []struct {
			number, birth string
			found         bool
		}{
			{"0012-345", "1962-04-09", true}, {" 0012345", "1962-04-09", true}, {"12345", "1962-04-09", false}, {"0012345", "1962-09-04", false},
			{"7", "1980-01-01", true}, {"7", "1990-01-01", true}, {"7", "1962-04-09", false},
			{"8", "1962-04-09", false}, // two people of two systems: neither
			{"", "1962-04-09", false}, {"---", "1962-04-09", false}, {"0012345", "", false}, {nobody, "", false},
		} {
			queries := 0
			err := r.DB.View(store.Counting(ctx, &queries), func(tx *store.Tx) error {
				id, err := r.ByNumber(ctx, tx, tt.number, tt.birth)
				if (err == nil) != tt.found || (id != "") != tt.found || err != nil && err != store.ErrNone {
					t.Errorf("%q %q: %q %v", tt.number, tt.birth, id, err)
				}
				return nil
			})
			if err != nil || queries != 1 {
				t.Errorf("%q %q: %d queries, %v", tt.number, tt.birth, queries, err)
			}
		}
		if _, err := r.Numbered(ctx, duty, "0012345"); err != nil {
			t.Error(err)
		}
		if _, err := r.Numbered(ctx, duty, "7"); !fault.Is(err, fault.Conflict) {
			t.Error("one of two people was chosen")
		}
		if _, err := r.Numbered(ctx, duty, "999"); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

func TestFind(t *testing.T) {
	each(t, func(t *testing.T, r *Room, _ *clock.Fake) {
		d := must[access.Desk](t)(desk(t, r, access.FrontDesk, access.FindPatients))
		take(t, r, ana("1"), with(ana("2"), func(in *Incoming) { in.Names, in.Birth = []Name{{Current, "Li", "Wu", ""}}, "1980-05-06" }),
			with(ana("3"), func(in *Incoming) { in.Names = []Name{{Current, "Lisa", "Wugong", ""}} }),
			replacedBy("4", "Patient/id-2")) // so that Wu was once Ana García López
		for _, tt := range []struct {
			q    Query
			want string
		}{
			{Query{Name: "garcia"}, "García López,Wu"}, {Query{Name: "GARCÍA ana"}, "García López,Wu"}, {Query{Name: "ana gar"}, "García López,Wu"},
			{Query{Name: "lop"}, "García López,Wu"}, {Query{Name: "ruiz"}, "García López,Wu"}, {Query{Name: "garciax"}, ""}, {Query{Name: "100%"}, ""},
			{Query{Name: "wu"}, "Wu"}, {Query{Name: "wu li"}, "Wu"}, {Query{Name: "wug"}, "Wugong"},
			{Query{Birth: "1980-05-06"}, "Wu"}, {Query{Birth: "1962-04-09"}, "García López,Wu,Wugong"}, {Query{Birth: "1962-04-09", Name: "lisa"}, "Wugong"},
			{Query{Number: "1"}, "García López"}, {Query{Number: "4"}, "Wu"}, {Query{Number: "5"}, ""}, {Query{Number: "1", Name: "wu"}, ""},
			{Query{}, ""}, {Query{Name: "'; DROP TABLE patient; --"}, ""},
		} {
			page := must[Page](t)(r.Find(ctx, d, tt.q))
			var got []string
			for _, p := range page.People {
				got = append(got, p.Family)
			}
			if s := strings.Join(got, ","); s != tt.want {
				t.Errorf("%+v: %q, want %q", tt.q, s, tt.want)
			}
		}
		if n := count(t, r, "audit_entry WHERE action = 'patient.found' AND actor = 'staff' AND detail = 'by_number'"); n != 4 {
			t.Errorf("%d searches by number in the log", n)
		}
		id := one(t, r, "1", "1962-04-09")
		if p := must[Patient](t)(r.Show(ctx, d, id)); p.Family != "García López" {
			t.Error(p)
		}
		if n := count(t, r, "audit_entry WHERE action = 'patient.seen' AND patient_id = '"+string(id)+"'"); n != 1 {
			t.Errorf("%d lines", n)
		}
		if _, err := r.Show(ctx, d, "pat_none"); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
		for _, wrong := range []access.Desk{{}, must[access.Desk](t)(desk(t, r, access.FrontDesk, access.IssueCodes))} {
			if _, err := r.Find(ctx, wrong, Query{Name: "garcia"}); !fault.Is(err, fault.Denied) {
				t.Error("found without the task")
			}
			if _, err := r.Show(ctx, wrong, id); !fault.Is(err, fault.Denied) {
				t.Error("shown without the task")
			}
		}
		if _, err := r.Mine(ctx, access.Chart{}); !fault.Is(err, fault.Denied) {
			t.Error("a chart without a viewer")
		}
	})
}

func TestFindGivesPages(t *testing.T) {
	each(t, func(t *testing.T, r *Room, _ *clock.Fake) {
		d := must[access.Desk](t)(desk(t, r, access.FrontDesk, access.FindPatients))
		people := crowd(60)
		for i := range people {
			people[i].Names = []Name{{Current, fmt.Sprintf("P%c%c", 'a'+i/26, 'a'+i%26), "Álvarez", ""}}
		}
		take(t, r, people...)
		seen := map[ids.Patient]bool{}
		var order []string
		q, pages := Query{Name: "alvarez"}, 0
		for {
			page := must[Page](t)(r.Find(ctx, d, q))
			pages++
			for _, p := range page.People {
				seen[p.ID] = true
				order = append(order, p.Given)
			}
			if page.Next == "" {
				break
			}
			q.After = page.Next
		}
		if len(seen) != 60 || pages != 3 || !slices.IsSorted(order) {
			t.Errorf("%d people on %d pages", len(seen), pages)
		}
	})
}

func TestCandidates(t *testing.T) {
	each(t, func(t *testing.T, r *Room, c *clock.Fake) {
		must[Report](t)(r.Import(ctx, duty, append(crowd(200), ana("1"),
			with(ana("2"), func(in *Incoming) { in.Names = []Name{{Current, "Luz", "García López", ""}} })), Options{ContactsSince: c.Now().AddDate(-1, 0, 0)}))
		id := one(t, r, "1", "1962-04-09")
		ask := func(d Details) []Match {
			return view(t, r, func(tx *store.Tx) ([]Match, error) { return r.Candidates(ctx, tx, d) })
		}
		full := Details{Given: "Ana", Family: "Garcia", Birth: "1962-04-09", Email: "ana@example.org"}
		got := ask(full)
		if len(got) < 2 || got[0].ID() != id || got[0].Strict || got[1].Score > 50 || !slices.Contains(keysOf(got[0]), "registry.match.double") {
			t.Errorf("%+v", got)
		}
		full.Family = "García López"
		if got := ask(full); !got[0].Strict {
			t.Errorf("%q", keysOf(got[0]))
		} else if _, ok := OnlyStrict(got); ok {
			t.Error("answered by itself although she has a twin")
		}
		for name, d := range map[string]Details{
			"birth date a digit off":  {Given: "Ana", Family: "García", Birth: "1962-04-08"},
			"day and month swapped":   {Given: "Ana", Family: "Garcia", Birth: "1962-09-04"},
			"misspelled, wrong day":   {Given: "Anna", Family: "Garzia", Birth: "1962-04-19"},
			"former name, wrong year": {Given: "Anita", Family: "Ruis", Birth: "1963-04-09"},
			"contact alone":           {Given: "Ana", Family: "Other", Phone: "(555) 186-2275"},
			"number alone":            {Given: "Ana", Family: "Other", Number: "1"},
			"names swapped":           {Given: "García", Family: "Ana", Birth: "1962-04-19"},
		} {
			if got := ask(d); len(got) == 0 || got[0].ID() != id && got[1].ID() != id {
				t.Errorf("%s: not among %d", name, len(got))
			}
		}
		if got := ask(Details{Given: "Zoë", Family: "Quux", Birth: "2001-02-03"}); len(got) != 0 {
			t.Errorf("%d candidates for a stranger", len(got))
		}
		if got := ask(Details{}); len(got) != 0 {
			t.Errorf("%d candidates for nobody", len(got))
		}
	})
}

// The cost of candidates and searches must not grow with the index. Run with
// -run xx -bench Index; PORTICO_BENCH_PEOPLE says how many people (20,000).
func BenchmarkIndex(b *testing.B) {
	db, _ := testkit.SQLite(b)
	r := &Room{DB: db, Keys: testkit.Keys(b), Region: "US"}
	n := 20_000
	if s := os.Getenv("PORTICO_BENCH_PEOPLE"); s != "" {
		n, _ = strconv.Atoi(s)
	}
	people := crowd(n)
	began := time.Now()
	if _, err := r.Import(ctx, duty, people, Options{}); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d people in %s", n, time.Since(began).Round(time.Millisecond))
	began = time.Now()
	if _, err := r.Import(ctx, duty, people, Options{}); err != nil {
		b.Fatal(err)
	}
	b.Logf("the second time in %s", time.Since(began).Round(time.Millisecond))
	p := people[n/2]
	d := Details{Given: p.Names[0].Given, Family: p.Names[0].Family, Birth: p.Birth, Email: "p7@example.org", Phone: p.Contacts[1].Value}
	run := func(name string, f func(tx *store.Tx) error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := db.View(ctx, f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("candidates", func(tx *store.Tx) error { _, err := r.Candidates(ctx, tx, d); return err })
	run("number", func(tx *store.Tx) error { _, err := r.ByNumber(ctx, tx, p.Numbers[0].Value, p.Birth); return err })
	run("miss", func(tx *store.Tx) error { _, _ = r.ByNumber(ctx, tx, "none", p.Birth); return nil })
	run("find by start", func(tx *store.Tx) error { _, err := r.page(ctx, tx, Query{Name: "mar gar"}); return err })
	run("find by words", func(tx *store.Tx) error {
		_, err := r.page(ctx, tx, Query{Name: p.Names[0].Given + " " + p.Names[0].Family})
		return err
	})
	run("find by birth", func(tx *store.Tx) error { _, err := r.page(ctx, tx, Query{Birth: p.Birth}); return err })
}
