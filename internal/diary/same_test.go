package diary

import (
	"fmt"
	"strings"
	"testing"

	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/scheduling"
	"portico/internal/store"
)

// encounter is what another system tells of a visit with Dr. Lee.
func encounter(id, start string, more ...string) string {
	extra := ""
	for _, m := range more {
		extra += "," + m
	}
	return fmt.Sprintf(`{"resourceType":"Encounter","id":%q,"status":"finished","class":{"code":"AMB"},"type":[{"text":"Office visit"}],"subject":{"reference":"Patient/a"},
		"participant":[{"individual":{"reference":"Practitioner/7"}}],"period":{"start":"2026-06-10T%sZ"}%s}`, id, start, extra)
}

// found tells which entry a visit leads to, and checks that it leads back.
func (r *rig) found(id ids.Appointment) (title string, sure bool) {
	r.t.Helper()
	r.view(func(tx *store.Tx) error {
		path, s, err := r.Done(ctx, tx, r.see, id, "2026-06-10")
		if err != nil || path == "" {
			return err
		}
		row, err := record.One(ctx, tx, r.see, ids.Resource(strings.TrimPrefix(path, "/records/item/")))
		if err != nil {
			return err
		}
		back, s2, err := r.Booked(ctx, tx, r.see, row)
		if back != "/visits/"+string(id) || s2 != s {
			r.t.Errorf("leads back to %q, %v", back, s2)
		}
		title, sure = row.At.Text, s
		return err
	})
	return title, sure
}

func TestAPastVisitLeadsToItsRecordAndBack(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		nine, eleven := r.book(at(9, 0)), r.book(at(11, 0))
		r.work()
		want := func(what string, id ids.Appointment, start string, sure bool) {
			t.Helper()
			if got, s := r.found(id); !strings.Contains(got, start) || (start == "") != (got == "") || s != sure {
				t.Errorf("%s: leads to %q, %v", what, got, s)
			}
		}
		want("nothing is in the record", nine, "", false)
		r.take(doctor, encounter("1", "09:05:00"))
		want("two visits with her that day", nine, "", false)
		if err := r.Visits.Cancel(ctx, r.ana, eleven, ""); err != nil {
			t.Fatal(err)
		}
		want("one visit and one entry", nine, "09:05", false)
		want("one that was given up", eleven, "", false)
		r.take(encounter("2", "11:05:00"))
		want("two entries", nine, "", false)
		r.take(sent("5", "booked", "09:00:00"), encounter("2", "11:05:00", `"appointment":[{"reference":"Appointment/5"}]`))
		want("the sender named it", nine, "11:05", true)
		r.view(func(tx *store.Tx) error {
			path, _, err := r.Done(ctx, tx, r.see, nine, scheduling.Day("2026-06-11"))
			if path != "" {
				t.Errorf("on another day: %q", path)
			}
			return err
		})
	})
}
