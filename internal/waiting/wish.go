package waiting

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Sort is what is waited for.
type Sort string

// Sorts of wishes.
const (
	Request Sort = "request" // a visit that the clinic books
	Earlier Sort = "earlier" // a time, or an earlier one, of a visit that patients book
)

// State is how a wish stands.
type State string

// States of a wish.
const (
	Open      State = "open"     // in the queue, or on the list
	Proposed  State = "proposed" // the patient chooses
	Booked    State = "booked"
	Declined  State = "declined"
	Withdrawn State = "withdrawn"
	Lapsed    State = "lapsed"
)

// Live tells whether the wish still waits for somebody.
func (s State) Live() bool { return s == Open || s == Proposed }

// Wish is what a patient waits for.
type Wish struct {
	ID        ids.Wish
	Patient   ids.Patient
	Sort      Sort
	Kind      ids.VisitType
	Clinician ids.Clinician // "" for anyone
	Place     ids.Place     // "" for any
	Video     bool
	Weekdays  string // digits from Sunday, 0; "" for any day
	Parts     string // parts of the day, "" for any
	Reason    string // the patient's words
	Note      string // and about when they can come
	Visit     ids.Appointment
	State     State
	EndedWhy  string // staff's words to the patient
	LastDay   string // of the waiting, "" for no last day
	Version   int
	Made      time.Time
	Changed   time.Time
}

// OfferState is how an offer stands.
type OfferState string

// States of an offer.
const (
	Offered OfferState = "open"
	Taken   OfferState = "taken"
	Lost    OfferState = "lost"   // somebody else has the time
	Passed  OfferState = "passed" // it did not suit
	Over    OfferState = "over"   // nobody answered in time
	Dropped OfferState = "dropped"
)

// Offer is one time offered to a wish.
type Offer struct {
	ID      ids.Offer
	Wish    ids.Wish
	Kept    ids.Appointment // the held time, "" where the first to take it has it
	Time    Time
	Expires time.Time
	State   OfferState
}

// good tells whether the offer can be taken.
func (o Offer) good(now time.Time) bool { return o.State == Offered && o.Expires.After(now) }

// PartsOfDay are the parts of a day that a wish can name.
var PartsOfDay = []string{"morning", "afternoon", "evening"}

// wishParts is how a list of parts is stored: each between spaces, so that one can
// be looked for.
func wishParts(chosen []string) string {
	var out []string
	for _, p := range PartsOfDay {
		if slices.Contains(chosen, p) {
			out = append(out, p)
		}
	}
	if len(out) == 0 || len(out) == len(PartsOfDay) {
		return ""
	}
	return " " + strings.Join(out, " ") + " "
}

func wishDays(chosen []string) string {
	out := ""
	for d := time.Sunday; d <= time.Saturday; d++ {
		if n := strconv.Itoa(int(d)); slices.Contains(chosen, n) {
			out += n
		}
	}
	if len(out) == 7 {
		return ""
	}
	return out
}

// Limits.
const (
	maxWords   = 500
	maxADay    = 10               // wishes that one patient makes a day, so that a script cannot fill the queue
	maxPlaces  = 3                // of one patient on the waiting list
	waitDays   = 90               // of waiting without a visit
	maxTimes   = 3                // proposed to one request
	keepTimes  = 48 * time.Hour   // that proposed times are held
	keepLead   = time.Hour        // and let go this long before the first of them
	keepLeast  = 2 * time.Hour    // so long, or the patient could not choose
	askAtOnce  = 5                // people asked about one time
	askADay    = 3                // times that one person is asked about a day
	offerLife  = 4 * time.Hour    // of an offer to the waiting list
	offerLeast = 15 * time.Minute // an offer shorter than this helps nobody
	dayBegins  = 8                // who is asked at night has until
	dayEnds    = 20               // two hours into the day
	nightUntil = dayBegins + 2    // to answer
)

// offerUntil is when an offer made now runs out, in time for the notice that the kind
// of visit wants.
func offerUntil(now, start time.Time, notice time.Duration, zone *time.Location) time.Time {
	local := now.In(zone)
	until := now.Add(offerLife)
	if h := local.Hour(); h < dayBegins || h >= dayEnds {
		day := local.Day()
		if h >= dayEnds {
			day++
		}
		until = time.Date(local.Year(), local.Month(), day, nightUntil, 0, 0, 0, zone)
	}
	if last := start.Add(-notice); last.Before(until) {
		until = last
	}
	return until.UTC()
}

// Why is the reason of a refusal, for programs; its sentence is the text
// "waiting.why." with it.
type Why string

// Reasons.
const (
	WhyKind     Why = "kind"     // not offered so
	WhyDirect   Why = "direct"   // patients book it themselves
	WhyAsk      Why = "ask"      // the clinic books it
	WhyRequests Why = "requests" // as many open requests as allowed
	WhyPlaces   Why = "places"   // on the waiting list as often as allowed
	WhyOften    Why = "often"    // as many wishes a day as allowed
	WhyPerson   Why = "person"   // deceased, inactive or joined with another record
	WhyVisit    Why = "visit"    // the visit to be earlier is not there any more
	WhyGone     Why = "gone"     // somebody else has the time
	WhyOver     Why = "over"     // the offer ran out
	WhyAnswered Why = "answered" // the wish is settled
	WhyTaken    Why = "taken"    // the time that staff picked is not free any more
	WhyOne      Why = "one"      // staff book one time
	WhyThree    Why = "three"    // and propose three at most
	WhyClash    Why = "clash"    // that do not overlap
	WhySoon     Why = "soon"     // and leave time to choose
	WhyList     Why = "list"     // times are proposed to requests only
)

func refuse(w Why) error { return fault.Bad("time", "waiting.why."+string(w)) }

// Refused tells why err was a refusal, of this room or of the calendar; "" if it was
// none.
func Refused(err error) Why {
	f, ok := fault.As(err)
	if !ok || len(f.Problems) != 1 {
		return ""
	}
	for _, room := range []string{"waiting.why.", "scheduling.why."} {
		if w, ok := strings.CutPrefix(f.Problems[0].Text, room); ok {
			return Why(w)
		}
	}
	return ""
}

// written reads what somebody wrote in a field of a form.
func written(field, text string, least int) (string, error) {
	text = strings.TrimSpace(store.Clean(text))
	switch n := utf8.RuneCountInString(text); {
	case n > maxWords:
		return "", fault.Bad(field, "scheduling.long", maxWords)
	case n < least:
		return "", fault.Bad(field, "waiting.words")
	}
	return text, nil
}

// code writes a time as the value of a box.
func (t Time) code() string {
	how := "person"
	if t.Video {
		how = "video"
	}
	return strings.Join([]string{string(t.Clinician), string(t.Place), how, strconv.FormatInt(t.Start.Unix(), 10)}, " ")
}

// parseTime reads it. What it says is checked against the calendar, not believed.
func parseTime(code string, minutes int) (Time, error) {
	f := strings.Fields(code)
	if len(f) != 4 {
		return Time{}, fault.Bad("time", "scheduling.time.choose")
	}
	n, err := strconv.ParseInt(f[3], 10, 64)
	if err != nil || n < 0 || n > 1<<33 {
		return Time{}, fault.Bad("time", "scheduling.time.choose")
	}
	start := time.Unix(n, 0).UTC()
	return Time{Clinician: ids.Clinician(f[0]), Place: ids.Place(f[1]), Video: f[2] == "video", Start: start, End: start.Add(time.Duration(minutes) * time.Minute)}, nil
}
