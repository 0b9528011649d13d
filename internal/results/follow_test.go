package results

import (
	"testing"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// follow joins a record to another, or parts it again.
func (r *deskRig) follow(rec, person ids.Patient) {
	r.t.Helper()
	if err := r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), func(tx *store.Tx) error {
		was, err := record.Chart(ctx, tx, rec)
		if err != nil {
			return err
		}
		if err := record.Follow(ctx, tx, rec, person); err != nil {
			return err
		}
		return r.Follow(ctx, tx, rec, was, person)
	}); err != nil {
		r.t.Fatal(err)
	}
}

func TestCommentsAndMarksFollowTheirResult(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		r.take(r.glucose("c", flagged("HH")), r.glucose("seen"))
		id, own := r.id("Observation/c"), r.id("Observation/seen")
		if err := r.Comment(ctx, r.doctor(), Draft{On: id, Text: "Call us today."}); err != nil {
			t.Fatal(err)
		}
		reads := func(p ids.Patient) int {
			o, err := r.Open(ctx, r.see(p), id)
			if err != nil && !fault.Is(err, fault.NotFound) {
				t.Fatal(err)
			}
			return len(o.Comments)
		}
		r.opens(r.see(ana), own)
		r.until(r.clock.Now().Add(3 * 24 * hour))
		if got, _ := r.list(TabCritical); got != "Glucose Lopez" {
			t.Fatalf("critical and unopened: %q", got)
		}

		r.follow(ana, ben)
		if reads(ana) != 0 || reads(ben) != 1 {
			t.Errorf("joined: %d and %d comments", reads(ana), reads(ben))
		}
		if got, _ := r.list(TabCritical); got != "" {
			t.Errorf("joined and opened: %q", got)
		}
		if err := r.Comment(ctx, r.doctor(), Draft{On: id, Text: "We reached you."}); err != nil {
			t.Fatal(err)
		}

		r.follow(ana, ana)
		if got, _ := r.list(TabCritical); got != "Glucose Lopez" {
			t.Errorf("a result that another person opened counts as opened: %q", got)
		}
		if reads(ben) != 0 || reads(ana) != 2 {
			t.Errorf("parted: %d and %d comments", reads(ben), reads(ana))
		}
		if n := r.count(`SELECT COUNT(*) FROM result_seen WHERE resource_id = $1 AND patient_id = $2`, own, ana); n != 1 {
			t.Errorf("a mark of one's own: %d", n)
		}
	})
}

func TestTheChoiceToWaitCountsForJoinedRecords(t *testing.T) {
	eachDesk(t, func(t *testing.T, r *deskRig) {
		if err := r.Choose(ctx, r.open(r.session(ana), access.ChooseRelease), true); err != nil {
			t.Fatal(err)
		}
		waits := func(p ids.Patient) bool {
			w, err := r.Choice(ctx, r.open(r.session(p), access.ChooseRelease))
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		if waits(ben) {
			t.Error("a stranger waits")
		}
		r.follow(ana, ben)
		r.take(r.glucose("late"))
		if row := r.row("Observation/late", duty.For(ben)); !waits(ben) || !row.Held {
			t.Error("joined, what the person chose is forgotten")
		}
		if err := r.Choose(ctx, r.open(r.session(ben), access.ChooseRelease), false); err != nil || waits(ben) {
			t.Errorf("their own choice does not count first: %v", err)
		}
		r.follow(ana, ana)
		if waits(ben) || !waits(ana) {
			t.Error("parted, each does not have their own choice")
		}
	})
}

func (r *deskRig) count(query string, args ...any) (n int) {
	r.t.Helper()
	if err := r.db.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], query, args...)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return n
}
