package attack

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/scheduling"
	"portico/internal/web"
)

// booking is a person at the pages of visits.
type booking struct {
	*world
	c cookies
	o office
}

func (w *world) booking(of person, o office) booking {
	return booking{w, cookies{web.SessionCookie: w.signedIn(of)}, o}
}

func (b booking) send(path string, fields url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.do(ask{method: "POST", path: path, cookies: b.c, form: with(fields, b.key(web.SessionCookie, b.sessionOf("session", b.c[web.SessionCookie])))})
}

func (b booking) wants(code string) *httptest.ResponseRecorder {
	return b.send("/visits/new/time", say("type", string(b.o.kind), "time", code))
}

// holds picks a time and gives the page on which it is booked.
func (b booking) holds(p scheduling.Pick) string {
	b.t.Helper()
	got := b.wants(code(p))
	if got.Code != 303 {
		b.t.Fatalf("picking a free time answered %d", got.Code)
	}
	return strings.TrimPrefix(got.Header().Get("Location"), "https://"+host)
}

func (b booking) refused(what string, got *httptest.ResponseRecorder) {
	b.t.Helper()
	if got.Code != 422 || !strings.Contains(got.Body.String(), `class="errsum"`) {
		b.t.Errorf("%s: answered %d, or without saying what is wrong", what, got.Code)
	}
}

func (b booking) visits(state string) string {
	return b.one(`SELECT COUNT(*) || '' FROM appointment WHERE type_id = $1 AND state = $2`, string(b.o.kind), state)
}

// T54: a time is given once, whatever browsers send: times that are forged, past,
// closed or somebody's, two clicks, two tabs, the way back, and a week that changes
// meanwhile. Each answer says what is wrong, and the calendar is right afterwards.
func TestT54ATimeIsGivenOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.office()
		own, other := w.booking(w.own, o), w.booking(w.other, o)
		p := w.pick(o)
		t.Run("what is no time", func(t *testing.T) {
			at := func(d time.Duration) string {
				q := p
				q.Start = w.app.DB.Now().Truncate(time.Hour).Add(d)
				return code(q)
			}
			strange := w.office()
			for what, sent := range map[string]string{"nothing": "", "no words": "x", "too many words": code(p) + " x", "a number that is none": "a b person 1e9", "a time before 1970": "a b person -5",
				"the past": at(-time.Hour), "years ahead": at(4 * 365 * 24 * time.Hour), "another's clinician": code(scheduling.Pick{Clinician: strange.clinician, Place: o.place, Start: p.Start}),
				"a place of somebody else": code(scheduling.Pick{Clinician: o.clinician, Place: strange.place, Start: p.Start}), "by video": strings.Replace(code(p), "person", "video", 1),
				"between two starts": code(scheduling.Pick{Clinician: o.clinician, Place: o.place, Start: p.Start.Add(time.Minute)}), "markup": `<b> "> x 1`} {
				own.refused(what, own.wants(sent))
			}
			const off = 100 * 24 * time.Hour
			day := w.app.Visits.Day(w.app.DB.Now().Truncate(time.Hour).Add(off))
			w.ok(w.app.Visits.Shut(ctx, w.proof("administrator", access.SetSchedule), scheduling.Closure{Clinician: o.clinician, First: day, Last: day, Until: 24 * 60, Why: "Holiday"}))
			own.refused("a closed day", own.wants(at(off)))
			if n := own.visits("held"); n != "0" {
				t.Errorf("%s times are held", n)
			}
		})
		page := own.holds(p)
		other.refused("held by somebody", other.wants(code(p)))
		if got := other.send(page, say("reason", "")); got.Code != 404 {
			t.Errorf("booking what another holds answered %d", got.Code)
		}
		key := with(say("reason", "my knee"), w.key(web.SessionCookie, w.sessionOf("session", own.c[web.SessionCookie])))
		for range 2 { // a double click
			if got := w.do(ask{method: "POST", path: page, cookies: own.c, form: key}); got.Code != 303 {
				t.Errorf("booking answered %d", got.Code)
			}
		}
		if got := w.do(ask{method: "GET", path: page, cookies: own.c}); got.Code != 303 {
			t.Errorf("the way back to what is booked answered %d", got.Code)
		}
		if got := own.send(page, say("reason", "again")); got.Code != 303 {
			t.Errorf("sent again from there: %d", got.Code)
		}
		if own.visits("booked") != "1" {
			t.Errorf("%s visits after one was booked", own.visits("booked"))
		}
		first, second := own.holds(w.pick(o)), own.holds(w.pick(o)) // two tabs: the second lets go of the first
		own.refused("the first tab", own.send(first, say("reason", "what I typed")))
		if got := own.send(second, say("reason", "")); got.Code != 303 || own.visits("booked") != "2" || own.visits("held") != "0" {
			t.Errorf("the second tab: %d, %s booked", got.Code, own.visits("booked"))
		}
		if got := own.send(own.holds(w.pick(o)), say("other", "yes", "reason", "what I typed")); got.Code != 200 || !strings.Contains(got.Body.String(), "what I typed") || own.visits("held") != "0" {
			t.Errorf("picking another time: %d, %s held, or what was typed is lost", got.Code, own.visits("held"))
		}
		own.isGivenUp(t)
		own.weekIsTakenAway(t)
	})
}

