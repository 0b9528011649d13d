package scheduling

import (
	"slices"
	"testing"
	"time"

	"portico/internal/ids"
)

func TestTimesComeEarliestFirst(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana := r.patient("ana")
		got := r.starts(Query{Type: r.exam, Want: 4}, ana)
		want := []string{"lee Mon 09:00", "ortiz Mon 09:00", "lee Mon 09:15", "ortiz Mon 09:15"}
		if len(got) < 4 || !slices.Equal(got[:4], want) {
			t.Fatalf("got %v", got)
		}
		if last := got[len(got)-1]; last != "ortiz Mon 11:30" {
			t.Errorf("the last of the day is %s", last)
		}
		r.book(r.patient("ben"), r.pick(r.lee, monday, 9, 30))
		got = r.starts(Query{Type: r.exam, Clinician: r.lee, Want: 4}, ana)
		// 9:30 to 10:10 is taken; what begins at 9:00 would want 9:30 to 9:40 after it.
		if want := []string{"lee Mon 10:15", "lee Mon 10:30"}; !slices.Equal(got[:2], want) {
			t.Errorf("got %v, want to begin with %v", got, want)
		}
	})
}

// A page of times is cut within a day, and the next one goes on where it ended, also
// when what was last on it is taken meanwhile.
func TestMoreTimesGoOnWithinADay(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana := r.patient("ana")
		all := r.starts(Query{Type: r.exam, Want: 30}, ana)
		q := Query{Type: r.exam, Most: 5}
		var got []string
		for len(got) < 20 {
			f, err := r.Find(ctx, ana, q)
			if err != nil || f.Count() == 0 || f.Count() > 5 {
				t.Fatalf("%v %+v", err, f)
			}
			got = append(got, r.starts(q, ana)...)
			q = q.later(f.Next, f.Last)
		}
		if !slices.Equal(got[:20], all[:20]) {
			t.Errorf("got %v\nwant %v", got, all)
		}
		f, err := r.Find(ctx, ana, Query{Type: r.exam, Most: 3})
		if err != nil {
			t.Fatal(err)
		}
		r.book(r.patient("ben"), r.pick(r.lee, monday, 9, 15))
		if got := r.starts(Query{Type: r.exam, Most: 3}.later(f.Next, f.Last), ana); got[0] != "ortiz Mon 09:15" {
			t.Errorf("after a mark that is taken: %v", got)
		}
		if got := r.starts(Query{Type: r.exam, Most: 3}.later(monday, "rubbish"), ana); got[0] != "ortiz Mon 09:00" {
			t.Errorf("a mark that is none: %v", got)
		}
	})
}

func TestTimesKeepToTheRules(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		ana := r.patient("ana")
		r.clock.Move(monday.at(10*60+50, zone).Sub(r.clock.Now()))
		ana = r.patient("ana")
		if got := r.starts(Query{Type: r.exam, Clinician: r.lee, Want: 1}, ana); got[0] != "lee Tue 09:00" && got[0] != "lee Mon 12:00" {
			t.Errorf("an hour before: %v", got)
		}
		r.sql(`INSERT INTO schedule_closure (id, clinician_id, place_id, first_day, last_day, from_minute, until_minute, why) VALUES ('cls_1', $1, '', '2026-06-09', '2026-06-10', 0, 1440, 'Off')`, r.lee)
		r.sql(`INSERT INTO schedule_closure (id, clinician_id, place_id, first_day, last_day, from_minute, until_minute, why) VALUES ('cls_2', '', $1, '2026-06-11', '2026-06-11', 540, 660, 'Fire drill')`, r.main)
		if got := r.starts(Query{Type: r.exam, Clinician: r.lee, Want: 1}, ana); got[0] != "lee Thu 11:00" {
			t.Errorf("after time off and a closure: %v", got)
		}
		if got := r.starts(Query{Type: r.exam, Part: Afternoon}, ana); len(got) != 0 {
			t.Errorf("afternoons: %v", got)
		}
		f, err := r.Find(ctx, ana, Query{Type: r.exam, From: monday.Add(89), Want: 1000})
		if err != nil {
			t.Fatal(err)
		}
		if n := len(f.Days); n > 2 || f.Next != "" {
			t.Errorf("beyond the horizon: %+v", f)
		}
	})
}

