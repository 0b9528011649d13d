package notify

import (
	"strings"
	"testing"
	"time"

	"portico/internal/lang"
	"portico/internal/testkit"
	"portico/internal/testkit/mailbox"
)

// An e-mail about a visit carries it for the patient's calendar, in a file that says
// no more than the e-mail does.
func TestAVisitComesWithItsCalendarFile(t *testing.T) {
	box := mailbox.Start(t)
	s, err := NewSMTP("smtp://"+box.Addr(), "portal@riverside.example", func() string { return "Clinic" }, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 2, 14, 0, 0, 0, time.UTC)
	for i, c := range []struct {
		what   VisitChange
		method string
		want   []string
	}{
		{VisitBooked, "PUBLISH", []string{"SEQUENCE:1\r\n", "STATUS:CONFIRMED\r\n"}},
		{VisitMoved, "PUBLISH", []string{"SEQUENCE:1\r\n", "STATUS:CONFIRMED\r\n"}},
		{VisitCancelled, "CANCEL", []string{"SEQUENCE:1\r\n", "STATUS:CANCELLED\r\n"}},
	} {
		v := Visit{What: c.what, At: at, Answer: "/v/abc", Entry: Entry{ID: "apt_1", Version: 1, Until: at.Add(time.Hour), Changed: testkit.Noon}}
		r, err := writerFor(t, lang.En).dress(ctx, v, Mail)
		if err != nil {
			t.Fatal(err)
		}
		r.id, r.to, r.at = "msg_abc", someone, testkit.Noon
		if _, err := s.send(ctx, r); err != nil {
			t.Fatal(err)
		}
		got := box.Taken()[i]
		if len(got.Files) != 1 || got.Files[0].Name != "visit.ics" || got.Files[0].Type != "text/calendar" || got.Files[0].Params["method"] != c.method {
			t.Fatalf("%s: %+v", c.what, got.Files)
		}
		if !strings.Contains(got.Text, "November 2, 2026") || !strings.Contains(got.HTML, "<h1") {
			t.Errorf("%s: the words were lost: %q", c.what, got.Text)
		}
		file := strings.ReplaceAll(string(got.Files[0].Content), "\r\n ", "")
		for _, w := range append(c.want, "METHOD:"+c.method+"\r\n", "UID:apt_1@", "DTSTAMP:20260310T120000Z\r\n") {
			if !strings.Contains(file, w) {
				t.Errorf("%s: no %q in\n%s", c.what, w, file)
			}
		}
		if strings.Contains(file, "LOCATION") || strings.Contains(file, "/v/abc") {
			t.Errorf("%s: the file says too much:\n%s", c.what, file)
		}
	}
}

func TestTravellersAreToldBothTimes(t *testing.T) {
	at := time.Date(2026, 11, 2, 14, 0, 0, 0, time.UTC)
	for _, n := range []Notice{Visit{What: VisitBooked, At: at, Zone: "Europe/Madrid"}, VisitReminder{At: at, Zone: "Europe/Madrid"}} {
		for _, c := range []Channel{Mail, Text} {
			r, err := writerFor(t, lang.En).dress(ctx, n, c)
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(strings.Fields(r.text), " "); !strings.Contains(text, "3:00 p.m. Madrid time)") {
				t.Errorf("%T by %s: %s", n, c, text)
			}
		}
	}
}
