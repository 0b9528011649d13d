package account

import (
	"testing"
	"time"

	"portico/internal/audit"
)

// runOut lets what is half-way run out and does the background work.
func (r *rig) runOut() {
	r.clock.Move(attemptLife)
	r.drain()
}

func (r *rig) unfinished() int { return r.sent.kinds()["signin_unfinished"] }

func TestOwnerIsToldThatThePasswordIsKnown(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		thief := from("198.51.100.7")
		r.people.onFile[m.patient] = []Contact{{Channel: "email", To: "old@example.org"}}
		if _, err := r.enter(thief, m, m.pw, ""); err != nil {
			t.Fatal(err)
		}
		r.clock.Move(attemptLife - time.Second)
		r.drain()
		if r.unfinished() != 0 {
			t.Fatal("told while the second step may still come")
		}
		r.clock.Move(time.Second)
		r.drain()
		if n := r.unfinished(); n != 3 { // e-mail, phone, and the contact on file
			t.Fatalf("%d messages", n)
		}
		if r.audited(audit.NoticeQueued, audit.Done) != 1 {
			t.Error("it is not in the audit log")
		}
		// Once in 24 hours at most, to the second: also over midnight.
		told := r.clock.Now()
		for _, step := range []struct {
			after time.Duration
			want  int
		}{{3 * time.Hour, 3}, {13 * time.Hour, 3}, {unfinishedRest - time.Second, 3}, {unfinishedRest + attemptLife, 6}} {
			r.clock.Move(step.after - attemptLife - r.clock.Now().Sub(told))
			if _, err := r.enter(thief, m, m.pw, ""); err != nil {
				t.Fatal(err)
			}
			r.runOut()
			if n := r.unfinished(); n != step.want {
				t.Errorf("%v after the first: %d messages in all", step.after, n)
			}
		}
		// The link in it locks the account.
		if err := r.Disown(ctx, sofa, tokenIn(r.sent.notMe())); err != nil {
			t.Fatal(err)
		}
		w, err := r.Waiting(ctx, r.desk("requests.review"))
		if err != nil || len(w) != 1 || w[0].Cause != "second_step" {
			t.Errorf("waiting: %+v %v", w, err)
		}
	})
}

func TestOrdinarySignInTellsNobody(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := r.join("sunny.harbor")
		in := r.signIn(m, "") // an unknown browser that gets in
		r.runOut()
		// A known browser that does not go on.
		r.mustEnter(m, in.Device)
		r.runOut()
		// The password typed twice in one browser, which then gets in.
		first := r.mustEnter(m, "")
		r.clock.Move(time.Minute)
		second, err := r.Enter(ctx, sofa, Entry{UserName: m.name, Password: m.pw, Half: first})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.finish(m, second, ""); err != nil {
			t.Fatal(err)
		}
		if _, err := r.finish(m, first, ""); err == nil {
			t.Error("the first of two half-way states went on")
		}
		r.runOut()
		if r.unfinished() != 0 {
			t.Error("an ordinary sign-in alarms its owner")
		}
	})
}

func TestCancellingHidesNoStranger(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m, o := r.join("sunny.harbor"), r.join("quiet.meadow.lane")
		thief := from("198.51.100.7")
		token, err := r.enter(thief, m, m.pw, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Cancel(ctx, thief, token); err != nil {
			t.Fatal(err)
		}
		if _, err := r.finish(m, token, ""); err == nil {
			t.Error("cancelled, and still good")
		}
		// Somebody else's half-way state cannot be ended by naming it.
		other, err := r.enter(thief, o, o.pw, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Enter(ctx, thief, Entry{UserName: m.name, Password: m.pw, Half: other}); err != nil {
			t.Fatal(err)
		}
		r.runOut()
		if !r.told(m, "signin_unfinished") || !r.told(o, "signin_unfinished") {
			t.Errorf("owners were not told: %v", r.sent.kinds())
		}
	})
}
