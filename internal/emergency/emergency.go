package emergency

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/secret"
	"portico/internal/store"
)

// Confirmer makes sure that a staff user is at the keyboard; room staff does.
type Confirmer interface {
	Confirm(ctx context.Context, d access.Desk, code string) error
	// Ways tells how they can show it: by a code of an authenticator, or by signing
	// in anew at the clinic's sign-on, whose name it gives.
	Ways(ctx context.Context, d access.Desk) (app bool, signOn string, err error)
}

// People is the patient index.
type People interface {
	// Called gives a patient's given and family name; store.ErrNone for nobody.
	Called(ctx context.Context, tx *store.Tx, p ids.Patient) (given, family string, err error)
	// Names and NumbersOf give what several patients are called, and their numbers.
	Names(ctx context.Context, tx *store.Tx, of []ids.Patient) (map[ids.Patient]string, error)
	NumbersOf(ctx context.Context, tx *store.Tx, of []ids.Patient) (map[ids.Patient]string, error)
}

// Teller tells patients.
type Teller interface {
	// EmergencyOpened tells a patient, at every contact of their account.
	EmergencyOpened(ctx context.Context, tx *store.Tx, p ids.Patient, key string, at time.Time) error
}

// Parts are what the room is made of.
type Parts struct {
	DB     *store.DB
	Gate   *access.Gate
	Keys   *secret.Keyring
	Staff  Confirmer
	People People
	Teller Teller
	Outbox *notify.Outbox
	// Say puts what a row says beside its title in words.
	Say func(s page.Shell, r record.Row, parts []record.Measure) page.Cell
	// Entry reads one entry of a chart.
	Entry func(ctx context.Context, tx *store.Tx, who access.Reading, id ids.Resource) (Entry, error)
}

// Emergencies is the room.
type Emergencies struct{ Parts }

// New makes the room.
func New(p Parts) *Emergencies { return &Emergencies{p} }

const (
	// leastReason is how many letters a reason has: "emergency" alone says nothing
	// to whoever reviews it.
	leastReason = 20
	mostReason  = 1000
	// reasonPlace names the sealed column for the keyring.
	reasonPlace = "chart_opening.reason"
)

// Verdicts are what a reviewer can find.
var Verdicts = []string{"justified", "unjustified"}

// Open opens a patient's chart for an hour and raises the alarm. A reason that is
// too short is Invalid at "reason", a wrong code at "code". Whoever has just proved at
// the clinic's sign-on who they are needs no code.
func (e *Emergencies) Open(ctx context.Context, d access.Desk, p ids.Patient, reason, code string) (ids.Emergency, error) {
	if err := d.Need(access.OpenCharts); err != nil {
		return "", err
	}
	if _, err := e.called(ctx, p); err != nil {
		return "", err
	}
	reason = strings.Join(strings.Fields(store.Clean(reason)), " ")
	if err := e.prove(ctx, d, code, check(reason)); err != nil {
		return "", err
	}
	var o access.Opening
	err := e.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		var err error
		id := ids.NewEmergency()
		if o, err = e.Gate.OpenUnasked(ctx, tx, d, access.Opening{ID: id, Patient: p, Reason: e.Keys.Seal(reasonPlace, string(id), []byte(reason))}); err != nil {
			return audit.Entry{}, err
		}
		if err := e.alarm(ctx, tx, o); err != nil {
			return audit.Entry{}, err
		}
		return d.Did(audit.EmergencyOpened, string(o.ID)).On(string(p)), e.Teller.EmergencyOpened(ctx, tx, p, "emergency:"+string(o.ID), o.At)
	})
	return o.ID, err
}

// prove gives what is wrong with the form so far, or makes sure of the person.
func (e *Emergencies) prove(ctx context.Context, d access.Desk, code string, bad *fault.Fault) error {
	if !d.Raised() {
		app, _, err := e.Staff.Ways(ctx, d)
		switch {
		case err != nil:
			return err
		case !app:
			bad = bad.And("", "emergency.bad.again")
		case code == "":
			bad = bad.And("code", "emergency.bad.code")
		}
	}
	if bad != nil {
		return bad
	}
	if d.Raised() {
		return nil
	}
	return e.Staff.Confirm(ctx, d, code)
}

