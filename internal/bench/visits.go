package bench

import (
	"context"
	"errors"
	"html"
	"regexp"

	"portico/internal/store"
)

// Where the pages of visits are: the demo has booked one for the first person with
// an account.

func (w *walk) stored(ctx context.Context, before, query, after string) (path string, err error) {
	err = w.app.DB.View(ctx, func(tx *store.Tx) error {
		id, err := store.Get(ctx, tx, store.One[string], query)
		path = before + id + after
		return err
	})
	return path, err
}

const (
	bookedVisit = `SELECT id FROM appointment WHERE state = 'booked' ORDER BY starts_at DESC LIMIT 1`
	nearVisit   = `SELECT id FROM appointment WHERE state = 'booked' ORDER BY starts_at LIMIT 1`
	checkUp     = `SELECT id FROM visit_type WHERE name_en = 'Check-up'`
)

func timesPage(ctx context.Context, w *walk) (string, error) {
	return w.stored(ctx, "/visits/new/time?type=", checkUp, "")
}

func movePage(ctx context.Context, w *walk) (string, error) {
	return w.stored(ctx, "/visits/", bookedVisit, "/move")
}

func cancelPage(ctx context.Context, w *walk) (string, error) {
	return w.stored(ctx, "/visits/", bookedVisit, "/cancel")
}

// checkInPage is a page of checking in for the visit that is near.
func checkInPage(below string) func(context.Context, *walk) (string, error) {
	return func(ctx context.Context, w *walk) (string, error) {
		return w.stored(ctx, "/visits/", nearVisit, "/checkin"+below)
	}
}

// needPage is the page of what the near visit asks for: a questionnaire or a consent.
func needPage(kind string) func(context.Context, *walk) (string, error) {
	return func(ctx context.Context, w *walk) (string, error) {
		path, err := checkInPage("/"+kind+"/")(ctx, w)
		if err != nil {
			return "", err
		}
		return w.stored(ctx, path, `SELECT item_id FROM checkin_need WHERE kind = '`+kind+`' LIMIT 1`, "")
	}
}

// formPreviewPage is a questionnaire as administrators see it.
func formPreviewPage(ctx context.Context, w *walk) (string, error) {
	return w.stored(ctx, "/staff/forms/form/", `SELECT id FROM checkin_form WHERE active LIMIT 1`, "")
}

func formKindPage(ctx context.Context, w *walk) (string, error) {
	return w.stored(ctx, "/staff/forms/kinds/", checkUp, "")
}

// deskCheckInPage is its page for staff.
func deskCheckInPage(below string) func(context.Context, *walk) (string, error) {
	return func(ctx context.Context, w *walk) (string, error) {
		return w.stored(ctx, "/staff/checkins/", nearVisit, below)
	}
}

func deskVisitPage(ctx context.Context, w *walk) (string, error) {
	return w.stored(ctx, "/staff/schedule/visits/", bookedVisit, "")
}

func deskMovePage(ctx context.Context, w *walk) (string, error) {
	return w.stored(ctx, "/staff/schedule/visits/", bookedVisit, "/move")
}

func bookForPage(ctx context.Context, w *walk) (string, error) {
	path, err := w.stored(ctx, "/staff/schedule/book/", `SELECT patient_id FROM appointment WHERE state = 'booked' LIMIT 1`, "?type=")
	if err != nil {
		return "", err
	}
	return w.stored(ctx, path, checkUp, "")
}

var timeButton = regexp.MustCompile(`name="time" value="([^"]*)"`)

// heldPage is a time that the patient has just picked.
func heldPage(ctx context.Context, w *walk) (string, error) {
	g, err := w.person(patient)
	if err != nil {
		return "", err
	}
	path, err := timesPage(ctx, w)
	if err != nil {
		return "", err
	}
	v, err := g.get(path)
	if err != nil {
		return "", err
	}
	m := timeButton.FindSubmatch(v.body)
	if m == nil {
		return "", errors.New("the page of times has no time")
	}
	if err := g.post(path, "/visits/new/time", "time", html.UnescapeString(string(m[1]))); err != nil {
		return "", err
	}
	return w.stored(ctx, "/visits/", `SELECT id FROM appointment WHERE state = 'held' ORDER BY made_at DESC LIMIT 1`, "/confirm")
}

func hoursPage(ctx context.Context, w *walk) (string, error) {
	return w.stored(ctx, "/staff/schedule/clinicians/", `SELECT id FROM clinician ORDER BY name LIMIT 1`, "/hours")
}

const byRequest = `SELECT id FROM visit_type WHERE name_en = 'Small surgery'`

func requestPage(ctx context.Context, w *walk) (string, error) {
	return w.stored(ctx, "/waiting/request?kind=", byRequest, "")
}

func earlierPage(ctx context.Context, w *walk) (string, error) {
	return w.stored(ctx, "/waiting/earlier?visit=", bookedVisit, "")
}

// wishPage is a request that the patient has just sent.
func wishPage(ctx context.Context, w *walk) (string, error) {
	g, err := w.person(patient)
	if err != nil {
		return "", err
	}
	path, err := requestPage(ctx, w)
	if err != nil {
		return "", err
	}
	if err := g.post(path, "/waiting/request", "reason", "A mole to take off."); err != nil {
		return "", err
	}
	return w.stored(ctx, "/waiting/", `SELECT id FROM wish WHERE patient_id = (SELECT patient_id FROM appointment WHERE state = 'booked' LIMIT 1) ORDER BY made_at DESC LIMIT 1`, "")
}
