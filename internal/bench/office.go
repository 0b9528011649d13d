package bench

import (
	"context"
	"errors"
	"regexp"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/store"
)

var draftLink = regexp.MustCompile(`href="(/staff/terms/drafts/[^"/]+)"`)

// draftPage is a draft of the terms of use, begun if there is none.
func draftPage(_ context.Context, w *walk) (string, error) {
	g, err := w.person(administrator)
	if err != nil {
		return "", err
	}
	v, err := g.get("/staff/terms")
	if err != nil {
		return "", err
	}
	m := draftLink.FindSubmatch(v.body)
	if m == nil {
		if err := g.post("/staff/terms", "/staff/terms/drafts", "kind", "terms"); err != nil {
			return "", err
		}
		if v, err = g.get("/staff/terms"); err != nil {
			return "", err
		}
		if m = draftLink.FindSubmatch(v.body); m == nil {
			return "", errors.New("there is no draft")
		}
	}
	return string(m[1]), nil
}

// under is a page below another one.
func under(at func(context.Context, *walk) (string, error), rest string) func(context.Context, *walk) (string, error) {
	return func(ctx context.Context, w *walk) (string, error) {
		path, err := at(ctx, w)
		return path + rest, err
	}
}

// chartOf is the desk's page of the patient whose chart is opened without a task.
func chartOf(ctx context.Context, w *walk) (string, error) {
	id, err := w.app.Registry.Numbered(ctx, access.NewDuty("bench"), w.cards.Accounts[0].Number)
	return "/staff/patients/" + string(id) + "/emergency", err
}

// openUnasked opens that chart. A code of an app opens once, so the clock moves on.
func openUnasked(ctx context.Context, w *walk, g *guest) error {
	path, err := chartOf(ctx, w)
	if err != nil {
		return err
	}
	w.later(time.Minute)
	code, err := w.totp(w.colleague(clinician).Secret)
	if err != nil {
		return err
	}
	return g.post(path, path, "reason", "She fell in the hall and cannot answer.", "code", code)
}

func unaskedChart(ctx context.Context, w *walk) (path string, err error) {
	err = w.app.DB.View(ctx, func(tx *store.Tx) error {
		id, err := store.Get(ctx, tx, store.One[ids.Emergency], `SELECT id FROM chart_opening ORDER BY opened_at DESC LIMIT 1`)
		path = "/staff/chart/" + string(id) + "?of=results"
		return err
	})
	return path, err
}

// unaskedNote is the address of a note in the chart that was opened last, and what
// stands beneath it.
func unaskedNote(below string) func(context.Context, *walk) (string, error) {
	return func(ctx context.Context, w *walk) (path string, err error) {
		err = w.app.DB.View(ctx, func(tx *store.Tx) error {
			path, err = store.Get(ctx, tx, store.One[string], `
				SELECT '/staff/chart/' || o.id || '/entry/' || r.resource_id FROM chart_opening o JOIN record_row r ON r.patient_id = o.patient_id
				WHERE r.section = 'notes' ORDER BY o.opened_at DESC, r.resource_id LIMIT 1`)
			return err
		})
		return path + below, err
	}
}
