package demo

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/checkin"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/scheduling"
)

// visits sets the clinic's calendar up and books one visit, in the ways its staff
// would.
func (m *maker) visits(ctx context.Context) error {
	d, err := m.desk(ctx, "admin@riverside.example", access.SetSchedule)
	if err != nil {
		return err
	}
	s := m.a.Visits
	river, err := s.SavePlace(ctx, d, scheduling.Place{Name: "River Road", Address: "12 River Road, Riverside, MA 01001", Phone: "413-555-0123", Active: true,
		Directions: scheduling.Both{En: "Parking is behind the building. The door on Mill Street has no steps.", Es: "Hay estacionamiento detrás del edificio. La puerta de Mill Street no tiene escalones."}})
	if err != nil {
		return err
	}
	hill, err := s.SavePlace(ctx, d, scheduling.Place{Name: "Hill Street", Address: "3 Hill Street, Riverside, MA 01002", Active: true})
	if err != nil {
		return err
	}
	var who []ids.Clinician
	for i, c := range []scheduling.Clinician{
		{Name: "Amelia Reyes, MD", Title: scheduling.Both{En: "Family doctor", Es: "Médica de familia"}, VideoURL: "https://video.riverside.example/reyes", Active: true},
		{Name: "Peter Lindqvist, NP", Title: scheduling.Both{En: "Nurse practitioner", Es: "Enfermero practicante"}, Active: true},
		{Name: "Grace Mbeki, RN", Title: scheduling.Both{En: "Nurse", Es: "Enfermera"}, Active: true},
	} {
		id, err := s.SaveClinician(ctx, d, c)
		if err != nil {
			return err
		}
		who = append(who, id)
		for day := time.Monday; day <= time.Friday; day++ {
			b := scheduling.Block{Clinician: id, Place: river, InPerson: true, Weekday: day, From: 9 * 60, Until: 12 * 60, EveryWeeks: 1, First: "2020-01-01"}
			after := b
			after.From, after.Until, after.Video = 13*60, 17*60, i < 2
			if i == 1 && day == time.Thursday {
				b.Place, after.Place = hill, hill
			}
			if err := s.AddBlock(ctx, d, b); err != nil {
				return err
			}
			if err := s.AddBlock(ctx, d, after); err != nil {
				return err
			}
		}
	}
	kinds, err := m.kinds(ctx, d, who)
	if err != nil {
		return err
	}
	if _, err := m.bookOne(ctx, 0, kinds[0], 6); err != nil {
		return err
	}
	if err := m.askFor(ctx, d.For(access.SetForms), kinds[1]); err != nil {
		return err
	}
	if _, err := m.bookOne(ctx, 0, kinds[1], 1); err != nil {
		return err
	}
	return m.arriving(ctx, kinds)
}

// kinds are what can be booked.
func (m *maker) kinds(ctx context.Context, d access.Desk, who []ids.Clinician) (out []ids.VisitType, err error) {
	for _, v := range []scheduling.VisitType{
		{Name: scheduling.Both{En: "Check-up", Es: "Revisión"}, About: scheduling.Both{En: "A yearly visit, or one to talk something over.", Es: "Una visita anual o para hablar de algo."},
			Prepare: scheduling.Both{En: "Bring your insurance card and a list of your medicines.", Es: "Traiga su tarjeta de seguro y una lista de sus medicinas."},
			Minutes: 30, After: 10, Step: 30, InPerson: true, Direct: true, Notice: 120, Horizon: 90, CutOff: 24 * 60, OpenMost: 3, Active: true, Who: who[:2]},
		{Name: scheduling.Both{En: "Sick visit", Es: "Visita por enfermedad"}, About: scheduling.Both{En: "You feel unwell and want to be seen soon.", Es: "Se siente mal y quiere que le vean pronto."},
			Minutes: 20, After: 5, Step: 15, InPerson: true, Video: true, Direct: true, Notice: 30, Horizon: 14, CutOff: 2 * 60, OpenMost: 2, Active: true, Who: who[:2]},
		{Name: scheduling.Both{En: "Vaccine", Es: "Vacuna"}, About: scheduling.Both{En: "Flu, COVID-19, tetanus and others.", Es: "Gripe, COVID-19, tétanos y otras."},
			Minutes: 10, Step: 10, InPerson: true, Direct: true, Notice: 60, Horizon: 60, CutOff: 60, OpenMost: 4, Active: true, Who: who[2:]},
		{Name: scheduling.Both{En: "Small surgery", Es: "Cirugía menor"}, Minutes: 60, After: 15, Step: 30, InPerson: true, Notice: 24 * 60, Horizon: 180, CutOff: 48 * 60, Active: true, Who: who[:1]},
	} {
		id, err := m.a.Visits.SaveType(ctx, d, v)
		if err != nil {
			return nil, err
		}
		out = append(out, id)
	}
	return out, nil
}

// askFor makes a kind of visit ask for a questionnaire and a consent.
func (m *maker) askFor(ctx context.Context, d access.Desk, kind ids.VisitType) error {
	form, err := m.a.CheckIns.AddForm(ctx, d, checkin.PHQ9)
	if err != nil {
		return err
	}
	consent, err := m.a.CheckIns.AddConsent(ctx, d, "", checkin.Consent{
		Title: checkin.Words{lang.En: "Consent to care", lang.Es: "Consentimiento para la atención"},
		Body: checkin.Words{lang.En: "I agree to be examined and treated at this clinic.\n\nI may ask about any step, say no to it, and take this consent back at any time.",
			lang.Es: "Acepto que esta clínica me examine y me atienda.\n\nPuedo preguntar por cada paso, decir que no, y retirar este consentimiento en todo momento."}})
	if err != nil {
		return err
	}
	return m.a.CheckIns.Choose(ctx, d, kind, []string{"form:" + string(form), "consent:" + string(consent)})
}

// bookOne books a visit for somebody of the cast, some days ahead; at most three
// days before one they can check in. Where no time is free it books none.
func (m *maker) bookOne(ctx context.Context, who int, kind ids.VisitType, days int) (ids.Appointment, error) {
	d, err := m.desk(ctx, "desk@riverside.example", access.BookVisitsFor)
	if err != nil {
		return "", err
	}
	of, err := m.patient(ctx, who)
	if err != nil {
		return "", err
	}
	s := m.a.Visits
	f, err := s.FindFor(ctx, d, of, scheduling.Query{Type: kind, From: s.Day(m.a.DB.Now()).Add(days)})
	if err != nil || f.Count() == 0 {
		return "", err
	}
	t := f.Days[0].Times[0]
	return s.BookFor(ctx, d, of, scheduling.Pick{Type: kind, Clinician: t.Clinician, Place: t.Place, Start: t.Start}, "")
}
