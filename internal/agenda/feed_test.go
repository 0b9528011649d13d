package agenda

import (
	"errors"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
)

// token is the secret in an address.
func token(address string) string {
	t, _ := strings.CutPrefix(address, "https://portal.example/calendar/")
	return strings.TrimSuffix(t, "/visits.ics")
}

func (r *rig) makes(c access.Chart, s Shows, instead ids.Calendar) string {
	r.t.Helper()
	a, err := r.Make(ctx, c, s, instead)
	if err != nil {
		r.t.Fatal(err)
	}
	return token(a)
}

// reads wants a calendar that holds each of these and none of those with a minus.
func (r *rig) reads(token string, want ...string) {
	r.t.Helper()
	b, err := r.Subscribed(ctx, visitor, token)
	if err != nil {
		r.t.Fatal(err)
	}
	text := strings.ReplaceAll(string(b), "\r\n ", "")
	for _, w := range want {
		bare, not := strings.CutPrefix(w, "-")
		if strings.Contains(text, bare) == not {
			r.t.Errorf("%q in the calendar: %t\n%s", bare, !not, text)
		}
	}
}

func TestACalendarShowsWhatWasChosenAndNoMore(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		c := r.raised("ann")
		busy, place := r.makes(c, ShowsBusy, ""), r.makes(c, ShowsPlace, "")
		id := r.book("ann", 15, 9)
		gone := r.book("ann", 16, 9)
		r.book("bob", 15, 11)
		delete(r.out.visits, gone)
		never := []string{"-lee", "-Check-up", "-Ann", "-pat_", "-acc_", "-ATTENDEE", "-20260616T", "-T110000", "DTSTART;TZID=America/New_York:20260615T090000"}
		r.reads(busy, append(never, "SUMMARY:Busy", "-Main", "-/visits/", "-LOCATION", "-Visit", "-portal", "UID:"+string(id)+"\r\n")...)
		r.reads(place, append(never, "LOCATION:Main Street\\, 1 Main St", "URL:https://portal.example/visits/"+string(id), "UID:"+string(id)+"@portal.example")...)
		if r.out.calendars != 2 {
			t.Errorf("the owner was told %d times", r.out.calendars)
		}
		first, err := r.Subscribed(ctx, visitor, busy)
		if err != nil {
			t.Fatal(err)
		}
		r.clock.Move(time.Hour)
		if again, err := r.Subscribed(ctx, visitor, busy); err != nil || string(again) != string(first) {
			t.Error("the same visits give another file: programs would fetch it each time")
		}
		r.move(id, 10)
		r.reads(busy, "UID:"+string(id), "SEQUENCE:2", "DTSTART;TZID=America/New_York:20260615T100000", "-T090000")
		if n := r.logged(audit.CalendarRead); n != 2 {
			t.Errorf("%d lines for two calendars read on one day", n)
		}
		r.clock.Move(feedLogged)
		r.reads(busy)
		if n := r.logged(audit.CalendarRead); n != 3 {
			t.Errorf("%d lines the next day", n)
		}
	})
}

func TestAnAddressEndsAtOnce(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		c := r.raised("ann")
		old := r.makes(c, ShowsPlace, "")
		list, err := r.Feeds(ctx, c)
		if err != nil || len(list) != 1 {
			t.Fatalf("%v %+v", err, list)
		}
		renewed := r.makes(c, "", list[0].ID)
		r.reads(renewed, "BEGIN:VCALENDAR")
		absent := func(what, token string) {
			t.Helper()
			if _, err := r.Subscribed(ctx, visitor, token); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", what, err)
			}
		}
		absent("renewed", old)
		absent("forged", renewed[:41]+string(renewed[41]^1)+renewed[42:])
		absent("empty", "")
		if _, err := r.Make(ctx, c, "", list[0].ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("renewed twice: %v", err)
		}
		list, err = r.Feeds(ctx, c)
		if err != nil || len(list) != 1 || list[0].Shows != ShowsPlace {
			t.Fatalf("%v %+v", err, list)
		}
		for _, err := range []error{r.End(ctx, r.raised("bob"), list[0].ID), second(r.Make(ctx, r.raised("bob"), ShowsBusy, list[0].ID))} {
			if !fault.Is(err, fault.NotFound) {
				t.Errorf("somebody else's: %v", err)
			}
		}
		r.out.shut["pat_ann"] = true
		absent("of a locked account", renewed)
		r.out.shut["pat_ann"] = false
		r.reads(renewed)
		if err := r.End(ctx, c, list[0].ID); err != nil {
			t.Fatal(err)
		}
		absent("ended", renewed)
		for range mostFeeds {
			r.makes(c, ShowsBusy, "")
		}
		if _, err := r.Make(ctx, c, ShowsBusy, ""); !fault.Is(err, fault.Invalid) {
			t.Errorf("one too many: %v", err)
		}
		if _, err := r.Make(ctx, r.patient("ann", false), ShowsBusy, ""); !errors.Is(err, access.ErrNotRaised) && !fault.Is(err, fault.Denied) {
			t.Errorf("not raised: %v", err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func TestCalendarsAreReadSeldom(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		token := r.makes(r.raised("ann"), ShowsBusy, "")
		for range feedRule.Max {
			r.reads(token)
		}
		if _, err := r.Subscribed(ctx, visitor, token); !fault.Is(err, fault.TooMany) {
			t.Errorf("too often: %v", err)
		}
		other := r.makes(r.raised("bob"), ShowsBusy, "")
		r.reads(other) // from the same address: one calendar service reads for many
		for range missRule.Max {
			_, _ = r.Subscribed(ctx, visitor, "nonsense")
		}
		if _, err := r.Subscribed(ctx, visitor, "nonsense"); !fault.Is(err, fault.TooMany) {
			t.Errorf("tries: %v", err)
		}
		r.reads(other)
	})
}

func TestTheFileOfAVisit(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		id, see := r.book("ann", 15, 9), r.patient("ann", false)
		b, err := r.File(ctx, see, id, lang.Es)
		if err != nil || !strings.Contains(string(b), "METHOD:PUBLISH") || !strings.Contains(string(b), "1 Main St") || strings.Contains(string(b), "lee") {
			t.Errorf("%v\n%s", err, b)
		}
		if _, err := r.File(ctx, r.raised("bob"), id, lang.En); !fault.Is(err, fault.NotFound) {
			t.Errorf("somebody else's: %v", err)
		}
		delete(r.out.visits, id)
		if _, err := r.File(ctx, see, id, lang.En); !fault.Is(err, fault.NotFound) {
			t.Errorf("a cancelled visit: %v", err)
		}
	})
}
