package trail

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

// chart is ana's or ben's, as package web would open it.
func chart(t *testing.T, db *store.DB, p ids.Patient, perm access.Permission) access.Chart {
	t.Helper()
	c, _, err := (&access.Gate{DB: db}).Chart(ctx, session(t, db, p), perm, "GET /home", access.NewVisitor("198.51.100.4", "test"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func session(t *testing.T, db *store.DB, p ids.Patient) (token string) {
	t.Helper()
	if err := db.Change(ctx, duty.Did(audit.SignedIn, ""), func(tx *store.Tx) (err error) {
		token, _, err = (&access.Gate{DB: db}).StartSession(ctx, tx, access.SignedIn{Account: ids.Account("acc_" + string(p)), Patient: p, Source: "198.51.100.4"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return token
}

// write adds lines to the log.
func write(t *testing.T, db *store.DB, lines ...audit.Entry) {
	t.Helper()
	for _, e := range lines {
		if e.Outcome == "" {
			e.Outcome = audit.Done
		}
		if err := db.Change(ctx, e, func(*store.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
}

func view(p ids.Patient) audit.Entry {
	return audit.Entry{Action: audit.ChartOpened, Actor: audit.ByAccount, ActorID: "acc_" + string(p), Patient: string(p), Object: "GET /home", Source: "198.51.100.4"}
}

func by(actor audit.Actor, id string, a audit.Action, p ids.Patient, object string) audit.Entry {
	return audit.Entry{Action: a, Actor: actor, ActorID: id, Patient: string(p), Object: object, Source: "10.9.8.7"}
}

func reads(t *testing.T, tr *Trail, c access.Chart, w Wish) Told {
	t.Helper()
	out, err := tr.Mine(ctx, c, w)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// named answers for the room of links.
type named map[ids.Share]string

func (n named) Recipients(_ context.Context, _ *store.Tx, _ ids.Patient, of []ids.Share) (map[ids.Share]string, error) {
	out := map[ids.Share]string{}
	for _, s := range of {
		if n[s] != "" {
			out[s] = n[s]
		}
	}
	return out, nil
}

// served is the room behind a router, and ana's browser.
func served(t *testing.T, db *store.DB, tr *Trail) *testkit.Browser {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	tr.Clinic = &page.Clinic{Name: "Test", Phone: "555-010-0123", Zone: zone}
	b := testkit.Serve(t, func(base *url.URL) http.Handler {
		r := web.New(web.Settings{Base: base, Clinic: tr.Clinic}, db, &access.Gate{DB: db}, tr.Keys, slog.New(slog.DiscardHandler))
		tr.Mount(r)
		return r.Handler()
	})
	b.SetCookie(web.SessionCookie, session(t, db, ana))
	return b
}

func count(t *testing.T, db *store.DB, query string, args ...any) (n int) {
	t.Helper()
	if err := db.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], query, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return n
}
