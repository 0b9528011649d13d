package scheduling

import (
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// link is the token of the newest message about a visit.
func (r *rig) link() string {
	r.t.Helper()
	if len(r.out.told) == 0 || r.out.told[len(r.out.told)-1].Link == "" {
		r.t.Fatal("no message with a link")
	}
	return r.out.told[len(r.out.told)-1].Link[len("/v/"):]
}

func (r *rig) open(token string) (Invited, bool) {
	r.t.Helper()
	in, err := r.Invitation(ctx, visitor, token)
	if err != nil && !fault.Is(err, fault.NotFound) {
		r.t.Fatal(err)
	}
	return in, err == nil
}

func (r *rig) reply(token string, a Answer) {
	r.t.Helper()
	if err := r.Reply(ctx, visitor, token, a); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) logged(a audit.Action, detail string) int {
	return r.count(`audit_entry WHERE action = $1 AND detail = $2`, string(a), detail)
}

func (r *rig) state(id ids.Appointment) (st State) {
	r.t.Helper()
	if err := r.db.View(ctx, func(tx *store.Tx) (err error) {
		st, err = store.Get(ctx, tx, store.One[State], `SELECT state FROM appointment WHERE id = $1`, id)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return st
}

func TestWhoHoldsTheLinkSaysThatTheyCome(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		c := r.patient("ann")
		id := r.book(c, r.pick(r.lee, monday.Add(7), 9, 0))
		token := r.link()
		for range 3 { // mail programs open links by themselves
			if in, ok := r.open(token); !ok || in.Answer != "" || in.Late || !in.Start.Equal(monday.Add(7).at(9*60, zone)) {
				t.Fatalf("%v %+v", ok, in)
			}
		}
		r.clock.Move(time.Second) // events of one moment have no order
		for range 3 {             // sent again it does nothing
			r.reply(token, WillCome)
		}
		if n := r.logged(audit.VisitAnswered, "coming"); n != 1 {
			t.Errorf("%d lines in the audit log", n)
		}
		my, err := r.Visit(ctx, c, id)
		if err != nil || my.Answer != WillCome || my.Events[len(my.Events)-1].What != "coming" {
			t.Errorf("%v: the patient sees %q %+v", err, my.Answer, my.Events)
		}
		day, err := r.See(ctx, r.clerkFor(access.SeeSchedule), monday.Add(7), 1, Filter{})
		if err != nil || day.Answers[id] != WillCome {
			t.Errorf("%v: the desk sees %v", err, day.Answers)
		}
		r.reply(token, CannotCome)
		if r.state(id) != Cancelled || r.logged(audit.VisitCancelled, "answer") != 1 {
			t.Errorf("the visit is %s", r.state(id))
		}
		told := len(r.out.told)
		if in, ok := r.open(token); !ok || !in.Gone {
			t.Error("the link does not say what it did")
		}
		r.reply(token, WillCome)
		r.reply(token, CannotCome)
		if r.state(id) != Cancelled || len(r.out.told) != told {
			t.Error("a used link did something")
		}
		r.book(r.patient("bea"), r.pick(r.lee, monday.Add(7), 9, 0)) // the time is free again
	})
}

// other64 is a letter of base 64 other than c.
func other64(c byte) byte {
	if c == 'A' {
		return 'B'
	}
	return 'A'
}

func TestALinkIsForOneVisitAtOneTime(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		c := r.patient("ann")
		day := monday.Add(7)
		id := r.book(c, r.pick(r.lee, day, 9, 0))
		first := r.link()
		other := r.book(c, r.pick(r.lee, day, 11, 0))
		spare := r.link()
		if err := r.Move(ctx, c, id, r.pick(r.lee, day, 10, 0)); err != nil {
			t.Fatal(err)
		}
		moved := r.link()
		if err := r.Cancel(ctx, c, other, ""); err != nil {
			t.Fatal(err)
		}
		for name, token := range map[string]string{"of the time before": first, "of a cancelled visit": spare, "forged": string(other64(moved[0])) + moved[1:], "empty": "", "long": moved + moved} {
			if _, ok := r.open(token); ok {
				t.Errorf("a link %s opens", name)
			}
			for _, a := range []Answer{WillCome, CannotCome} {
				if err := r.Reply(ctx, visitor, token, a); !fault.Is(err, fault.NotFound) {
					t.Errorf("a link %s answers: %v", name, err)
				}
			}
		}
		if err := r.Reply(ctx, visitor, moved, "maybe"); !fault.Is(err, fault.NotFound) {
			t.Errorf("an unknown answer: %v", err)
		}
		r.clock.Move(day.at(10*60, zone).Sub(r.clock.Now()))
		if _, ok := r.open(moved); ok {
			t.Error("a link opens when the visit has begun")
		}
		if err := r.Reply(ctx, visitor, moved, CannotCome); !fault.Is(err, fault.NotFound) {
			t.Errorf("a link after the visit began: %v", err)
		}
		if r.state(id) != Booked {
			t.Errorf("the visit is %s", r.state(id))
		}
		if err := r.SweepLinks(ctx, duty); err != nil || r.count(`visit_link`) != 0 {
			t.Errorf("%v: %d links are left", err, r.count(`visit_link`))
		}
	})
}