func check(reason string) (bad *fault.Fault) {
	switch n := utf8.RuneCountInString(reason); {
	case n < leastReason:
		bad = bad.And("reason", "emergency.bad.reason", leastReason)
	case n > mostReason:
		bad = bad.And("reason", "emergency.bad.long", mostReason)
	}
	return bad
}

func reviews(roles []access.Role) bool { return access.May(roles, access.ReviewOpenings) }

// alone tells whether nobody but the desk's own person could review an opening. The
// staff table is shared for reading.
func (e *Emergencies) alone(ctx context.Context, d access.Desk) (alone bool, err error) {
	err = e.DB.View(ctx, func(tx *store.Tx) error {
		all, err := store.List(ctx, tx, store.One[string], `SELECT roles FROM staff WHERE state = 'active' AND id <> $1`, d.Staff())
		alone = !slices.ContainsFunc(all, func(roles string) bool { return reviews(access.ParseRoles(roles)) })
		return err
	})
	return alone, err
}

// alarm tells every administrator and auditor. Neither who nor whose stands in the
// message: both are behind signing in.
func (e *Emergencies) alarm(ctx context.Context, tx *store.Tx, o access.Opening) error {
	return e.Outbox.ToStaff(ctx, tx, reviews, o.Staff, notify.EmergencyAlarm{At: o.At, Link: listPath}, string(o.ID))
}

func (e *Emergencies) called(ctx context.Context, p ids.Patient) (name string, err error) {
	err = e.DB.View(ctx, func(tx *store.Tx) error {
		given, family, err := e.People.Called(ctx, tx, p)
		if errors.Is(err, store.ErrNone) {
			err = fault.Missing()
		}
		name = strings.TrimSpace(given + " " + family)
		return err
	})
	return name, err
}

// Chart is one page of an open chart.
type Chart struct {
	Opening access.Opening
	Name    string
	Counts  map[record.Section]int
	Section record.Section
	Rows    []record.Row
	Parts   map[ids.Resource][]record.Measure // of values that have several
	Next    string
}

// sections are the parts of a chart that can be opened.
var sections = slices.DeleteFunc(slices.Clone(record.Sections), func(s record.Section) bool { return s == record.Claims })

// perPage is how many entries a page of a chart shows.
const perPage = 12

// Read gives one page of a chart that the desk's person opened: a part of it, or
// with "" how much there is of each. Every reading writes its line first. When the
// hour is over it is access.ErrOver, with the opening.
func (e *Emergencies) Read(ctx context.Context, d access.Desk, id ids.Emergency, part record.Section, after string) (c Chart, err error) {
	if part != "" && !slices.Contains(sections, part) {
		return c, fault.Missing()
	}
	c.Section = part
	o, opening, err := e.Gate.Unasked(ctx, d, id, string(part))
	c.Opening = opening
	if err != nil {
		return c, err
	}
	if c.Name, err = e.called(ctx, o.Patient()); err != nil {
		return c, err
	}
	err = e.DB.View(ctx, func(tx *store.Tx) (err error) {
		if c.Counts, err = record.Counts(ctx, tx, o); err != nil || part == "" {
			return err
		}
		if c.Rows, c.Next, err = record.List(ctx, tx, o, record.Query{Section: part, After: after, Limit: perPage, Members: part == record.Results}); err != nil {
			return err
		}
		var of []ids.Resource
		for _, r := range c.Rows {
			of = append(of, r.ID)
		}
		c.Parts, err = record.Parts(ctx, tx, o, of...)
		return err
	})
	return c, err
}

// Entry is one entry of a chart: a note, a document, a result.
type Entry struct {
	Opening access.Opening
	Row     record.Row
	Files   []record.File
	// Draw draws all of it; its files are at the address.
	Draw func(s page.Shell, at string) templ.Component
}

// ReadEntry gives one entry of a chart that the desk's person opened, with what came
// with it. Its line is written first, as for Read. An entry of another chart, and one
// that is not there, are NotFound.
func (e *Emergencies) ReadEntry(ctx context.Context, d access.Desk, id ids.Emergency, entry ids.Resource) (x Entry, err error) {
	o, opening, err := e.Gate.Unasked(ctx, d, id, "entry")
	if err != nil {
		return Entry{Opening: opening}, err
	}
	err = e.DB.View(ctx, func(tx *store.Tx) error {
		x, err = e.Parts.Entry(ctx, tx, o, entry)
		return err
	})
	x.Opening = opening
	if err == nil && x.Row.Section == record.Claims {
		err = fault.Missing()
	}
	return x, err
}

