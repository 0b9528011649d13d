package scheduling

import (
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
)

// long asks for the whole size of tests that race.
var long = os.Getenv("PORTICO_ATTACK") == "long"

// The times that the clients fight for: two clinicians, and starts of which each
// overlaps its neighbors, for a check-up takes 30 minutes and 10 after it.
const (
	raceStarts = 4
	raceTimes  = 2 * raceStarts
)

func (r *rig) raceTime(n int) Pick {
	return r.pick([]ids.Clinician{r.lee, r.ortiz}[n/raceStarts], monday.Add(1), 9, 15*(n%raceStarts))
}

// sameClinician and samePerson tell which two times exclude each other.
func sameClinician(a, b int) bool { return a/raceStarts == b/raceStarts && near(a, b, 40) }

func samePerson(a, b int) bool { return near(a, b, 30) }

func near(a, b, minutes int) bool {
	d := 15 * (a%raceStarts - b%raceStarts)
	return d < minutes && -d < minutes
}

// What clients do, and what they are told.
type (
	wish struct {
		do      string // "hold", "confirm", "move", "cancel", "look"
		patient int
		visit   int // number of the visit, in the order of their making; -1 for none
		time    int
	}
	told struct {
		why   Why // "" when it was done
		lost  bool
		state State
		time  int
	}
)

// calendar is the model: what stands where, one change after the other.
type calendar [96]struct {
	state   State
	patient int
	time    int
}

func (c *calendar) live(n int) bool { return c[n].state == Held || c[n].state == Booked }

// fits says why a time cannot be had, leaving visit `but` out of account.
func (c *calendar) fits(patient, at, but int) Why {
	yours := false
	for n := range c {
		if n == but || !c.live(n) {
			continue
		}
		if sameClinician(c[n].time, at) {
			return WhyTaken
		}
		yours = yours || c[n].patient == patient && samePerson(c[n].time, at)
	}
	if yours {
		return WhyYours
	}
	return ""
}

// lapsed says why a time is not held any more.
func (c *calendar) lapsed(visit int) Why {
	for n := range c {
		if c[visit].state == Released && c[n].state == Held && c[n].patient == c[visit].patient {
			return WhyOther
		}
	}
	return WhyOver
}

// step does w on c if t is what must be answered then.
func step(c calendar, w wish, t told) (bool, calendar) {
	if t.lost { // somebody changed the visit meanwhile: nothing was done
		return w.do == "cancel", c
	}
	before := c
	var want Why
	switch w.do {
	case "hold":
		for n := range c {
			if c[n].patient == w.patient && c[n].state == Held {
				c[n].state = Released
			}
		}
		if want = c.fits(w.patient, w.time, -1); want == "" && w.visit >= 0 {
			c[w.visit].state, c[w.visit].patient, c[w.visit].time = Held, w.patient, w.time
		}
	case "confirm":
		if !c.live(w.visit) {
			want = c.lapsed(w.visit)
		}
		c[w.visit].state = Booked
	case "move":
		if want = WhyFinished; c[w.visit].state == Booked {
			want = c.fits(w.patient, w.time, w.visit)
		}
		c[w.visit].time = w.time
	case "cancel":
		if c[w.visit].state != Booked && c[w.visit].state != Cancelled {
			want = WhyFinished
		}
		c[w.visit].state = Cancelled
	case "look":
		return c[w.visit].state == t.state && c[w.visit].time == t.time, c
	}
	if want != "" { // refused, so everything stands as it stood
		c = before
	}
	return want == t.why, c
}

// race is one history of clients that share few times.
type race struct {
	*rig
	sync.Mutex
	made    map[ids.Appointment]int
	history []porcupine.Operation
	began   time.Time
}

func (h *race) number(id ids.Appointment) int {
	h.Lock()
	defer h.Unlock()
	if _, ok := h.made[id]; !ok {
		h.made[id] = len(h.made)
	}
	return h.made[id]
}

// timed runs f and keeps when it began and ended; what it was told may name a visit
// that only f knows.
func (h *race) timed(client int, w wish, f func() (told, ids.Appointment)) ids.Appointment {
	from := time.Since(h.began)
	t, id := f()
	until := time.Since(h.began)
	if w.do == "hold" && t.why == "" && !t.lost {
		w.visit = h.number(id)
	}
	h.Lock()
	defer h.Unlock()
	h.history = append(h.history, porcupine.Operation{ClientId: client, Input: w, Output: t, Call: int64(from), Return: int64(until)})
	return id
}

