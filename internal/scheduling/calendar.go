package scheduling

import (
	"slices"
	"strconv"
	"time"

	"portico/internal/ids"
)

// cellMinutes is the grain of the calendar. Every length and every start is a
// multiple of it.
const cellMinutes = 5

const (
	cellsAnHour = 60 / cellMinutes
	cellsADay   = 24 * cellsAnHour
)

// cell is a stretch of five minutes, counted from 1970 in UTC.
type cell int64

func cellOf(t time.Time) cell { return cell(t.Unix() / (cellMinutes * 60)) }

func (c cell) time() time.Time { return time.Unix(int64(c)*cellMinutes*60, 0).UTC() }

func (c cell) day() int64 { return int64(c) / cellsADay }

// span is from its first cell up to, and without, its end.
type span struct{ from, end cell }

func (s span) empty() bool { return s.from >= s.end }

func (s span) meets(o span) bool { return s.from < o.end && o.from < s.end }

// without gives what is left of spans when out is taken away.
func without(spans []span, out span) []span {
	var left []span
	for _, s := range spans {
		if !s.meets(out) {
			left = append(left, s)
			continue
		}
		if a := (span{s.from, out.from}); !a.empty() {
			left = append(left, a)
		}
		if b := (span{out.end, s.end}); !b.empty() {
			left = append(left, b)
		}
	}
	return left
}

// Day is a day of the clinic's calendar, "2026-11-26".
type Day string

const dayLayout = "2006-01-02"

func dayOf(t time.Time, zone *time.Location) Day { return Day(t.In(zone).Format(dayLayout)) }

// ParseDay reads a day; the zero Day and false for anything else.
func ParseDay(s string) (Day, bool) {
	t, err := time.Parse(dayLayout, s)
	if err != nil || t.Year() < 2000 || t.Year() > 2200 {
		return "", false
	}
	return Day(s), true
}

// date reads the digits itself: a search over three months asks for it some ten
// thousand times, and time.Parse would be a third of its cost.
func (d Day) date() time.Time {
	if len(d) != len(dayLayout) {
		return time.Time{}
	}
	digits := func(s Day) (n int) {
		for i := range len(s) {
			n = 10*n + int(s[i]-'0')
		}
		return n
	}
	return time.Date(digits(d[:4]), time.Month(digits(d[5:7])), digits(d[8:]), 0, 0, 0, 0, time.UTC)
}

// Add gives the day n days later.
func (d Day) Add(n int) Day { return Day(d.date().AddDate(0, 0, n).Format(dayLayout)) }

// Weekday is 0 for Sunday.
func (d Day) Weekday() time.Weekday { return d.date().Weekday() }

// at is the moment of a minute of the clinic's clock on this day. Where the clock
// jumps over it, it is the moment the clock then shows; where it comes twice, the
// first.
func (d Day) at(minute int, zone *time.Location) time.Time {
	t := d.date()
	return time.Date(t.Year(), t.Month(), t.Day(), 0, minute, 0, 0, zone)
}

// Noon is a moment of the day that writes well as a date.
func (d Day) Noon(zone *time.Location) time.Time { return d.at(12*60, zone) }

func (d Day) span(from, until int, zone *time.Location) span {
	return span{cellOf(d.at(from, zone)), cellOf(d.at(until, zone))}
}

// Block is a stretch of a clinician's week.
type Block struct {
	ID          ids.Block
	Clinician   ids.Clinician
	Place       ids.Place
	Room        ids.Room // "" where rooms are not counted
	InPerson    bool
	Video       bool
	Weekday     time.Weekday
	From, Until int // minutes of the clinic's clock
	EveryWeeks  int // 1 for each week, counted from the week of First
	First, Last Day // Last "" for no end
	OnlyType    ids.VisitType
}

// on tells whether the block is worked on d.
func (b Block) on(d Day) bool {
	if d.Weekday() != b.Weekday || d < b.First || b.Last != "" && d > b.Last {
		return false
	}
	if b.EveryWeeks <= 1 {
		return true
	}
	// Weeks are counted between the Sundays before both days.
	sunday := func(d Day) time.Time { return d.date().AddDate(0, 0, -int(d.Weekday())) }
	weeks := int(sunday(d).Sub(sunday(b.First)).Hours()) / (24 * 7)
	return weeks%b.EveryWeeks == 0
}

