package demo

import (
	"context"
	"errors"
	"slices"
	"strings"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/checkin"
	"portico/internal/ids"
	"portico/internal/store"
	"portico/internal/waiting"
)

// arriving leaves the desk something to do: the third of the cast asks for a visit
// that the clinic books itself, waits for a check-up in the evening and has checked
// in with another phone number.
func (m *maker) arriving(ctx context.Context, kinds []ids.VisitType) error {
	c, err := m.chart(ctx, 2, access.BookVisits)
	if err != nil {
		return err
	}
	here, err := m.chart(ctx, 2, access.CheckIn)
	if err != nil {
		return err
	}
	if _, err := m.a.Waiting.Ask(ctx, c, waiting.Asking{Kind: kinds[3], Weekdays: []string{"2", "4"}, Parts: []string{"morning"},
		Reason: "The mole on my arm that Dr. Reyes looked at.", Note: "Before eleven is best."}); err != nil {
		return err
	}
	if _, err := m.a.Waiting.Await(ctx, c, waiting.Asking{Kind: kinds[0], Parts: []string{"evening"}}); err != nil {
		return err
	}
	visit, err := m.bookOne(ctx, 2, kinds[1], 1)
	if err == nil && visit != "" {
		err = m.checkIn(ctx, here, visit)
	}
	if err != nil {
		return err
	}
	return m.a.DB.Change(ctx, m.duty.Did(audit.DemoMade, "demo"), func(tx *store.Tx) error {
		return errors.Join(m.a.Gate.EndSession(ctx, tx, c, "out"), m.a.Gate.EndSession(ctx, tx, here, "out"))
	})
}

// chart is the own chart of one of the cast who has an account.
func (m *maker) chart(ctx context.Context, i int, to access.Permission) (access.Chart, error) {
	of, err := m.patient(ctx, i)
	if err != nil {
		return access.Chart{}, err
	}
	v := access.NewVisitor("127.0.0.1", "")
	var token string
	if err := m.a.DB.Change(ctx, m.duty.Did(audit.DemoMade, "demo"), func(tx *store.Tx) error {
		id, err := store.Get(ctx, tx, store.One[ids.Account], `SELECT id FROM account WHERE person_id = $1`, of)
		if err != nil {
			return err
		}
		token, _, err = m.a.Gate.StartSession(ctx, tx, access.SignedIn{Account: id, Patient: of, Source: "127.0.0.1"})
		return err
	}); err != nil {
		return access.Chart{}, err
	}
	c, _, err := m.a.Gate.Chart(ctx, token, to, "demo", v)
	return c, err
}

// checkIn fills in all steps of a check-in and sends it. All is still right but the
// phone number.
func (m *maker) checkIn(ctx context.Context, c access.Chart, visit ids.Appointment) error {
	s := m.a.CheckIns
	mine, err := s.See(ctx, c, visit)
	if err != nil {
		return err
	}
	for _, st := range mine.Steps {
		kind, id, _ := strings.Cut(st.Part, ":")
		switch kind {
		case "form":
			err = m.fillIn(ctx, c, visit, ids.Form(id))
		case "consent":
			err = s.Sign(ctx, c, visit, ids.Consent(id), m.people[2].Name(), true, "en")
		default:
			err = m.confirm(ctx, c, visit, st.Part)
		}
		if err != nil {
			return err
		}
	}
	return s.Send(ctx, c, visit)
}

func (m *maker) confirm(ctx context.Context, c access.Chart, visit ids.Appointment, part string) error {
	a, err := m.a.CheckIns.Ask(ctx, c, visit, part)
	if err != nil {
		return err
	}
	t := checkin.Typed{}
	for _, q := range a.Questions {
		switch {
		case q.Key == "phone":
			t["phone_right"], t["phone"] = []string{"no"}, []string{"413-555-0188"}
		case len(q.Was) > 0:
			t[q.Key+"_right"] = []string{"yes"}
		}
	}
	return m.a.CheckIns.Save(ctx, c, visit, part, t)
}

// fillIn answers a questionnaire: every third question with the second answer, the
// others with the first.
func (m *maker) fillIn(ctx context.Context, c access.Chart, visit ids.Appointment, form ids.Form) error {
	a, err := m.a.CheckIns.AskForm(ctx, c, visit, form)
	if err != nil {
		return err
	}
	var shown []string
	t := checkin.Typed{"lang": {"en"}}
	for i, it := range slices.DeleteFunc(a.Form.Items, func(it checkin.Item) bool { return len(it.Options) == 0 }) {
		shown = append(shown, it.Name)
		t[it.Name] = []string{"1"}
		if i%3 == 0 && i < 7 {
			t[it.Name] = []string{"2"}
		}
	}
	t["shown"] = []string{strings.Join(shown, " ")}
	_, err = m.a.CheckIns.SaveForm(ctx, c, visit, form, t)
	return err
}
