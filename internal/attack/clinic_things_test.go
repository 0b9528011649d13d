package attack

import (
	"maps"
	"net/url"
	"slices"
	"strconv"

	"portico/internal/access"
	"portico/internal/clinic"
	"portico/internal/lang"
	"portico/internal/notify"
)

// The lines of the pages on which the clinic and the words of its messages are changed.
func init() {
	maps.Copy(samples, map[string]func(w *world, of person) string{
		"/staff/clinic/messages/{id}": func(*world, person) string { return "letter_sent" },
	})
	maps.Copy(forms, map[string]form{
		"POST /staff/clinic": {made: (*world).settingsDraft, send: say("over", "0", "name", "Brook Clinic", "address", "1 Brook Lane", "phone", "312-555-0199", "emergency", "911", "colour", "#0B5C63",
			"hours-en", "Every day", "hours-es", "Todos los días", "label-en", "Number", "label-es", "Número", "welcome-en", "Welcome.", "welcome-es", "Bienvenidos.")},
		"POST /staff/clinic/publish":          {made: (*world).clinicDraft},
		"POST /staff/clinic/drop":             {made: (*world).clinicDraft},
		"POST /staff/clinic/again":            {made: (*world).clinicDraft, send: say("rev", "0")},
		"POST /staff/clinic/messages/{id}/en": {made: func(w *world, _ person) state { return w.worded(lang.En) }},
		"POST /staff/clinic/messages/{id}/es": {made: func(w *world, _ person) state { return w.worded(lang.Es) }},
	})
}

// clinicDraft is a change of the clinic that waits to be published, not the first one.
func (w *world) clinicDraft(person) state {
	d := w.proof("administrator", access.ManageClinic)
	for i, name := range []string{"Lake Clinic", "Brook Clinic"} {
		e := must(w.app.Clinic.Edit(ctx, d))
		e.Draft.Name, e.Draft.Over = name, e.Force.Rev
		if err := w.app.Clinic.Propose(ctx, d, clinic.Proposal{Draft: e.Draft}); err != nil {
			w.t.Fatal(err)
		}
		if i > 0 {
			break
		}
		if err := w.app.Clinic.Publish(ctx, d); err != nil {
			w.t.Fatal(err)
		}
	}
	return state{}
}

// settingsDraft is a draft that changes nothing of the settings.
func (w *world) settingsDraft(person) state {
	if err := w.app.Clinic.Again(ctx, w.proof("administrator", access.ManageClinic), 0); err != nil {
		w.t.Fatal(err)
	}
	return state{}
}

// worded is a message with words of the clinic's own, and a form that takes others.
func (w *world) worded(l lang.Lang) state {
	d := w.proof("administrator", access.ManageClinic)
	x := notify.Samples[slices.IndexFunc(notify.Samples, func(x notify.Sample) bool { return x.ID == "letter_sent" })]
	send := url.Values{"do": {"save"}}
	var before []clinic.Rewrite
	for _, t := range must(w.app.Clinic.Texts(ctx, d, x, l)) {
		before = append(before, clinic.Rewrite{Key: t.Key, Words: t.Shipped + " Before.", Over: t.Rev})
		send.Set(t.Key, t.Shipped+" Now.")
	}
	if err := w.app.Clinic.Reword(ctx, d, x, l, before); err != nil {
		w.t.Fatal(err)
	}
	for _, t := range must(w.app.Clinic.Texts(ctx, d, x, l)) {
		send.Set("over-"+t.Key, strconv.FormatInt(t.Rev, 10))
	}
	return state{send: send}
}
