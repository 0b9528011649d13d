package scheduling

import (
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
)

// Hours that are changed are offered as they are now. What was booked in them stays,
// and whoever changes them can see it before.
func TestHoursAreChanged(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		d, clerk := r.colleague("administrator", access.SetSchedule), r.clerkFor(access.SeeSchedule)
		w, err := r.Week(ctx, d, r.lee)
		if err != nil {
			t.Fatal(err)
		}
		b := w.Blocks[0] // Monday, 9 to 12
		stays := r.book(r.patient("ana"), r.pick(r.lee, monday, 9, 0))
		b.From, b.Until = 10*60, 24*60
		touched, err := r.Touches(ctx, d, Change{Add: []Block{b}, Drop: []ids.Block{b.ID}})
		if err != nil || len(touched) != 1 || touched[0].ID != stays {
			t.Errorf("visits that it touches: %v %v", touched, err)
		}
		if err := r.ChangeBlock(ctx, d, b); err != nil {
			t.Fatal(err)
		}
		if got := r.starts(Query{Type: r.exam, Clinician: r.lee, Want: 2}, r.patient("ben")); got[0] != "lee Mon 10:00" {
			t.Errorf("offered first: %v", got)
		}
		if n := r.count(`audit_entry WHERE action = 'schedule.changed' AND object = $1 AND detail = 'block'`, string(b.ID)); n != 1 {
			t.Errorf("%d lines in the audit log", n)
		}
		if out, err := r.Outside(ctx, clerk); err != nil || len(out) != 1 || out[0].ID != stays {
			t.Errorf("outside the week: %v %v", out, err)
		}
		w, err = r.Week(ctx, d, r.lee)
		if err != nil || len(w.Blocks) != 5 || w.Blocks[0] != b {
			t.Errorf("the week is %+v %v", w.Blocks, err)
		}

		other := b
		other.Clinician = r.ortiz
		gone := b
		gone.ID = "blk_gone"
		nowhere := b
		nowhere.Place = "plc_none"
		for name, c := range map[string]struct {
			b    Block
			kind fault.Kind
		}{"of another clinician": {other, fault.NotFound}, "that are gone": {gone, fault.NotFound}, "at no place": {nowhere, fault.Invalid}} {
			if err := r.ChangeBlock(ctx, d, c.b); !fault.Is(err, c.kind) {
				t.Errorf("hours %s: %v", name, err)
			}
		}
		if err := r.ChangeBlock(ctx, clerk, b); !fault.Is(err, fault.Denied) {
			t.Errorf("who may only see: %v", err)
		}
	})
}

// What the form for hours shows is read back as the same hours.
func TestHoursAreTypedAsTheyStand(t *testing.T) {
	for _, l := range []lang.Lang{lang.En, lang.Es} {
		b := Block{Weekday: time.Tuesday, From: 0, Until: 24 * 60, Video: true, EveryWeeks: 2, First: "2026-01-06", Place: "plc_a", Room: "rom_b"}
		got := b.typed(l)
		for minute, name := range map[int]string{0: "from", 24 * 60: "until"} {
			if read := readClock(got[name]); read != minute%(24*60) {
				t.Errorf("%s: %q is read as %d", l, got[name], read)
			}
		}
		if got["place"] != "plc_a rom_b" || got["weekday"] != "2" || got["video"] != "yes" || got["in_person"] != "" || got["first_day"] != "6" || got["last_year"] != "" {
			t.Errorf("%s: typed as %v", l, got)
		}
		for _, minute := range []int{9 * 60, 12 * 60, 13*60 + 30, 23*60 + 45, 5} {
			if read := readClock(minuteOf(l, minute)); read != minute {
				t.Errorf("%s: %d is written %q and read as %d", l, minute, minuteOf(l, minute), read)
			}
		}
	}
}
