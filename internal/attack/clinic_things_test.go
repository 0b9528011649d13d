package attack

import (
	"maps"

	"portico/internal/access"
	"portico/internal/clinic"
)

// The lines of the pages on which the clinic is changed.
func init() {
	maps.Copy(forms, map[string]form{
		"POST /staff/clinic": {send: say("over", "0", "name", "Brook Clinic", "address", "1 Brook Lane", "phone", "312-555-0199", "emergency", "911", "colour", "#0B5C63",
			"hours-en", "Every day", "hours-es", "Todos los días", "label-en", "Number", "label-es", "Número", "welcome-en", "Welcome.", "welcome-es", "Bienvenidos.")},
		"POST /staff/clinic/publish": {made: (*world).clinicDraft},
		"POST /staff/clinic/drop":    {made: (*world).clinicDraft},
		"POST /staff/clinic/again":   {send: say("rev", "0")},
	})
}

// clinicDraft is a change of the clinic that waits to be published.
func (w *world) clinicDraft(person) state {
	d := w.proof("administrator", access.ManageClinic)
	e := must(w.app.Clinic.Edit(ctx, d))
	e.Draft.Name, e.Draft.Over = "Brook Clinic", e.Force.Rev
	if err := w.app.Clinic.Propose(ctx, d, clinic.Proposal{Draft: e.Draft}); err != nil {
		w.t.Fatal(err)
	}
	return state{}
}