func (h *race) answer(err error) told {
	switch why := Refused(err); {
	case err == nil || why != "":
		return told{why: why}
	case fault.Is(err, fault.Conflict):
		return told{lost: true}
	}
	h.t.Errorf("an answer that nobody can understand: %v", err)
	return told{lost: true}
}

// client is one browser of a patient, who has two: it books, moves and cancels
// without order or mercy.
func (h *race) client(n, patient int, c access.Chart, turns int, dice *rand.Rand) {
	var visit ids.Appointment
	for range turns {
		w := wish{patient: patient, time: dice.IntN(raceTimes), visit: -1}
		if visit == "" {
			w.do = "hold"
			id := h.timed(n, w, func() (told, ids.Appointment) {
				id, err := h.Hold(ctx, c, h.raceTime(w.time))
				return h.answer(err), id
			})
			if _, ok := h.known(id); ok {
				visit = id
			}
			continue
		}
		w.visit = h.number(visit)
		w.do = []string{"confirm", "confirm", "move", "move", "look", "cancel"}[dice.IntN(6)]
		h.timed(n, w, func() (told, ids.Appointment) { return h.act(c, w, visit), visit })
		if w.do == "cancel" {
			visit = ""
		}
	}
}

func (h *race) known(id ids.Appointment) (int, bool) {
	h.Lock()
	defer h.Unlock()
	n, ok := h.made[id]
	return n, ok
}

func (h *race) act(c access.Chart, w wish, id ids.Appointment) told {
	switch w.do {
	case "confirm":
		return h.answer(h.Confirm(ctx, c, id, ""))
	case "move":
		return h.answer(h.Move(ctx, c, id, h.raceTime(w.time)))
	case "cancel":
		return h.answer(h.Cancel(ctx, c, id, ""))
	}
	m, err := h.Visit(ctx, c, id)
	if err != nil {
		h.t.Error(err)
	}
	t := told{state: m.Visit.State, time: -1}
	for n := range raceTimes {
		if p := h.raceTime(n); p.Start.Equal(m.Visit.Start) && p.Clinician == m.Visit.Clinician {
			t.time = n
		}
	}
	return t
}

// Whatever many people do at once with few times, the answers are those of doing one
// thing after another: a time has one winner, and a move that fails leaves the old time.
func TestTheCalendarIsLinearizable(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var who []access.Chart
		for i := range 6 {
			who = append(who, r.patient(string(rune('a'+i))))
		}
		rounds := 3
		if long {
			rounds = 100
		}
		for round := range rounds {
			h := &race{rig: r, made: map[ids.Appointment]int{}, began: time.Now()}
			var all sync.WaitGroup
			for n := range 2 * len(who) { // two windows each
				all.Go(func() {
					h.client(n, n/2, who[n/2], 8, rand.New(rand.NewPCG(uint64(round), uint64(n))))
				})
			}
			all.Wait()
			model := porcupine.Model{
				Init: func() any { return calendar{} },
				Step: func(state, in, out any) (bool, any) {
					return step(state.(calendar), in.(wish), out.(told))
				},
			}
			if got := porcupine.CheckOperationsTimeout(model, h.history, time.Minute); got != porcupine.Ok {
				t.Fatalf("round %d: %d answers cannot have come one after another: %s", round, len(h.history), got)
			}
			r.sql(`UPDATE appointment SET state = 'released', held_until = NULL WHERE state IN ('held', 'booked')`)
			r.sql(`DELETE FROM busy_day`)
		}
	})
}

// A model that accepts anything would prove nothing.
func TestTheModelRefusesWhatCannotBe(t *testing.T) {
	booked := func(c calendar, n, patient, at int) calendar {
		c[n].state, c[n].patient, c[n].time = Booked, patient, at
		return c
	}
	one := booked(calendar{}, 0, 1, 0)
	for name, bad := range map[string]struct {
		w wish
		t told
	}{
		"two winners":                       {wish{do: "hold", patient: 2, visit: 1, time: 0}, told{}},
		"an overlap":                        {wish{do: "hold", patient: 2, visit: 1, time: 2}, told{}},
		"one person twice":                  {wish{do: "hold", patient: 1, visit: 1, time: raceStarts}, told{}},
		"a free time refused":               {wish{do: "hold", patient: 2, visit: 1, time: raceStarts}, told{why: WhyTaken}},
		"a time lost by a move that failed": {wish{do: "look", patient: 1, visit: 0}, told{state: Booked, time: 3}},
		"a move onto another's":             {wish{do: "move", patient: 2, visit: 1, time: 0}, told{}},
	} {
		if ok, _ := step(booked(one, 1, 2, 3+raceStarts), bad.w, bad.t); ok {
			t.Errorf("the model takes %s for possible", name)
		}
	}
}
