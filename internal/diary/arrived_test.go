package diary

import (
	"fmt"
	"testing"
	"time"

	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/scheduling"
)

// sent is an appointment of another system, with Dr. Lee as that calls her.
func sent(id, status, start string, more ...string) string {
	extra := ""
	for _, m := range more {
		extra += "," + m
	}
	return fmt.Sprintf(`{"resourceType":"Appointment","id":%q,"status":%q,"serviceType":[{"text":"Follow-up"}],"start":"2026-06-10T%sZ","end":"2026-06-10T%sZ",
		"participant":[{"actor":{"reference":"Patient/a"},"status":"accepted"},{"actor":{"reference":"Practitioner/7"},"status":"accepted"}]%s}`,
		id, status, start, plus(start, 20*time.Minute), extra)
}

func plus(clock string, d time.Duration) string {
	t, _ := time.Parse("15:04:05", clock)
	return t.Add(d).Format("15:04:05")
}

const doctor = `{"resourceType":"Practitioner","id":"7","name":[{"family":"Lee","given":["Mia"]}]}`

// take lets resources come in from the clinic's other system and does the work.
func (r *rig) take(resources ...string) record.Report {
	r.t.Helper()
	b := record.Batch{Source: "ehr", People: map[string]ids.Patient{"Patient/a": ana}}
	for _, raw := range resources {
		n := fhir.Parse([]byte(raw))
		b.Resources = append(b.Resources, fhir.Resource{Type: n.Get("resourceType").Text(), ID: n.Get("id").Text(), Raw: []byte(raw)})
	}
	rep, err := r.Record.Take(ctx, duty, b)
	if err != nil || rep.Refused > 0 {
		r.t.Fatalf("%+v, %v", rep, err)
	}
	r.work()
	return rep
}

func (r *rig) mine() scheduling.Mine {
	r.t.Helper()
	m, err := r.Visits.Visits(ctx, r.see)
	if err != nil {
		r.t.Fatal(err)
	}
	return m
}

// others are the visits of other systems in Ana's list.
func (r *rig) others() (out []scheduling.Elsewhere) {
	m := r.mine()
	for _, l := range append(m.Next, m.Past...) {
		if l.Elsewhere != nil {
			out = append(out, *l.Elsewhere)
		}
	}
	return out
}

func (r *rig) taken(start time.Time) bool {
	r.t.Helper()
	id, err := r.Visits.Hold(ctx, r.ana, pick(start))
	if err == nil {
		err = r.Visits.LetGo(ctx, r.ana)
		if id == "" || err != nil {
			r.t.Fatal(err)
		}
		return false
	}
	if why := scheduling.Refused(err); why != scheduling.WhyTaken && why != scheduling.WhyYours {
		r.t.Fatal(err)
	}
	return true
}

func TestAVisitOfAnotherSystemIsShownAndItsTimeKept(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(doctor, sent("1", "booked", "10:00:00"))
		got := r.others()
		if len(got) != 1 || got[0].Title != "Follow-up" || got[0].Who != "Mia Lee" || got[0].Source != "ehr" || got[0].Clinician != "cln_lee" || got[0].State != scheduling.Booked {
			t.Fatalf("listed %+v", got)
		}
		if m := r.mine(); len(m.Next) != 1 || len(m.Ahead) != 0 {
			t.Errorf("%d ahead, %d of ours", len(m.Next), len(m.Ahead))
		}
		if !r.taken(at(10, 0)) || r.taken(at(11, 0)) {
			t.Error("its time can be booked, or another cannot")
		}
		f, err := r.Visits.Find(ctx, r.ana, scheduling.Query{Type: "vty_exam", From: "2026-06-10", Want: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Days[0].Times {
			if d.Start.Before(at(10, 20)) && d.Start.Add(40*time.Minute).After(at(10, 0)) {
				t.Errorf("%s is offered", d.Start)
			}
		}
		if rep := r.take(doctor, sent("1", "booked", "10:00:00")); rep.Unchanged != 2 || len(r.others()) != 1 {
			t.Errorf("again: %+v", rep)
		}
		r.take(sent("1", "booked", "11:00:00"))
		if got := r.others(); len(got) != 1 || !got[0].Start.Equal(at(11, 0)) || r.taken(at(10, 0)) || !r.taken(at(11, 0)) {
			t.Errorf("moved: %+v", got)
		}
		r.take(sent("1", "cancelled", "11:00:00"))
		if got := r.others(); len(got) != 1 || got[0].State != scheduling.Cancelled || r.taken(at(11, 0)) {
			t.Errorf("cancelled: %+v", got)
		}
		r.take(sent("1", "entered-in-error", "11:00:00"))
		if got := r.others(); len(got) != 0 {
			t.Errorf("entered in error: %+v", got)
		}
	})
}

