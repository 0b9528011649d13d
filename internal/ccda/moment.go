package ccda

import (
	"strings"
	"time"
)

// Precision is how exactly a Time is known.
type Precision int

// From nothing to a second. What is finer than a second is dropped.
const (
	Unknown Precision = iota
	Year
	Month
	Day
	Hour
	Minute
	Second
)

// Time is a point in time as exactly as the document knows it. The zero Time is
// unknown. What is finer than Precision is zero in At.
type Time struct {
	At        time.Time // in the offset given; UTC if none was
	Precision Precision
	Zoned     bool // an offset was given, so that At is an instant and not a clock's reading
}

// layouts are the lengths an HL7 time may have (data type TS).
var layouts = []struct {
	text      string
	precision Precision
}{{"2006", Year}, {"200601", Month}, {"20060102", Day}, {"2006010215", Hour}, {"200601021504", Minute}, {"20060102150405", Second}}

// parseTime reads an HL7 time, YYYYMMDDHHMMSS.UUUU[+|-ZZzz] cut off anywhere;
// Unknown if it is none. An offset that makes no sense is left out.
func parseTime(s string) Time {
	s = strings.TrimSpace(s)
	zone := ""
	if i := strings.IndexAny(s, "+-"); i > 0 {
		s, zone = s[:i], s[i:]
	}
	if strings.Trim(zone[min(1, len(zone)):], "0123456789") != "" {
		return Time{}
	}
	if len(zone) == 3 {
		zone += "00"
	}
	s, _, _ = strings.Cut(s, ".")
	for _, l := range layouts {
		if len(s) != len(l.text) {
			continue
		}
		if t, err := time.Parse(l.text+"-0700", s+zone); err == nil && len(zone) == 5 {
			return Time{At: t, Precision: l.precision, Zoned: true}
		}
		if t, err := time.Parse(l.text, s); err == nil {
			return Time{At: t, Precision: l.precision}
		}
	}
	return Time{}
}

// On is the day of t, for births and the like.
func On(t time.Time) Time {
	return Time{At: time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC), Precision: Day}
}

// Exactly is the instant t.
func Exactly(t time.Time) Time {
	return Time{At: t.Truncate(time.Second), Precision: Second, Zoned: true}
}

// Known tells whether anything is known.
func (t Time) Known() bool { return t.Precision != Unknown }

// String is t in HL7's own form: "20260114", "20260114093000-0500".
func (t Time) String() string {
	for _, l := range layouts {
		if l.precision != t.Precision {
			continue
		}
		// A zone needs an hour to mean anything (CDA R2, data type TS).
		if t.Zoned && t.Precision >= Hour {
			return t.At.Format(l.text + "-0700")
		}
		return t.At.Format(l.text)
	}
	return ""
}

// Period is from Low to High; either may be unknown.
type Period struct{ Low, High Time }

func readPeriod(n *node) Period {
	if at := parseTime(n.attr("value")); at.Known() {
		return Period{Low: at, High: at}
	}
	return Period{Low: parseTime(n.child("low").attr("value")), High: parseTime(n.child("high").attr("value"))}
}
