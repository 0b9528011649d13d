package account

import (
	"errors"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// desk signs a staff user in and opens the desk for task.
func (r *rig) desk(task access.Task) access.Desk {
	r.t.Helper()
	id := ids.NewStaff()
	var token string
	if err := r.change(func(tx *store.Tx) (err error) {
		if _, err = tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, 'Kim Lee', $2, 'front_desk,administrator', 'active', $3)`,
			id, string(id)+"@clinic.example", store.Time(tx.Now)); err != nil {
			return err
		}
		token, err = r.Gate.StartStaffSession(ctx, tx, id, sofa)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	d, _, err := r.Gate.Desk(ctx, token, task, "GET /staff", sofa)
	if err != nil {
		r.t.Fatal(err)
	}
	return d
}

func tokenIn(link string) string { return link[len("/not-me/"):] }

func TestNotMeLocksEverything(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, other := r.join("sunny.harbor"), r.join("windy.meadow")
		first := r.signIn(m, "")
		link := r.sent.notMe()
		second := r.signIn(m, first.Device)
		half := r.mustEnter(m, first.Device)
		code := r.sent.digits(m.mail)
		bystander := r.signIn(other, "")
		if good, done, _ := r.link(ctx, tokenIn(link)); !good || done {
			t.Fatal("the link in the message does not work")
		}
		if err := r.Disown(ctx, from("203.0.113.1"), tokenIn(link)); err != nil {
			t.Fatal(err)
		}
		if r.opens(first.Session) || r.opens(second.Session) || !r.opens(bystander.Session) {
			t.Error("sessions of the account go on, or another's ended")
		}
		if err := r.step(m, half, code); !errors.Is(err, errGone) {
			t.Errorf("a half-way sign-in goes on: %v", err)
		}
		if _, err := r.enter(sofa, m, m.pw, first.Device); kindOf(err) != wrongSignIn {
			t.Errorf("signed in to a frozen account: %v", err)
		}
		if k := r.sent.kinds(); k["account_locked"] != 2 {
			t.Errorf("notices %v", k)
		}
		if err := r.Disown(ctx, sofa, tokenIn(link)); !fault.Is(err, fault.NotFound) {
			t.Errorf("the link a second time: %v", err)
		}
		if good, done, _ := r.link(ctx, tokenIn(link)); good || !done {
			t.Error("the used link does not say that it was used")
		}
		if r.audited(audit.AccountDisowned, audit.Done) != 1 {
			t.Error("no line in the audit log")
		}
	})
}

func TestNotMeLinkLivesTenDays(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		var link string
		if err := r.change(func(tx *store.Tx) error { l, err := r.NotMe(ctx, tx, m.id, "opened"); link = string(l); return err }); err != nil {
			t.Fatal(err)
		}
		r.clock.Move(notMeLife - time.Second)
		if good, _, _ := r.link(ctx, tokenIn(link)); !good {
			t.Error("ended too early")
		}
		r.clock.Move(time.Second)
		if good, _, _ := r.link(ctx, tokenIn(link)); good {
			t.Error("lives too long")
		}
		if err := r.Disown(ctx, sofa, tokenIn(link)); !fault.Is(err, fault.NotFound) {
			t.Errorf("used after its end: %v", err)
		}
		if in := r.signIn(m, ""); !r.opens(in.Session) {
			t.Error("frozen by a dead link")
		}
	})
}

func TestDeskGivesBackOrCloses(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		d, wrongTask := r.desk(access.ReviewRequests), r.desk(access.SeeDesk)
		for _, to := range []State{Active, Closed} {
			m := r.join("sunny." + string(to))
			in := r.signIn(m, "")
			if err := r.Disown(ctx, sofa, tokenIn(r.sent.notMe())); err != nil {
				t.Fatal(err)
			}
			w, err := r.Waiting(ctx, d)
			if err != nil || len(w) != 1 || w[0].Account != m.id || w[0].Patient != m.patient || w[0].Cause != "new_browser" {
				t.Fatalf("waiting: %+v %v", w, err)
			}
			if _, err := r.Waiting(ctx, wrongTask); !fault.Is(err, fault.Denied) {
				t.Errorf("seen without the task: %v", err)
			}
			if err := r.Settle(ctx, wrongTask, m.id, to); !fault.Is(err, fault.Denied) {
				t.Errorf("settled without the task: %v", err)
			}
			if err := r.Settle(ctx, d, "acc_nobody", to); !fault.Is(err, fault.NotFound) {
				t.Errorf("nobody's: %v", err)
			}
			if err := r.Settle(ctx, d, m.id, Frozen); err == nil {
				t.Error("frozen again by settling")
			}
			if err := r.Settle(ctx, d, m.id, to); err != nil {
				t.Fatal(err)
			}
			if err := r.Settle(ctx, d, m.id, to); !fault.Is(err, fault.Conflict) {
				t.Errorf("settled twice: %v", err)
			}
			did := map[State]audit.Action{Active: audit.AccountRestored, Closed: audit.AccountClosed}[to]
			if r.audited(did, audit.Done) != 1 || r.count(`SELECT COUNT(*) FROM audit_entry WHERE action = $1 AND object = $2 AND patient_id = $3`, string(did), m.id, m.patient) != 1 {
				t.Errorf("%s: the audit log does not say what was done", to)
			}
			if w, _ := r.Waiting(ctx, d); len(w) != 0 {
				t.Errorf("still waiting: %+v", w)
			}
			// Given back or closed, the old password is worth nothing: a stranger may
			// know it.
			if _, err = r.enter(sofa, m, m.pw, ""); kindOf(err) != wrongSignIn || r.opens(in.Session) {
				t.Errorf("%s: sign-in says %v; old session open %v", to, err, r.opens(in.Session))
			}
			if _, err := r.openFor(m.patient, "fresh."+string(to)); (to == Closed) != (err == nil) {
				t.Errorf("%s: a new account: %v", to, err)
			}
		}
	})
}

func TestSweepErasesWhatIsOver(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		r.signIn(m, "")
		r.clock.Move(notMeLife + 25*time.Hour)
		live := r.mustEnter(m, "")
		if err := r.sweep(ctx, duty, struct{}{}); err != nil {
			t.Fatal(err)
		}
		for table, want := range map[string]int{"one_time_code": 1, "signin_attempt": 1, "disown_link": 0, "account_event": 3} {
			if n := r.count(`SELECT COUNT(*) FROM ` + table); n != want {
				t.Errorf("%s: %d rows, want %d", table, n, want)
			}
		}
		if err := r.step(m, live, r.sent.digits(m.mail)); err != nil {
			t.Errorf("the live sign-in: %v", err)
		}
	})
}

func TestMask(t *testing.T) {
	for _, c := range []struct {
		k        Kind
		in, want string
	}{
		{Mail, "ana@example.org", "a•••@example.org"}, {Mail, "ñandú@example.org", "ñ•••@example.org"}, {Mail, "broken", "•••"},
		{SMS, "+15551862275", "••• 75"}, {Voice, "12", "•••"}, {SMS, "", "•••"},
	} {
		if got := Mask(c.k, c.in); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
	}
}