// Close ends an opening before its hour is over, and tells whose chart it was.
func (e *Emergencies) Close(ctx context.Context, d access.Desk, id ids.Emergency) (p ids.Patient, err error) {
	err = e.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		p, err = e.Gate.CloseUnasked(ctx, tx, d, id)
		return d.Did(audit.EmergencyClosed, string(id)).On(string(p)), err
	})
	return p, err
}

// Case is an opening for whoever reviews it.
type Case struct {
	access.Opening
	Reason string // in clear
	Who    string // opened it
	Name   string // of the patient
	Number string // of the patient, "" for one without
	Own    bool   // the reader did
}

// Cases lists the openings that wait for a review, or those reviewed.
func (e *Emergencies) Cases(ctx context.Context, d access.Desk, done bool) (out []Case, err error) {
	if err := d.Need(access.ReviewOpenings); err != nil {
		return nil, err
	}
	err = e.DB.View(ctx, func(tx *store.Tx) error {
		all, err := e.Gate.Openings(ctx, tx, d, done)
		if err != nil {
			return err
		}
		for _, o := range all {
			reason, err := e.Keys.Open(reasonPlace, string(o.ID), o.Reason)
			if err != nil {
				return err
			}
			out = append(out, Case{Opening: o, Reason: string(reason), Own: o.Staff == d.Staff()})
		}
		if err := e.whose(ctx, tx, out); err != nil {
			return err
		}
		return name(ctx, tx, out)
	})
	return out, err
}

// whose finds the patients' names and numbers.
func (e *Emergencies) whose(ctx context.Context, tx *store.Tx, all []Case) error {
	var of []ids.Patient
	for _, c := range all {
		of = append(of, c.Patient)
	}
	names, err := e.People.Names(ctx, tx, of)
	if err != nil {
		return err
	}
	numbers, err := e.People.NumbersOf(ctx, tx, of)
	for i := range all {
		all[i].Name, all[i].Number = names[all[i].Patient], numbers[all[i].Patient]
	}
	return err
}

// OpenNow lists the charts that the desk's person has open now.
func (e *Emergencies) OpenNow(ctx context.Context, d access.Desk) (out []Case, err error) {
	if err := d.Need(access.OpenCharts); err != nil {
		return nil, err
	}
	err = e.DB.View(ctx, func(tx *store.Tx) error {
		all, err := e.Gate.OpenNow(ctx, tx, d)
		if err != nil {
			return err
		}
		for _, o := range all {
			out = append(out, Case{Opening: o, Own: true})
		}
		return e.whose(ctx, tx, out)
	})
	return out, err
}

// name finds who opened them. The staff table is shared for reading.
func name(ctx context.Context, tx *store.Tx, all []Case) error {
	var who []any
	for _, c := range all {
		if !slices.Contains(who, any(string(c.Staff))) {
			who = append(who, string(c.Staff))
		}
	}
	if len(who) == 0 {
		return nil
	}
	names := map[ids.Staff]string{}
	_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
		var id ids.Staff
		var n string
		err := r.Scan(&id, &n)
		names[id] = n
		return struct{}{}, err
	}, `SELECT id, name FROM staff WHERE id IN (`+store.In(1, len(who))+`)`, who...)
	for i := range all {
		all[i].Who = names[all[i].Staff]
	}
	return err
}

// Review keeps whether an opening was justified. One's own, and one that somebody
// else has reviewed, are a Conflict.
func (e *Emergencies) Review(ctx context.Context, d access.Desk, id ids.Emergency, verdict string) error {
	if err := d.Need(access.ReviewOpenings); err != nil {
		return err
	}
	return e.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		p, err := e.Gate.Review(ctx, tx, d, id, verdict)
		if err == nil && !slices.Contains(Verdicts, verdict) {
			err = fault.Bad("verdict", "emergency.bad.verdict") // nothing of it is kept
		}
		return d.Did(audit.EmergencyReviewed, string(id)).On(string(p)).With(verdict), err
	})
}
