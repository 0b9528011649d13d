package attack

import (
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/enroll"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

// T59: the clock of the machine jumps. Nothing lives longer than it should by the
// clock on the wall, what was over stays over, and the audit log stays whole.
func TestT59ClockJumps(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		opens := func(token string) bool {
			return w.do(ask{method: "GET", path: "/home", cookies: cookies{web.SessionCookie: token}}).Code == 200
		}
		desk := func(token string) bool {
			return w.do(ask{method: "GET", path: "/staff", cookies: cookies{web.StaffCookie: token}}).Code == 200
		}
		for _, jump := range []time.Duration{time.Hour, 24 * time.Hour} {
			token, front := w.signedIn(w.own), w.hire("front_desk").token
			w.c.Move(jump)
			if opens(token) || desk(front) {
				t.Errorf("a session outlives a jump of %v", jump)
			}
			w.c.Move(-jump)
			if opens(token) || desk(front) {
				t.Errorf("a session that was over is open again after a jump back of %v", jump)
			}
			token = w.signedIn(w.own)
			w.c.Move(-jump)
			if !opens(token) {
				t.Errorf("a jump back of %v locks out who is signed in", jump)
			}
			if _, err := w.app.Trail.Seal(ctx, duty); err != nil {
				t.Errorf("sealing after a jump back of %v: %v", jump, err)
			}
			w.c.Move(2 * jump)
		}
		w.livesAsLong(t)
		if r := must(w.app.Trail.Verify(ctx, duty, "")); r.First != nil || r.Size == 0 {
			t.Errorf("the audit log: %v", r.First)
		}
	})
}

// livesAsLong checks the ends of sessions and codes across the year 2038, where
// 32 bits of seconds end, and across both changes of summer time.
func (w *world) livesAsLong(t *testing.T) {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{time.Date(2026, 11, 1, 0, 30, 0, 0, zone), time.Date(2027, 3, 14, 0, 30, 0, 0, zone), time.Date(2028, 2, 28, 20, 0, 0, 0, zone), time.Date(2038, 1, 19, 3, 0, 0, 0, time.UTC)} {
		w.c.Move(at.Sub(w.c.Now()))
		token, p := w.signedIn(w.own), w.newcomer()
		code := must(w.app.Enroll.IssueByDuty(ctx, duty, enroll.Order{Patient: p.id, By: enroll.ByHand}))
		works := func() bool {
			_, err := w.app.Enroll.OpenCode(ctx, visitor(), enroll.CodeTry{Code: code.Text, Birth: p.birth})
			return err == nil
		}
		live := func() bool {
			_, _, err := w.app.Gate.Chart(ctx, token, access.SeeHome, "GET /home", visitor())
			return err == nil
		}
		for left := access.Absolute - time.Minute; left > 0; left -= 10 * time.Minute {
			w.c.Move(10 * time.Minute)
			if left > 10*time.Minute && !live() {
				t.Fatalf("from %v: in use, but over after %v", at, w.c.Now().Sub(at))
			}
		}
		w.c.Move(at.Add(access.Absolute).Sub(w.c.Now()))
		if live() {
			t.Errorf("from %v: the session is open after 12 hours", at)
		}
		w.c.Move(at.Add(7*24*time.Hour - time.Second).Sub(w.c.Now()))
		if !works() {
			t.Errorf("from %v: a code handed over ends before its seven days", at)
		}
		w.c.Move(time.Second)
		if o, err := w.app.Enroll.OpenCode(ctx, visitor(), enroll.CodeTry{Code: code.Text, Birth: p.birth}); err == nil && !o.Late {
			t.Errorf("from %v: a code handed over works after seven days", at)
		}
	}
	w.c.Move(testkit.Noon.Sub(w.c.Now()))
	if _, err := w.app.Trail.Seal(ctx, duty); err != nil {
		t.Errorf("sealing twelve years back: %v", err)
	}
	w.change(func(*store.Tx) error { return nil })
}
