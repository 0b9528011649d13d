package attack

import (
	"maps"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/terms"
)

// The lines of the pages on which terms are written.
func init() {
	maps.Copy(samples, map[string]func(w *world, of person) string{
		"/staff/terms/drafts/{id}": (*world).draft,
	})
	maps.Copy(forms, map[string]form{
		"POST /staff/terms/accepted":            {send: say("kind", "terms", "version", "1.0", "in", "en", "whom", "", "from", "2026-01-01", "to", ""), mute: true},
		"POST /staff/terms/drafts":              {made: (*world).noDraft, send: say("kind", "terms")},
		"POST /staff/terms/drafts/{id}/en":      {send: say("over", "1", "title", "Terms", "change", "New.", "body", "Be kind.")},
		"POST /staff/terms/drafts/{id}/es":      {send: say("over", "1", "title", "Condiciones", "change", "Nuevo.", "body", "Sea amable.")},
		"POST /staff/terms/drafts/{id}/publish": {send: say("material", "no", "when", "now", "day", "", "time", "", "seen-en", "1", "seen-es", "1")},
		"POST /staff/terms/drafts/{id}/drop":    {},
		"POST /staff/terms/retract":             {made: (*world).planned, send: say("kind", "terms")},
	})
}

// noDraft ends what is being written, and what waits, so that a draft can begin.
func (w *world) noDraft(person) state {
	d := w.proof("administrator", access.ManageTerms)
	if err := w.app.Terms.Retract(ctx, d, terms.Use); err != nil && !fault.Is(err, fault.Conflict) {
		w.t.Fatal(err)
	}
	id := must(w.app.Terms.Begin(ctx, d, terms.Use))
	if err := w.app.Terms.Drop(ctx, d, id); err != nil {
		w.t.Fatal(err)
	}
	return state{}
}

// draft is a new version of the terms of use that is ready to be published.
func (w *world) draft(of person) string {
	w.noDraft(of)
	d := w.proof("administrator", access.ManageTerms)
	id := must(w.app.Terms.Begin(ctx, d, terms.Use))
	for _, l := range lang.All {
		if err := w.app.Terms.Save(ctx, d, terms.Writing{Draft: id, Lang: l, Text: terms.Text{Title: "Terms", Body: "Be kind.", Change: "Kindness."}}); err != nil {
			w.t.Fatal(err)
		}
	}
	return string(id)
}

// planned is a version that waits for its day.
func (w *world) planned(of person) state {
	o := terms.Order{Draft: ids.Draft(w.draft(of)), Seen: map[lang.Lang]int64{lang.En: 1, lang.Es: 1}, From: w.app.DB.Now().Add(time.Hour)}
	if err := w.app.Terms.Issue(ctx, w.proof("administrator", access.ManageTerms), o); err != nil {
		w.t.Fatal(err)
	}
	return state{}
}
