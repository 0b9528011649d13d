package registry

import (
	"context"
	"strings"
	"testing"

	"portico/internal/store"
	"portico/internal/testkit"
)

// Taking one record in must cost the same with ten people and with a million:
// the search by the sender's own identifier goes through its index.
func TestReferenceIsFoundByIndex(t *testing.T) {
	db, _ := testkit.SQLite(t)
	err := db.View(context.Background(), func(tx *store.Tx) error {
		plan, err := store.List(context.Background(), tx, func(r store.Row) (s string, err error) {
			var a, b, c int
			err = r.Scan(&a, &b, &c, &s)
			return s, err
		}, `EXPLAIN QUERY PLAN `+refQuery(1), "a")
		if got := strings.Join(plan, "\n"); !strings.Contains(got, "patient_source") {
			t.Errorf("the plan is %q", got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
