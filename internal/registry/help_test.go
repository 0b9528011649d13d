package registry

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/store"
	"portico/internal/testkit"
)

var (
	ctx    = context.Background()
	duty   = access.NewDuty("import")
	system = "http://hospital.example"
)

// each runs f on an empty index on both databases.
func each(t *testing.T, f func(t *testing.T, r *Room, c *clock.Fake)) {
	t.Helper()
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		f(t, &Room{DB: db, Keys: testkit.Keys(t), Region: "US"}, c)
	})
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// view runs f in a transaction that only reads.
func view[T any](t *testing.T, r *Room, f func(tx *store.Tx) (T, error)) T {
	t.Helper()
	var v T
	err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
		v, err = f(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func count(t *testing.T, r *Room, what string) int {
	t.Helper()
	return view(t, r, func(tx *store.Tx) (int, error) {
		return store.Get(ctx, tx, store.One[int], "SELECT COUNT(*) FROM "+what)
	})
}

// ana is a record as a feed sends it.
func ana(number string) Incoming {
	return Incoming{
		Ref: "id-" + number, Active: true, Birth: "1962-04-09", Sex: "female", Language: "es",
		Numbers:  []Number{{System: system, Value: number, Usage: Current}},
		Names:    []Name{{Current, "Ana María", "García López", ""}, {Former, "Ana", "Ruiz", ""}},
		Contacts: []Contact{{Kind: Email, Value: "Ana@Example.org", Use: "home", Rank: 1}, {Kind: Mobile, Value: "555-186-2275"}},
		Addresses: []Address{{Usage: Current, Lines: []string{"616 Elm St", "Apt 2"}, City: "Worcester", State: "MA", PostalCode: "01545", Country: "US"},
			{Usage: Former, Lines: []string{"1 Old Rd"}, PostalCode: "01545"}},
	}
}

func with(in Incoming, change func(*Incoming)) Incoming { change(&in); return in }

func take(t *testing.T, r *Room, people ...Incoming) Report {
	t.Helper()
	return must[Report](t)(r.Import(ctx, duty, people, Options{}))
}

// one finds the patient with a number and birth date, "" for nobody.
func one(t *testing.T, r *Room, number, birth string) ids.Patient {
	t.Helper()
	return view(t, r, func(tx *store.Tx) (ids.Patient, error) {
		id, err := r.ByNumber(ctx, tx, number, birth)
		if errors.Is(err, store.ErrNone) {
			err = nil
		}
		return id, err
	})
}

func person(t *testing.T, r *Room, id ids.Patient) Patient {
	t.Helper()
	return view(t, r, func(tx *store.Tx) (Patient, error) { return r.Person(ctx, tx, id) })
}

// desk signs a staff user in who may do task.
func desk(t *testing.T, r *Room, role access.Role, task access.Task) (access.Desk, error) {
	t.Helper()
	g := &access.Gate{DB: r.DB}
	v := access.NewVisitor("192.0.2.9", "test")
	var token string
	err := r.DB.Housekeep(ctx, "test", func(tx *store.Tx) (err error) {
		id := ids.NewStaff()
		if _, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, 'Dee Desk', $2, $3, 'active', $4)`,
			id, string(id)+"@example.org", string(role), store.Time(tx.Now)); err != nil {
			return err
		}
		token, err = g.StartStaffSession(ctx, tx, id, v)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	d, _, err := g.Desk(ctx, token, task, "GET /staff", v)
	return d, err
}

// samples gives the folder of the sample data, which is not part of the repository.
func samples(t testing.TB) string {
	dir := "../../../shared/data"
	if _, err := os.Stat(filepath.Join(dir, "SOURCES.md")); err != nil {
		t.Skip("the sample data is not here")
	}
	return dir
}

// crowd makes n different people, the same for the same n.
func crowd(n int) []Incoming {
	given := []string{"James", "Maria", "Robert", "Ana", "José", "Emma", "Luis", "Olivia", "Wei", "Fatima", "Ivan", "Chloe", "Carlos", "Lucía", "Noah", "Mia", "Liam", "Sofía", "Paul", "Ruth"}
	parts := []string{"Gar", "Smi", "Lop", "Mar", "Wil", "Bro", "Her", "Cha", "Oli", "Kow", "Nak", "Fer", "Ste", "Dub", "Ros", "Van", "Tor", "Sil", "Ber", "Zim"}
	ends := []string{"cia", "th", "ez", "tin", "son", "wn", "man", "dez", "veira", "ski", "ski", "rari", "in", "ois", "si", "berg", "res", "va", "ger", "mer"}
	var out []Incoming
	born := time.Date(1930, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		k := i * 7919
		out = append(out, Incoming{
			Active: true, Birth: born.AddDate(0, 0, k%29220).Format(time.DateOnly), Sex: []string{"female", "male"}[k%2],
			Numbers:  []Number{{System: system, Value: fmt.Sprintf("C%07d", i), Usage: Current}},
			Names:    []Name{{Current, given[k%20] + " " + given[k/20%20], parts[k/400%20] + ends[k/8000%20] + string(rune('a'+k%13)), ""}},
			Contacts: []Contact{{Kind: Email, Value: fmt.Sprintf("p%d@example.org", i)}, {Kind: Phone, Value: fmt.Sprintf("555%07d", i)}},
			Addresses: []Address{{Usage: Current, Lines: []string{fmt.Sprintf("%d Main St", k%999)}, City: "Worcester", State: "MA",
				PostalCode: fmt.Sprintf("%05d", k%99999)}},
		})
	}
	return out
}
