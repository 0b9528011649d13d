package ingest_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/ingest"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/registry"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit"
)

// childOf names the database that this process imports into, as a child of a
// test: childOf and childReads in its environment, with the keys of the test's.
const (
	childOf    = "PORTICO_INGEST_TEST_DATABASE"
	childReads = "PORTICO_INGEST_TEST_FILES"
)

// TestMain imports, where the process was begun as a test's child, to be killed.
func TestMain(m *testing.M) {
	if os.Getenv(childOf) == "" {
		os.Exit(m.Run())
	}
	if err := importAsChild(os.Getenv(childOf), os.Getenv(childReads)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func importAsChild(address, path string) error {
	db, err := store.Open(ctx, address, clock.At(testkit.Noon))
	if err != nil {
		return err
	}
	defer db.Close()
	keys, err := secret.NewKeyring("c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm")
	if err != nil {
		return err
	}
	door := &ingest.Door{DB: db, Registry: &registry.Room{DB: db, Keys: keys, Region: "US", Follower: follower{}}, Records: &record.Records{DB: db},
		Clinic: &page.Clinic{Name: "Riverside Family Clinic", Zone: time.UTC}}
	_, err = door.Files(ctx, access.NewDuty("test"), ingest.Order{Paths: []string{path}})
	return err
}

// charts are files of people with results that refer to each other.
func charts(people, results int) map[string]string {
	out := map[string]string{}
	for p := range people {
		id := "p" + strconv.Itoa(p)
		all := []string{patient(id, strconv.Itoa(1000+p))}
		for n := range results {
			o := observation(fmt.Sprintf("%s-o%d", id, n), "Patient/"+id, fmt.Sprintf("6.%d", n))
			if n > 0 {
				o = strings.Replace(o, `"status"`, fmt.Sprintf(`"derivedFrom":[{"reference":"Observation/%s-o%d"}],"status"`, id, n-1), 1)
			}
			all = append(all, o)
		}
		out[fmt.Sprintf("chart%03d.json", p)] = bundle("transaction", all...)
	}
	return out
}

// holds says what a database holds of imported charts, without our own names.
func holds(t *testing.T, db *store.DB) string {
	t.Helper()
	var out strings.Builder
	for _, q := range []string{
		`SELECT n.name || ' ' || r.type || ' v' || r.version FROM resource r JOIN resource_name n ON n.resource_id = r.id ORDER BY n.name`,
		`SELECT value || ' ' || COUNT(*) FROM record_row GROUP BY value ORDER BY value`,
		`SELECT element || ' ' || COUNT(*) FROM resource_link GROUP BY element ORDER BY element`,
		`SELECT p.family || ' ' || COUNT(r.id) FROM patient p LEFT JOIN resource r ON r.patient_id = p.id GROUP BY p.family ORDER BY p.family`,
		`SELECT 'tokens ' || COUNT(*) FROM resource_token`, `SELECT 'parts ' || COUNT(*) FROM record_part`, `SELECT 'old ' || COUNT(*) FROM resource_version`,
	} {
		err := db.View(ctx, func(tx *store.Tx) error {
			lines, err := store.List(ctx, tx, store.One[string], q)
			out.WriteString(strings.Join(lines, "\n") + "\n")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// An import that is killed, however often, is simply run again: nothing is lost
// and nothing is there twice.
func TestAKilledImportIsRunAgain(t *testing.T) {
	people, results := 40, 150
	if testing.Short() {
		people, results = 8, 60
	}
	dir := write(t, charts(people, results))
	for name, address := range map[string]func(t *testing.T) string{
		"sqlite":   func(t *testing.T) string { return testkit.MigratedSQLite(t) },
		"postgres": func(t *testing.T) string { return testkit.MigratedPostgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			clean, _ := testkit.SQLite(t)
			files(t, newDoor(t, clean), dir)
			want := holds(t, clean)

			at := address(t)
			db := testkit.Open(t, at, clock.At(testkit.Noon))
			child := func() *exec.Cmd {
				c := exec.Command(os.Args[0])
				c.Env = append(os.Environ(), childOf+"="+at, childReads+"="+dir)
				c.Stderr = os.Stderr
				return c
			}
			all, inside := people*results, 0
			for _, part := range []int{0, 10, 35, 60, 85} {
				c := child()
				if err := c.Start(); err != nil {
					t.Fatal(err)
				}
				for count(t, db, "resource") < all*part/100 || part == 0 && count(t, db, "patient") == 0 {
					time.Sleep(time.Millisecond)
				}
				c.Process.Kill()
				if err := c.Wait(); err == nil {
					t.Errorf("the import was over before it was killed at %d %%", part)
				}
				if n := count(t, db, "resource"); n > 0 && n < all {
					inside++
				}
			}
			if inside < 3 {
				t.Errorf("only %d of 5 were killed midway", inside)
			}
			whole := count(t, db, "resource") == all // the last kill came too late
			if c := child(); c.Run() != nil {
				t.Fatal("the last run failed")
			}
			if got := holds(t, db); got != want {
				t.Errorf("after five kills the records differ from those of one import:\n%.2000s\nnot\n%.2000s", got, want)
			}
			if n := count(t, db, "ingest_run"); n != 1 && !whole {
				t.Errorf("%d imports are listed, not the one that ended", n)
			}
		})
	}
}