func TestAfterTheCutOffTheDeskIsTold(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		day := monday.Add(7)
		id := r.book(r.patient("ann"), r.pick(r.lee, day, 9, 0))
		token := r.link()
		r.at(day.Add(-1), 10)
		if in, ok := r.open(token); !ok || !in.Late {
			t.Fatalf("%v %+v", ok, in)
		}
		r.reply(token, CannotCome)
		r.reply(token, CannotCome)
		desk := r.clerkFor(access.SeeSchedule)
		if v, err := r.See(ctx, desk, monday, 1, Filter{}); err != nil || len(v.Cannot) != 1 || v.Cannot[0].ID != id || r.state(id) != Booked {
			t.Fatalf("%v: %+v %s", err, v.Cannot, r.state(id))
		}
		c := r.patient("ann") // who now thinks better of it
		if err := r.AnswerMine(ctx, c, id, WillCome); err != nil {
			t.Fatal(err)
		}
		if v, err := r.See(ctx, desk, monday, 1, Filter{}); err != nil || len(v.Cannot) != 0 {
			t.Errorf("%v: %+v", err, v.Cannot)
		}
		if err := r.AnswerMine(ctx, r.patient("bob"), id, CannotCome); !fault.Is(err, fault.NotFound) {
			t.Errorf("somebody else's visit: %v", err)
		}
		if o, err := r.Look(ctx, desk, id); err != nil || o.Answer != WillCome {
			t.Errorf("%v: the desk sees %q", err, o.Answer)
		}
	})
}

// Two replies at once, and one beside a move: one outcome, and never an answer about
// a time that is no more.
func TestAnAnswerMeetsAMove(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		c := r.patient("ann")
		day := monday.Add(7)
		id := r.book(c, r.pick(r.lee, day, 9, 0))
		token := r.link()
		done := make(chan error, 3)
		go func() { done <- r.Reply(ctx, visitor, token, CannotCome) }()
		go func() { done <- r.Reply(ctx, visitor, token, CannotCome) }()
		go func() { done <- r.Move(ctx, c, id, r.pick(r.lee, day, 10, 0)) }()
		for range 3 {
			if err := <-done; err != nil && !fault.Is(err, fault.NotFound) && !fault.Is(err, fault.Conflict) && Refused(err) == "" {
				t.Error(err)
			}
		}
		cancelled, moved := r.state(id) == Cancelled, r.count(`appointment_event WHERE appointment_id = $1 AND what = 'moved'`, id) == 1
		if cancelled == moved {
			t.Errorf("cancelled %t, moved %t", cancelled, moved)
		}
	})
}

func TestLinksAreTriedSeldom(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var err error
		for range linkRule.Max {
			if _, err = r.Invitation(ctx, visitor, "nonsense"); !fault.Is(err, fault.NotFound) {
				t.Fatal(err)
			}
		}
		if _, err = r.Invitation(ctx, visitor, "nonsense"); !fault.Is(err, fault.TooMany) {
			t.Errorf("try %d: %v", linkRule.Max+1, err)
		}
		r.clock.Move(linkRule.Per + time.Second)
		if _, err = r.Invitation(ctx, visitor, "nonsense"); !fault.Is(err, fault.NotFound) {
			t.Errorf("later: %v", err)
		}
	})
}

func (r *rig) clerkFor(task access.Task) access.Desk { return r.colleague("front_desk", task) }

// colleague is somebody of a role at a task, in a session of its own: clocks here jump.
func (r *rig) colleague(role string, task access.Task) access.Desk {
	r.t.Helper()
	id := ids.NewStaff()
	r.sql(`INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, 'Sam', $2, $3, 'active', $4)`, id, string(id)+"@clinic.example", role, store.Time(r.clock.Now()))
	var token string
	if err := r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), func(tx *store.Tx) (err error) {
		token, err = r.gate.StartStaffSession(ctx, tx, id, visitor)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	d, _, err := r.gate.Desk(ctx, token, task, "test", visitor)
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}
