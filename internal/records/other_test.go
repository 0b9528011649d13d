package records_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

// What is of a kind this portal has no section for is kept, and its patient finds
// it from the record's first page.
func TestWhatHasNoSectionIsListedUnderOther(t *testing.T) {
	each(t, func(t *testing.T, r *rig, _ *clock.Fake) {
		r.put(`{"resourceType":"NutritionOrder","id":"n","status":"active","patient":{"reference":"Patient/a"},"dateTime":"2026-01-05","oralDiet":{"type":[{"text":"Low salt"}]}}`,
			`{"resourceType":"SpaceSuitFitting","id":"s","status":"final","code":{"text":"Helmet fitting"},"subject":{"reference":"Patient/a"},"date":"2026-01-06"}`)
		b := r.browser(ana)
		if link := b.Get("/records").Attr(`a[href="/records/part?of=other"]`, "href"); link == "" {
			t.Fatal("no way to the other entries")
		}
		list := b.Get("/records/part?of=other")
		for _, want := range []string{"Helmet fitting", "January 6, 2026", "January 5, 2026"} {
			if !strings.Contains(list.Text("main"), want) {
				t.Errorf("no %q in %s", want, list.Text("main"))
			}
		}
		if got := b.Get("/records/item/" + string(r.first(ana, record.Other).ID)).Text("main"); !strings.Contains(got, "Helmet fitting") || !strings.Contains(got, "Came from ehr") {
			t.Errorf("the entry says %s", got)
		}
		if got := r.browser(ben).Get("/records").Text("main"); strings.Contains(got, "Other entries") {
			t.Error("an empty section of others is offered")
		}
	})
}

// browser is somebody who is signed in and has the room's pages before them.
func (r *rig) browser(p ids.Patient) *testkit.Browser {
	r.t.Helper()
	var token string
	if err := r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), func(tx *store.Tx) (err error) {
		token, _, err = r.gate.StartSession(ctx, tx, access.SignedIn{Account: ids.Account("acc" + strings.TrimPrefix(string(p), "pat")), Patient: p, Source: "192.0.2.7"})
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	r.Clinic = &page.Clinic{Name: "Riverside Family Clinic", Phone: "555-010-0123", PhoneLink: "+15550100123", Zone: time.UTC, Written: "en"}
	b := testkit.Serve(r.t, func(base *url.URL) http.Handler {
		router := web.New(web.Settings{Base: base, Clinic: r.Clinic}, r.db, r.gate, r.Keys, slog.New(slog.DiscardHandler))
		r.Mount(router)
		return router.Handler()
	})
	b.SetCookie(web.SessionCookie, token)
	return b
}
