package scheduling

import (
	"strings"
	"time"
	"unicode/utf8"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"
)

// Both is a text in both languages.
type Both struct{ En, Es string }

// In gives the text in l, or the other where one is missing.
func (b Both) In(l lang.Lang) string {
	if l == lang.Es && b.Es != "" || b.En == "" {
		return b.Es
	}
	return b.En
}

// Place is where people are seen.
type Place struct {
	ID         ids.Place
	Name       string
	Address    string
	Directions Both
	Phone      string
	Active     bool
}

// Room is a room of a place that holds one visit at a time.
type Room struct {
	ID     ids.Room
	Place  ids.Place
	Name   string
	Active bool
}

// Clinician is someone whom patients visit.
type Clinician struct {
	ID       ids.Clinician
	Name     string
	Title    Both   // "Family doctor"
	VideoURL string // where patients meet them by video: https, or "" for none
	Active   bool
}

// VisitType is a kind of visit and its rules. Times are in minutes.
type VisitType struct {
	ID       ids.VisitType
	Name     Both
	About    Both // what it is for, one sentence
	Prepare  Both // what to bring, what to do before
	Minutes  int
	Before   int  // kept free before it
	After    int  // kept free after it
	Step     int  // visits begin at multiples of this
	InPerson bool // can be at the clinic
	Video    bool // can be by video
	Direct   bool // patients book it themselves
	Notice   int  // shortest time between booking and visit
	Horizon  int  // days ahead that can be booked
	CutOff   int  // shortest time before a visit in which a patient may move or cancel it
	DayMost  int  // of this kind, a clinician's day; 0 for no limit
	OpenMost int  // of this kind, a patient's visits to come; 0 for no limit
	AskMost  int  // of this kind, a patient's open requests where patients do not book themselves; 0 for no limit
	Active   bool
	Who      []ids.Clinician
}

const (
	maxName    = 80
	maxText    = 600
	maxAddress = 500 // of a web address
	maxVisit   = 8 * 60
)

// Check finds what is wrong with a kind of visit.
func (v VisitType) Check() error {
	var bad *fault.Fault
	for _, f := range []struct {
		name, text string
		most       int
		must       bool
	}{
		{"name_en", v.Name.En, maxName, true}, {"name_es", v.Name.Es, maxName, true},
		{"about_en", v.About.En, maxText, false}, {"about_es", v.About.Es, maxText, false},
		{"prepare_en", v.Prepare.En, maxText, false}, {"prepare_es", v.Prepare.Es, maxText, false},
	} {
		switch n := utf8.RuneCountInString(f.text); {
		case n == 0 && f.must:
			bad = bad.And(f.name, "scheduling.empty")
		case n > f.most:
			bad = bad.And(f.name, "scheduling.long", f.most)
		}
	}
	grain := func(field string, n, least, most int) {
		if n < least || n > most || n%cellMinutes != 0 {
			bad = bad.And(field, "scheduling.minutes", least, most)
		}
	}
	grain("minutes", v.Minutes, cellMinutes, maxVisit)
	grain("before", v.Before, 0, 120)
	grain("after", v.After, 0, 120)
	grain("step", v.Step, cellMinutes, maxVisit)
	within := func(field string, n, least, most int) {
		if n < least || n > most {
			bad = bad.And(field, "scheduling.number", least, most)
		}
	}
	within("notice", v.Notice, 0, 60*24*60)
	within("horizon", v.Horizon, 1, 730)
	within("cutoff", v.CutOff, 0, 60*24*60)
	within("day_most", v.DayMost, 0, 200)
	within("open_most", v.OpenMost, 0, 50)
	within("request_most", v.AskMost, 0, 50)
	if !v.InPerson && !v.Video {
		bad = bad.And("in_person", "scheduling.type.where")
	}
	return bad.OrNil()
}

// State is how a visit stands.
type State string

// States of a visit. What takes time of the clinic stands in store/guard_time.go.
const (
	Held      State = "held"
	Booked    State = "booked"
	CheckedIn State = "checked_in"
	Arrived   State = "arrived"
	Fulfilled State = "fulfilled"
	Cancelled State = "cancelled"
	NoShow    State = "no_show"
	Released  State = "released" // was held and let go
)

// Ahead tells whether the visit is still to be.
func (s State) Ahead() bool { return s == Booked || s == CheckedIn || s == Arrived }

// Visit is one appointment.
type Visit struct {
	ID        ids.Appointment
	Patient   ids.Patient
	Type      ids.VisitType
	Clinician ids.Clinician
	Place     ids.Place
	Room      ids.Room
	Video     bool
	State     State
	Day       Day
	Start     time.Time
	End       time.Time
	HeldUntil time.Time
	Reason    string // the patient's words
	Note      string // staff's, never shown to the patient
	EndedBy   string // "patient" or "clinic", "" while it stands
	EndedWhy  string
	Version   int
	Changed   time.Time
}

// Time is the visit's own time.
func (v Visit) Time() Time {
	return Time{Clinician: v.Clinician, Place: v.Place, Room: v.Room, Type: v.Type, Video: v.Video, Start: v.Start, Minutes: int(v.End.Sub(v.Start).Minutes())}
}

// Why is the reason why something cannot be booked, for programs; its sentence is
// the text "scheduling.why." with it.
type Why string

// Reasons.
const (
	WhyTaken    Why = "taken"
	WhyPast     Why = "past"
	WhySoon     Why = "soon"
	WhyFar      Why = "far"
	WhyClosed   Why = "closed"  // not in the clinician's week, or a closure
	WhyType     Why = "type"    // the kind of visit is not offered so
	WhyRequest  Why = "request" // the clinic books this kind itself
	WhyMany     Why = "many"    // the patient has as many as the clinic allows
	WhyDay      Why = "day"     // the clinician's day has as many of the kind as it may
	WhyYours    Why = "yours"   // the patient has another visit then
	WhyOver     Why = "over"    // the five minutes are over
	WhyOther    Why = "other"   // the patient picked another time after this one
	WhyPerson   Why = "person"  // deceased, inactive or joined with another record
	WhyCutOff   Why = "cutoff"
	WhyStarted  Why = "started"
	WhyFinished Why = "finished"
	WhyEarly    Why = "early"      // checking in has not opened
	WhyDone     Why = "checked_in" // already
)

// refuse makes the error of a reason. The person can pick another time, so it is
// an error at the field "time" of the form.
func refuse(w Why) error { return fault.Bad("time", "scheduling.why."+string(w)) }

// Refused tells why err was a refusal, "" if it was none.
func Refused(err error) Why {
	f, ok := fault.As(err)
	if !ok || len(f.Problems) != 1 {
		return ""
	}
	w, ok := strings.CutPrefix(f.Problems[0].Text, "scheduling.why.")
	if !ok {
		return ""
	}
	return Why(w)
}

func cleaned(s string) string { return strings.TrimSpace(store.Clean(s)) }
