package ical

import (
	"bytes"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	ics "github.com/arran4/golang-ical"
)

func at(t *testing.T, zone, when string) time.Time {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	m, err := time.ParseInLocation("2006-01-02 15:04", when, z)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func file(start time.Time) Calendar {
	return Calendar{Zone: start.Location(), Events: []Event{{UID: "apt_1@portal.example", Version: 2, Changed: start.AddDate(0, -1, 0), Start: start, End: start.Add(30 * time.Minute), Summary: "Visit: Riverside"}}}
}

// read gives the instant that a program works out from the file alone: the local time
// and the changes of the hour written in it.
func read(t *testing.T, b []byte) time.Time {
	t.Helper()
	c, err := ics.ParseCalendar(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	p := c.Events()[0].GetProperty(ics.ComponentPropertyDtStart)
	if m, err := time.Parse(utc, p.Value); err == nil {
		return m
	}
	wall, err := time.Parse(local, p.Value)
	if err != nil {
		t.Fatal(err)
	}
	zones := c.Timezones()
	if len(zones) != 1 || zones[0].GetProperty(ics.ComponentPropertyTzid).Value != p.ICalParameters["TZID"][0] {
		t.Fatalf("the zone of the time is not the file's: %v", p.ICalParameters)
	}
	var onset time.Time
	var found time.Duration
	for _, o := range zones[0].Components {
		get := func(name string) string {
			for _, q := range o.UnknownPropertiesIANAProperties() {
				if q.IANAToken == name {
					return q.Value
				}
			}
			t.Fatalf("no %s", name)
			return ""
		}
		begin, err := time.Parse(local, get("DTSTART"))
		if err != nil {
			t.Fatal(err)
		}
		to, err := time.Parse("-0700", get("TZOFFSETTO"))
		if err != nil {
			t.Fatal(err)
		}
		if !begin.After(wall) && !begin.Before(onset) {
			_, n := to.Zone()
			onset, found = begin, time.Duration(n)*time.Second
		}
	}
	if onset.IsZero() {
		t.Fatal("no observance for the time")
	}
	return wall.Add(-found)
}

func TestAProgramReadsTheSameInstant(t *testing.T) {
	for _, c := range []struct {
		zone, when string
		utc        bool
	}{
		{"America/New_York", "2026-06-22 09:00", false},
		{"America/New_York", "2026-12-22 09:00", false},
		{"America/New_York", "2026-03-08 01:45", false}, // clocks go ahead at 2
		{"America/New_York", "2026-03-08 03:00", false},
		{"America/New_York", "2026-11-01 00:30", false}, // and back at 2
		{"America/New_York", "2026-11-01 01:30", true},
		{"America/New_York", "2026-11-01 09:00", false},
		{"America/Phoenix", "2026-07-01 09:00", false},    // never change
		{"Australia/Lord_Howe", "2026-04-05 01:45", true}, // by half an hour
		{"Europe/Dublin", "2026-01-15 09:00", false},      // winter is the exception there
		{"Africa/Casablanca", "2026-02-20 09:00", false},
		{"UTC", "2026-06-22 09:00", true},
	} {
		start := at(t, c.zone, c.when)
		b := file(start).Bytes()
		if got := read(t, b); !got.Equal(start) {
			t.Errorf("%s %s is read as %s", c.zone, c.when, got.In(start.Location()))
		}
		if inUTC := bytes.Contains(b, []byte("\r\nDTSTART:")) && bytes.Contains(b, []byte("Z\r\nDTEND")); inUTC != c.utc {
			t.Errorf("%s %s in UTC: %t\n%s", c.zone, c.when, inUTC, b)
		}
	}
	second := at(t, "America/New_York", "2026-11-01 00:30").Add(2 * time.Hour) // 1:30 again
	if got := read(t, file(second).Bytes()); !got.Equal(second) {
		t.Errorf("the second half past one is read as %s", got)
	}
}

func TestAFileSaysWhatItMust(t *testing.T) {
	c := file(at(t, "America/New_York", "2026-06-22 09:00"))
	c.Organizer, c.Events[0].Place, c.Events[0].URL = "no-reply@clinic.example", "1 Main Street; Suite 2, Riverside\nMA "+strings.Repeat("é", 60), "https://portal.example/visits/apt_1"
	text := string(c.Bytes())
	for _, want := range []string{"METHOD:PUBLISH\r\n", "UID:apt_1@portal.example\r\n", "SEQUENCE:2\r\n", "STATUS:CONFIRMED\r\n", "CLASS:PRIVATE\r\n", "DTSTART;TZID=America/New_York:20260622T090000\r\n",
		"DTEND;TZID=America/New_York:20260622T093000\r\n", "DTSTAMP:20260522T130000Z\r\n", `1 Main Street\; Suite 2\, Riverside\n`, "ORGANIZER:mailto:no-reply@clinic.example\r\n", "BEGIN:STANDARD\r\n", "BEGIN:DAYLIGHT\r\n"} {
		if !strings.Contains(strings.ReplaceAll(text, "\r\n ", ""), want) {
			t.Errorf("%q is missing in\n%s", want, text)
		}
	}
	for _, line := range strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.Contains(line, "\n") {
			t.Errorf("line of %d: %q", len(line), line)
		}
	}
	c.Cancel = true
	if text := string(c.Bytes()); !strings.Contains(text, "METHOD:CANCEL\r\n") || !strings.Contains(text, "STATUS:CANCELLED\r\n") {
		t.Errorf("not cancelled:\n%s", text)
	}
	c.Cancel, c.Name, c.Every = false, "Visits", 4*time.Hour
	if text := string(c.Bytes()); !strings.Contains(text, "X-PUBLISHED-TTL:PT240M\r\n") || !strings.Contains(text, "REFRESH-INTERVAL;VALUE=DURATION:PT240M\r\n") || !strings.Contains(text, "X-WR-CALNAME:Visits\r\n") {
		t.Errorf("no calendar to subscribe to:\n%s", text)
	}
	if !bytes.Equal(c.Bytes(), c.Bytes()) {
		t.Error("the same calendar gives different files")
	}
}