// The database keeps the time too, should the search or the check before it be wrong.
func TestTheDatabaseRefusesTimeOfAnotherSystem(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(doctor, sent("1", "booked", "10:00:00"))
		r.sql(`UPDATE visit_elsewhere SET patient_id = (SELECT id FROM patient WHERE id <> 'x' LIMIT 1), state = 'fulfilled'`) // so that only the trigger knows
		r.sql(`DELETE FROM busy_day`)
		if _, err := r.Visits.Hold(ctx, r.ana, pick(at(10, 0))); scheduling.Refused(err) != scheduling.WhyTaken {
			t.Errorf("booked over it: %v", err)
		}
	})
}

func TestWhatWasBookedHereStandsWhateverComesIn(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.book(at(10, 0))
		r.work()
		r.take(doctor, sent("1", "booked", "10:15:00"))
		if got := r.others(); len(got) != 1 || len(r.mine().Ahead) != 1 {
			t.Fatalf("listed %+v", got)
		}
		// It can go on: moved away, and not moved back.
		if err := r.Visits.Move(ctx, r.ana, id, pick(at(11, 0))); err != nil {
			t.Fatal(err)
		}
		if err := r.Visits.Move(ctx, r.ana, id, pick(at(10, 0))); scheduling.Refused(err) == "" {
			t.Errorf("moved back over it: %v", err)
		}
		// Two at one time: the older can still be cancelled.
		r.take(sent("1", "booked", "11:15:00"))
		if err := r.Visits.Cancel(ctx, r.ana, id, ""); err != nil {
			t.Error(err)
		}
	})
}

func TestOurVisitThatComesBackIsListedOnce(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id := r.book(at(10, 0))
		r.work()
		n := len(r.docs("Appointment"))
		r.take(doctor, sent("1", "booked", "10:00:00"))
		if got := r.others(); len(got) != 0 || len(r.docs("Appointment")) != n+1 {
			t.Errorf("by time and clinician: %+v", got)
		}
		ours := fmt.Sprintf(`"identifier":[{"system":"https://portal.example/visits","value":%q}]`, id)
		r.take(`{"resourceType":"Practitioner","id":"7","name":[{"family":"Somebody","given":["Else"]}]}`, sent("2", "booked", "10:00:00", ours))
		if got := r.others(); len(got) != 0 {
			t.Errorf("by our identifier: %+v", got)
		}
		// What the other system says otherwise is not hidden.
		r.take(sent("2", "booked", "11:00:00", ours))
		if got := r.others(); len(got) != 1 {
			t.Errorf("at another time: %+v", got)
		}
	})
}

func TestAnUnknownClinicianIsPlainlyListed(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(`{"resourceType":"Practitioner","id":"7","name":[{"family":"Lee"}]}`, sent("1", "booked", "10:00:00"))
		if got := r.others(); len(got) != 1 || got[0].Clinician != "" {
			t.Errorf("listed %+v", got)
		}
		r.take(sent("9", "proposed", "09:00:00"), `{"resourceType":"Appointment","id":"8","status":"booked","participant":[{"actor":{"reference":"Patient/a"},"status":"accepted"}]}`)
		if got := r.others(); len(got) != 1 {
			t.Errorf("what promises no time is listed: %+v", got)
		}
		if !r.taken(at(10, 0)) {
			t.Error("the patient can be in two places")
		}
	})
}
