package checkin

import (
	"context"
	"slices"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// Step is one part of a check-in.
type Step struct {
	Part  string
	Title Words // of a questionnaire or consent; nil where the text "checkin.step." with the part says it
	Done  bool
}

// path is the step's page below that of the check-in.
func (st Step) path() string { return strings.Replace(st.Part, ":", "/", 1) }

// Mine is a check-in as its patient sees it.
type Mine struct {
	Visit Visit
	Steps []Step
	Sent  time.Time
	Alarm bool // an answer said that somebody thinks of hurting themselves

	typed map[string]Typed // what is saved, by part
}

// Open gives the first step that is not done, "" if all are.
func (m Mine) Open() string {
	for _, st := range m.Steps {
		if !st.Done {
			return st.path()
		}
	}
	return ""
}

// After gives the path of the step that comes after a part and is not done yet, or
// of any that is not done; "" if all are.
func (m Mine) After(part string) string {
	i := slices.IndexFunc(m.Steps, func(st Step) bool { return st.Part == part })
	for _, st := range slices.Concat(m.Steps[i+1:], m.Steps[:max(i, 0)]) {
		if !st.Done {
			return st.path()
		}
	}
	return ""
}

// See gives the steps of checking in for a visit.
func (s *CheckIns) See(ctx context.Context, c access.Chart, id ids.Appointment) (m Mine, err error) {
	if err := c.Need(access.CheckIn); err != nil {
		return m, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if m.Visit, err = s.visitOf(ctx, tx, c.Patient(), id); err != nil {
			return err
		}
		if m.typed, err = s.parts(ctx, tx, id); err != nil {
			return err
		}
		if m.Steps, err = steps(ctx, tx, m.Visit, m.typed); err != nil {
			return err
		}
		n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM checkin_change WHERE appointment_id = $1 AND what = $2`, id, alarmed)
		if err != nil {
			return err
		}
		m.Alarm = n > 0
		m.Sent, err = sentAt(ctx, tx, id)
		return err
	})
	return m, err
}

// steps are the steps of a visit with what is done of them, given what is saved:
// those of every visit, then what its kind asks for.
func steps(ctx context.Context, tx *store.Tx, v Visit, typed map[string]Typed) (out []Step, err error) {
	for _, p := range []string{Contacts, Emergency, Insurance, Card, Health} {
		out = append(out, Step{Part: p})
	}
	asked, err := needs(ctx, tx, v.Kind)
	if err != nil {
		return nil, err
	}
	for _, n := range asked[v.Kind] {
		out = append(out, Step{Part: n.part(), Title: n.Title})
	}
	for i, st := range out {
		t, saved := typed[st.Part]
		out[i].Done = saved && (!strings.HasPrefix(st.Part, needForm+":") || t.Get(wholeField) != "")
	}
	return out, nil
}

// Asked is one step with what was typed before.
type Asked struct {
	Mine
	Part      string
	Questions []Question
	Typed     Typed
	Sides     []Side // of the card, of which there is a picture
}

// Ask opens one step.
func (s *CheckIns) Ask(ctx context.Context, c access.Chart, id ids.Appointment, part string) (a Asked, err error) {
	if a.Mine, err = s.See(ctx, c, id); err != nil {
		return a, err
	}
	a.Part, a.Typed = part, a.typed[part]
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		if a.Questions, err = s.questions(ctx, tx, c, part); err != nil {
			return err
		}
		if part == Card {
			a.Sides, err = s.sides(ctx, tx, id)
		}
		return err
	})
	return a, err
}

// questions are what a step asks, with what the clinic has now.
func (s *CheckIns) questions(ctx context.Context, tx *store.Tx, c access.Chart, part string) ([]Question, error) {
	switch part {
	case Contacts:
		f, err := s.People.OnFile(ctx, tx, c.Patient())
		return contactQuestions(f), err
	case Emergency:
		was, err := listed(ctx, tx, c, record.CareTeam, func(r record.Row) bool { return r.Kind == "RelatedPerson" })
		return emergencyQuestions(was), err
	case Insurance:
		was, err := listed(ctx, tx, c, record.Insurance, current)
		return insuranceQuestions(was), err
	case Health:
		medicines, err := listed(ctx, tx, c, record.Medications, current)
		if err != nil {
			return nil, err
		}
		allergies, err := listed(ctx, tx, c, record.Allergies, current)
		return healthQuestions(medicines, allergies), err
	}
	return nil, nil
}

// mostListed is how many entries of a section a step shows.
const mostListed = 60

func current(r record.Row) bool {
	return r.Status == "active" || r.State == "active" || r.Status == "" && r.State == ""
}

// listed gives the entries of a section in a line each, every line once.
func listed(ctx context.Context, tx *store.Tx, c access.Chart, of record.Section, keep func(record.Row) bool) (out []string, err error) {
	rows, _, err := record.List(ctx, tx, c, record.Query{Section: of, Limit: 2 * mostListed})
	for _, r := range rows {
		line := r.Title
		for _, more := range []string{r.Value, r.Who} {
			if more != "" && of != record.Medications && of != record.Allergies {
				line += ", " + more
			}
		}
		if !r.Held && line != "" && keep(r) && len(out) < mostListed && !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return out, err
}

// refuse makes the error of a visit whose patient may not check in. What they
// typed stays in the form.
func refuse(n Not) error { return fault.Bad("", "checkin.not."+string(n)) }
