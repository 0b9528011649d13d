package results

import (
	"slices"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/secret"
)

// Filter says which results a list shows.
type Filter struct {
	Words    string `json:",omitempty"`
	Group    string `json:",omitempty"` // record.Laboratory …
	From, To string `json:",omitempty"` // days of the clinic, both shown
	Out      bool   `json:",omitempty"` // only what is out of range
	After    string `json:",omitempty"` // cursor
}

// Groups are the kinds of results in the order they are offered.
var Groups = []string{record.Laboratory, record.Imaging, record.Pathology, record.Microbiology, record.OtherResult}

// asks tells whether the filter leaves anything out.
func (f Filter) asks() bool {
	return f.Words != "" || f.Group != "" || f.From != "" || f.To != "" || f.Out
}

// query turns the filter into what the store understands; the days are those of
// zone. A day that is none is a fault at its field.
func (f Filter) query(zone *time.Location) (record.Query, error) {
	q := record.Query{Section: record.Results, Group: f.Group, Words: f.Words, Abnormal: f.Out, After: f.After}
	// What is searched for may be a member of a panel.
	q.Members = f.Words != "" || f.Out
	var bad *fault.Fault
	if f.Group != "" && !slices.Contains(Groups, f.Group) {
		bad = bad.And("group", "results.filter.group.bad")
	}
	day := func(field, text string, add int) time.Time {
		if text == "" {
			return time.Time{}
		}
		t, err := time.ParseInLocation(time.DateOnly, text, zone)
		if err != nil {
			bad = bad.And(field, "results.filter.day.bad")
			return time.Time{}
		}
		return t.AddDate(0, 0, add)
	}
	q.From, q.To = day("from", f.From, 0), day("to", f.To, 1)
	if bad == nil && !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		bad = bad.And("to", "results.filter.day.order")
	}
	return q, bad.OrNil()
}

func (s *Results) zone() *time.Location { return page.ZoneOf(s.Clinic) }

// filterPlace is what a sealed filter is sealed for.
const filterPlace = "results.filter"

// address makes the address of a list: what was typed is sealed and bound to the
// session, since the words somebody looks for tell about their health.
func (s *Results) address(c access.Chart, f Filter) string {
	if !f.asks() && f.After == "" {
		return "/results"
	}
	return s.Keys.SealQuery(filterPlace, string(c.Session()), "/results", f)
}

// opened reads the filter of an address; the whole list for none, for one of
// another session, and for one that was made up.
func (s *Results) opened(c access.Chart, sealed string) Filter {
	f, _ := secret.OpenQuery[Filter](s.Keys, filterPlace, string(c.Session()), sealed)
	return f
}