// Closure is when nobody is seen in spite of the week.
type Closure struct {
	ID          ids.Closure
	Clinician   ids.Clinician // "" for all
	Place       ids.Place     // "" for all
	First, Last Day
	From, Until int // minutes of each of the days; 0 to 1440 for whole days
	Why         string
}

func (c Closure) hits(b Block, d Day) bool {
	return d >= c.First && d <= c.Last && (c.Clinician == "" || c.Clinician == b.Clinician) && (c.Place == "" || c.Place == b.Place)
}

// open gives the stretches of a block on a day that no closure takes.
func open(b Block, d Day, closures []Closure, zone *time.Location) []span {
	if !b.on(d) {
		return nil
	}
	spans := []span{d.span(b.From, b.Until, zone)}
	if spans[0].empty() {
		return nil // inside an hour that the clock jumps over
	}
	for _, c := range closures {
		if c.hits(b, d) {
			spans = without(spans, d.span(c.From, c.Until, zone))
		}
	}
	return spans
}

// bits are the cells of one day, UTC, that are taken.
type bits [(cellsADay + 63) / 64]uint64

func (b *bits) set(n int) { b[n/64] |= 1 << (n % 64) }

func (b *bits) has(n int) bool { return b[n/64]&(1<<(n%64)) != 0 }

// String is 18 hexadecimal digits a word, fixed width.
func (b bits) String() string {
	out := make([]byte, 0, 16*len(b))
	for _, w := range b {
		s := strconv.FormatUint(w, 16)
		for range 16 - len(s) {
			out = append(out, '0')
		}
		out = append(out, s...)
	}
	return string(out)
}

func parseBits(s string) (b bits, ok bool) {
	if len(s) != 16*len(b) {
		return b, false
	}
	for i := range b {
		w, err := strconv.ParseUint(s[16*i:16*i+16], 16, 64)
		if err != nil {
			return b, false
		}
		b[i] = w
	}
	return b, true
}

// taken is what is taken of one resource, by day.
type taken map[int64]bits

// window is what is taken of one resource from a day on: a stretch of a week with
// what is kept free around it lies on three days at most.
type window struct {
	first int64
	days  [3]bits
}

func (t taken) window(s span) window {
	w := window{first: s.from.day()}
	for i := range w.days {
		w.days[i] = t[w.first+int64(i)]
	}
	return w
}

func (w *window) free(s span) bool {
	from := int(int64(s.from) - w.first*cellsADay)
	for n := from; n < from+int(s.end-s.from); n++ {
		if w.days[n/cellsADay].has(n % cellsADay) {
			return false
		}
	}
	return true
}

// Time is a time that can be had.
type Time struct {
	Clinician ids.Clinician
	Place     ids.Place
	Room      ids.Room
	Type      ids.VisitType
	Video     bool
	Start     time.Time
	Minutes   int
}

// grid gives the starts of a type within the open stretches of a block, whether
// taken or not.
func (v VisitType) grid(b Block, spans []span, zone *time.Location, d Day) []cell {
	step := cell(max(v.Step, cellMinutes) / cellMinutes)
	length := cell(v.Minutes / cellMinutes)
	origin := cellOf(d.at(b.From, zone))
	var out []cell
	for _, s := range spans {
		out = slices.Grow(out, int((s.end-s.from)/step))
		start := s.from
		if off := (start - origin) % step; off != 0 {
			start += step - off
		}
		for ; start+length <= s.end; start += step {
			out = append(out, start)
		}
	}
	return out
}

// busy is the stretch that a visit of the type takes of clinician and room.
func (v VisitType) busy(start cell) span {
	return span{start - cell(v.Before/cellMinutes), start + cell((v.Minutes+v.After)/cellMinutes)}
}

func (v VisitType) own(start cell) span { return span{start, start + cell(v.Minutes/cellMinutes)} }

func byStart(a, b Time) int {
	if c := a.Start.Compare(b.Start); c != 0 {
		return c
	}
	if a.Clinician != b.Clinician {
		if a.Clinician < b.Clinician {
			return -1
		}
		return 1
	}
	return 0
}

// unique drops a clinician's second offer of the same start: two blocks can meet.
func unique(times []Time) []Time {
	slices.SortStableFunc(times, byStart)
	return slices.CompactFunc(times, func(a, b Time) bool { return a.Start.Equal(b.Start) && a.Clinician == b.Clinician })
}
