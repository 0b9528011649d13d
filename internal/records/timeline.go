package records

import (
	"context"
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/secret"
)

// Filter says what of the timeline is shown.
type Filter struct {
	Words    string         `json:",omitempty"`
	Section  record.Section `json:",omitempty"`
	From, To string         `json:",omitempty"` // days of the clinic, both shown
	After    string         `json:",omitempty"` // cursor
}

func (f Filter) asks() bool { return f.Words != "" || f.Section != "" || f.From != "" || f.To != "" }

// query turns the filter into what the store understands. A day that is none, or
// an end before its beginning, is a fault at its field.
func (f Filter) query(zone *time.Location) (record.Query, error) {
	q := record.Query{Section: f.Section, Words: f.Words, Veil: true, After: f.After}
	var bad *fault.Fault
	if f.Section != "" && (!slices.Contains(record.Sections, f.Section) || f.Section == record.Claims) {
		bad = bad.And("section", "records.filter.section.bad")
	}
	day := func(field, text string, add int) time.Time {
		if text == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(time.DateOnly, text, zone)
		if err != nil {
			bad = bad.And(field, "records.filter.day.bad")
			return time.Time{}
		}
		return t.AddDate(0, 0, add)
	}
	q.From, q.To = day("from", f.From, 0), day("to", f.To, 1)
	if bad == nil && !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		bad = bad.And("to", "records.filter.day.order")
	}
	return q, bad.OrNil()
}

// Timeline gives everything of a record, newest first.
func (s *Records) Timeline(ctx context.Context, c access.Chart, f Filter) (Found, error) {
	q, err := f.query(s.zone())
	if err != nil {
		return Found{}, err
	}
	return s.list(ctx, c, q)
}

func (s *Records) zone() *time.Location { return page.ZoneOf(s.Clinic) }

// filterPlace is what a sealed filter is sealed for.
const filterPlace = "records.filter"

// address makes the address of a timeline: the words somebody looks for tell about
// their health, so they are sealed and bound to the session.
func (s *Records) address(c access.Chart, f Filter) string {
	if !f.asks() && f.After == "" {
		return "/records/timeline"
	}
	return s.Keys.SealQuery(filterPlace, string(c.Session()), "/records/timeline", f)
}

// opened reads the filter of an address; everything for none, for one of another
// session, and for one that was made up.
func (s *Records) opened(c access.Chart, sealed string) Filter {
	f, _ := secret.OpenQuery[Filter](s.Keys, filterPlace, string(c.Session()), sealed)
	return f
}