// weekIsTakenAway takes the hours out while somebody books: what was promised is
// kept, in sight of staff; what was only shown is refused.
func (b booking) weekIsTakenAway(t *testing.T) {
	d := b.proof("administrator", access.SetSchedule)
	page, next := b.holds(b.pick(b.o)), b.pick(b.o)
	w := must(b.app.Visits.Week(ctx, d, b.o.clinician))
	for _, k := range w.Blocks {
		b.ok(b.app.Visits.DropBlock(ctx, d, k.ID))
	}
	b.refused("a time of hours that are no more", b.wants(code(next)))
	if got := b.send(page, say("reason", "")); got.Code == 422 {
		// The refused pick let nothing go: this one is still held.
		t.Errorf("a time that was promised is refused: %d", got.Code)
	}
	outside := 0
	for _, v := range must(b.app.Visits.Outside(ctx, b.proof("front_desk", access.SeeSchedule))) {
		if v.Type == b.o.kind {
			outside++
		}
	}
	if n := fmt.Sprint(outside); n != b.visits("booked") {
		t.Errorf("staff see %s visits outside the week of %s", n, b.visits("booked"))
	}
}

// isGivenUp takes the clinician, the place and the kind out of use: first the page
// names what is booked and keeps what was typed, then it is done, and the visits stay.
func (b booking) isGivenUp(t *testing.T) {
	desk := b.at("administrator").token
	booked := b.visits("booked")
	for path, fields := range map[string]url.Values{
		"clinicians/" + string(b.o.clinician): say("name", "Dr. Typed Anew"),
		"places/" + string(b.o.place):         say("name", "Typed Anew"),
		"types/" + string(b.o.kind): say("name_en", "Typed Anew", "name_es", "Escrito de nuevo", "in_person", "yes", "direct", "yes", "who", string(b.o.clinician),
			"minutes", "10", "before", "0", "after", "0", "step", "5", "notice", "0", "horizon", "700", "cutoff", "0", "day_most", "0", "open_most", "0", "request_most", "0"),
	} {
		send := func(more ...string) *httptest.ResponseRecorder {
			f := with(fields, b.key(web.StaffCookie, b.sessionOf("staff_session", desk)))
			maps.Copy(f, say(more...))
			return b.do(ask{method: "POST", path: "/staff/schedule/" + path, cookies: cookies{web.StaffCookie: desk}, form: f})
		}
		if got := send(); got.Code != 422 || !strings.Contains(got.Body.String(), `name="sure"`) || !strings.Contains(got.Body.String(), "Typed Anew") {
			t.Errorf("%s: answered %d, or without asking, or without what was typed", path, got.Code)
		}
		if got := send("sure", "yes"); got.Code != 303 {
			t.Errorf("%s: sure, answered %d", path, got.Code)
		}
		if got := send("active", "yes"); got.Code != 303 {
			t.Errorf("%s: in use again, answered %d", path, got.Code)
		}
	}
	if b.visits("booked") != booked {
		t.Errorf("%s visits are booked, there were %s", b.visits("booked"), booked)
	}
}