func TestEverySecondWeek(t *testing.T) {
	b := Block{Weekday: time.Monday, From: 540, Until: 600, EveryWeeks: 2, First: "2026-06-03"} // a Wednesday: its week counts as the first
	for day, want := range map[Day]bool{"2026-06-01": false, "2026-06-08": false, "2026-06-15": true, "2026-06-22": false, "2026-06-29": true, "2026-06-16": false} {
		if b.on(day) != want {
			t.Errorf("%s: %v", day, !want)
		}
	}
	b.Last = "2026-06-28"
	if b.on("2026-06-29") {
		t.Error("after its last day")
	}
}

func TestDaysOnWhichTheClockChanges(t *testing.T) {
	v := VisitType{Minutes: 60, Step: 60}
	b := Block{Weekday: time.Sunday, From: 0, Until: 6 * 60, EveryWeeks: 1, First: "2026-01-01"}
	for day, want := range map[Day]int{"2026-03-01": 6, "2026-03-08": 5, "2026-11-01": 7} { // an hour less, an hour more
		got := v.grid(b, open(b, day, nil, zone), zone, day)
		if len(got) != want {
			t.Errorf("%s: %d hours", day, len(got))
		}
		for i := 1; i < len(got); i++ {
			if got[i]-got[i-1] != cellsAnHour {
				t.Errorf("%s: hours that are not apart", day)
			}
		}
	}
	gone := Block{Weekday: time.Sunday, From: 2*60 + 10, Until: 2*60 + 50, EveryWeeks: 1, First: "2026-01-01"}
	for _, s := range open(gone, "2026-03-08", nil, zone) {
		if s.empty() {
			t.Error("an hour that does not exist has times")
		}
	}
}

func TestBitsComeBack(t *testing.T) {
	var b bits
	for n := range cellsADay {
		if n%7 == 3 {
			b.set(n)
		}
	}
	got, ok := parseBits(b.String())
	if !ok || got != b {
		t.Fatalf("%v %v", ok, got)
	}
	for _, bad := range []string{"", "xyz", b.String() + "0"} {
		if _, ok := parseBits(bad); ok {
			t.Errorf("%q is taken for bits", bad)
		}
	}
	tk := taken{0: b}
	free := func(s span) bool {
		w := tk.window(s)
		return w.free(s)
	}
	if free(span{3, 4}) || !free(span{4, 10}) || free(span{4, 11}) || !free(span{cellsADay, cellsADay + 9}) {
		t.Error("free does not follow the bits")
	}
	tk.clear(span{3, 4})
	if !free(span{3, 4}) {
		t.Error("cleared and still taken")
	}
}

// The search never offers what cannot be held, and offers all that can.
func TestWhatIsOfferedCanBeHad(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.sql(`INSERT INTO room (id, place_id, name, active) VALUES ('rom_1', $1, 'Room 1', TRUE)`, r.main)
		r.sql(`UPDATE schedule_block SET room_id = 'rom_1'`)
		ana, ben := r.patient("ana"), r.patient("ben")
		r.book(ben, r.pick(r.ortiz, monday, 10, 0))
		f, err := r.Find(ctx, ana, Query{Type: r.exam, Want: 1})
		if err != nil {
			t.Fatal(err)
		}
		offered := map[string]bool{}
		for _, tm := range f.Days[0].Times {
			offered[string(tm.Clinician)+tm.Start.String()] = true
		}
		for _, who := range []ids.Clinician{r.lee, r.ortiz} {
			for m := 8 * 60; m < 13*60; m += 5 {
				p := r.pick(who, monday, 0, m)
				_, err := r.Hold(ctx, ana, p)
				if (err == nil) != offered[string(who)+p.Start.String()] {
					t.Errorf("%s %d:%02d: offered %v, held: %v", who, m/60, m%60, !(err == nil), err)
				}
				if err := r.LetGo(ctx, ana); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
