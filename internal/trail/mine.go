package trail

import (
	"context"
	"slices"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// Recipients names those for whom a patient's links were made. The room that
// makes links answers it; a share it does not name stays nameless.
type Recipients interface {
	Recipients(ctx context.Context, tx *store.Tx, p ids.Patient, of []ids.Share) (map[ids.Share]string, error)
}

// People are those whose doings a patient asks for.
type People string

const (
	Everyone People = ""
	Clinic   People = "clinic" // its staff
	Me       People = "me"
	Links    People = "shares" // who was given a link, and the links themselves
)

// Wish says which lines of their own log a patient wants. Zero fields ask for all.
type Wish struct {
	People People
	Topic  Topic
	From   time.Time // from this moment on
	To     time.Time // before this moment
	After  string    // Told.Next of the page before
}

// Event is something that was done with the patient's record or account.
type Event struct {
	audit.Entry
	At    time.Time
	First time.Time // when the earliest of several was, At if it is one
	Times int
	Mine  bool          // the patient did it, signed in
	Name  string        // of a staff user who did it
	Roles []access.Role // theirs
	Part  bool          // the object is a part of the record
	Title string        // of that part, "" if the patient may not read it (yet)
	Code  string        // LOINC's, of that part, "" for none
	For   string        // whom a link was made for
	From  string        // what the sender of records is called
}

// Told is one page of a patient's log, newest first.
type Told struct {
	Events []Event
	Next   string // mark of the next page, "" on the last
}

const (
	// mostEvents is how many events one page shows.
	mostEvents = 25
	// mostRead bounds how many lines one page reads: a year of the patient's own
	// page views must not be read to show what a clerk did.
	mostRead = 400
	// mostExported bounds one export. Nothing is cut off silently: beyond it the
	// patient is asked for a shorter time.
	mostExported = 50_000
)

// Mine tells the chart's patient who looked at, changed, took out or was sent
// what of theirs. Page views of their own are counted for each day in zone.
//
// Only lines of this very record are told: of two records that were joined, the
// other one's past may turn out to be somebody else's.
func (t *Trail) Mine(ctx context.Context, c access.Chart, w Wish) (Told, error) {
	if err := c.Need(access.SeeAccess); err != nil {
		return Told{}, err
	}
	var out Told
	err := t.DB.View(ctx, func(tx *store.Tx) error {
		lines, err := mine(ctx, tx, c, w, mostRead+1)
		if err != nil {
			return err
		}
		out = t.fold(c, lines)
		return t.name(ctx, tx, c, out.Events)
	})
	return out, err
}

// mine reads lines about the chart's patient.
func mine(ctx context.Context, tx *store.Tx, c access.Chart, w Wish, most int) ([]line, error) {
	q := &query{}
	q.and("e.patient_id = ?", string(c.Patient()))
	actions := actionsOf(w.Topic)
	switch w.People {
	case Clinic:
		q.and("e.actor = ?", string(audit.ByStaff))
	case Me:
		q.and("e.actor = ?", string(audit.ByAccount))
		q.and("e.actor_id = ?", string(c.Account()))
	case Links:
		actions = slices.DeleteFunc(actions, func(a audit.Action) bool { return shown[a].topic != TopicShared })
	}
	if len(actions) == 0 {
		return nil, nil
	}
	if w.People == Clinic || !slices.Contains(actions, audit.ChartOpened) {
		// Written out, not an argument: the index audit_entry_deeds is for this.
		q.where = append(q.where, "e.action <> 'chart.opened'")
	}
	in := make([]any, len(actions))
	for i, a := range actions {
		in[i] = string(a)
	}
	q.and("e.action IN ("+strings.TrimSuffix(strings.Repeat("?, ", len(in)), ", ")+")", in...)
	if !w.From.IsZero() {
		q.and("e.at >= ?", store.Time(w.From))
	}
	if !w.To.IsZero() {
		q.and("e.at < ?", store.Time(w.To))
	}
	if at, id, _, ok := unmark(w.After); ok {
		q.and("(e.at < ? OR (e.at = ? AND e.id < ?))", store.Time(at), store.Time(at), id)
		q.and("e.at <= ?", store.Time(at)) // what an index can begin at
	}
	q.args = append(q.args, most)
	return store.List(ctx, tx, scanLine, `SELECT `+lineColumns+` FROM audit_entry e WHERE `+strings.Join(q.where, " AND ")+
		` ORDER BY e.at DESC, e.id DESC LIMIT `+store.In(len(q.args), 1), q.args...)
}

// fold makes events of lines until a page is full.
func (t *Trail) fold(c access.Chart, lines []line) Told {
	var out Told
	at := map[string]int{} // the day's count of an action, by day and action
	for i, l := range lines {
		e := event(c, l)
		day := l.at.In(t.zone()).Format(time.DateOnly) + string(l.Action)
		n, seen := at[day]
		count := e.Mine && shown[l.Action].folded && l.Outcome == audit.Done
		switch {
		case i == mostRead || len(out.Events) == mostEvents && !(count && seen):
			before := lines[i-1]
			out.Next = mark(ByTime, Line{ID: before.id, At: before.at})
			return out
		case aside[l.Action] != "" && aside[l.Action] == l.Detail:
		case count && seen:
			out.Events[n].Times++
			out.Events[n].First = l.at
		default:
			if count {
				at[day] = len(out.Events)
			}
			out.Events = append(out.Events, e)
		}
	}
	return out
}

func event(c access.Chart, l line) Event {
	return Event{Entry: l.Entry, At: l.at, First: l.at, Times: 1, Mine: l.Actor == audit.ByAccount && l.ActorID == string(c.Account()),
		Part: strings.HasPrefix(l.Object, "fhr-")}
}

// name finds names and titles: of the clinic's people, of parts of the record
// that are the patient's to read, and of those whom links were made for.
func (t *Trail) name(ctx context.Context, tx *store.Tx, c access.Chart, events []Event) error {
	var people []any
	var parts []ids.Resource
	var shares []ids.Share
	var sources []string
	for _, e := range events {
		switch {
		case e.Actor == audit.ByStaff && !slices.Contains(people, any(e.ActorID)):
			people = append(people, e.ActorID)
		case shown[e.Action].topic == TopicShared && !slices.Contains(shares, ids.Share(e.Object)):
			shares = append(shares, ids.Share(e.Object))
		}
		if e.Part {
			parts = append(parts, ids.Resource(e.Object))
		}
		if e.Action == audit.RecordsTaken {
			sources = append(sources, e.Object)
		}
	}
	senders, err := record.Senders(ctx, tx, sources...)
	if err != nil {
		return err
	}
	staff, err := colleagues(ctx, tx, people)
	if err != nil {
		return err
	}
	slices.Sort(parts)
	rows, err := record.Rows(ctx, tx, c, slices.Compact(parts))
	if err != nil {
		return err
	}
	titles, codes := map[string]string{}, map[string]string{}
	for _, r := range rows {
		if !r.Held {
			titles[string(r.ID)] = r.Title
			if r.System == "http://loinc.org" {
				codes[string(r.ID)] = r.Code
			}
		}
	}
	recipients := map[ids.Share]string{}
	if t.Shares != nil && len(shares) > 0 {
		if recipients, err = t.Shares.Recipients(ctx, tx, c.Patient(), shares); err != nil {
			return err
		}
	}
	for i, e := range events {
		events[i].Name, events[i].Roles = staff[e.ActorID].name, staff[e.ActorID].roles
		if e.Part {
			events[i].Title, events[i].Code = titles[e.Object], codes[e.Object]
		}
		events[i].For = recipients[ids.Share(e.Object)]
		if e.Action == audit.RecordsTaken {
			events[i].From = senders[e.Object]
		}
	}
	return nil
}

// colleague is a staff user as a patient may know them.
type colleague struct {
	id, name string
	roles    []access.Role
}

// colleagues finds staff users. The staff table is shared for reading.
func colleagues(ctx context.Context, tx *store.Tx, people []any) (map[string]colleague, error) {
	out := map[string]colleague{}
	for part := range slices.Chunk(people, 200) {
		found, err := store.List(ctx, tx, func(r store.Row) (k colleague, err error) {
			var roles string
			err = r.Scan(&k.id, &k.name, &roles)
			k.roles = access.ParseRoles(roles)
			return k, err
		}, `SELECT id, name, roles FROM staff WHERE id IN (`+store.In(1, len(part))+`)`, part...)
		if err != nil {
			return nil, err
		}
		for _, k := range found {
			out[k.id] = k
		}
	}
	return out, nil
}

// Guard says how well the log is protected.
type Guard struct {
	Sealed  time.Time // when the newest head was signed, zero if none was
	Checked time.Time // when the whole log was last checked, zero if never
	Whole   bool      // that check found nothing wrong
}

// Guard tells a patient how their log is protected.
func (t *Trail) Guard(ctx context.Context, c access.Chart) (g Guard, err error) {
	if err := c.Need(access.SeeAccess); err != nil {
		return g, err
	}
	err = t.DB.View(ctx, func(tx *store.Tx) error {
		sealed, err := store.Get(ctx, tx, store.One[store.Time], `SELECT MAX(at) FROM audit_checkpoint`)
		if err != nil {
			return err
		}
		g.Sealed = sealed.Std()
		g.Checked, g.Whole, err = lastCheck(ctx, tx)
		return err
	})
	return g, err
}

// ExportMine gives all the lines that w asks for, in words, as CSV (RFC 4180,
// UTF-8, newest first), safe to open in a spreadsheet. That it was exported is a
// line of the log itself.
func (t *Trail) ExportMine(ctx context.Context, c access.Chart, w Wish, in Words) ([]byte, error) {
	if err := c.Need(access.SeeAccess); err != nil {
		return nil, err
	}
	w.After = ""
	var events []Event
	err := t.DB.View(ctx, func(tx *store.Tx) error {
		lines, err := mine(ctx, tx, c, w, mostExported+1)
		if err != nil {
			return err
		}
		if len(lines) > mostExported {
			return fault.Bad("from", "trail.bad.many", mostExported)
		}
		for _, l := range lines {
			if aside[l.Action] == "" || aside[l.Action] != l.Detail {
				events = append(events, event(c, l))
			}
		}
		return t.name(ctx, tx, c, events)
	})
	if err != nil {
		return nil, err
	}
	b, err := in.csv(events)
	if err != nil {
		return nil, err
	}
	return b, t.DB.Change(ctx, c.Did(audit.AccessRead, "").With("export"), func(*store.Tx) error { return nil })
}
