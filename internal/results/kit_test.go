package results

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
)

const (
	ana = ids.Patient("pat_ana")
	ben = ids.Patient("pat_ben")
)

var clinicForTests = &page.Clinic{Name: "Riverside Family Clinic", Phone: "555-010-0123", PhoneLink: "+15550100123", Zone: time.UTC, Written: "en"}

// rig is the room with the store of records and a gate around it.
type rig struct {
	*Results
	t       testing.TB
	db      *store.DB
	clock   *clock.Fake
	gate    *access.Gate
	records *record.Records
	rules   *rules
	serial  int
}

// rules release at once, but for what a test says by the sender's id of it.
type rules struct {
	held      map[string]time.Duration // by title
	sensitive map[string]bool
}

func (r *rules) Release(_ context.Context, tx *store.Tx, row record.Row, was *record.Release) (record.Release, error) {
	return record.Release{At: tx.Now.Add(r.held[row.Title]), Why: "test", Sensitive: r.sensitive[row.Title]}, nil
}

func newRig(t testing.TB, db *store.DB, c *clock.Fake) *rig {
	r := &rig{t: t, db: db, clock: c, gate: &access.Gate{DB: db}, rules: &rules{held: map[string]time.Duration{}, sensitive: map[string]bool{}}}
	r.records = &record.Records{DB: db, Rules: r.rules}
	r.Results = New(Parts{DB: db, Keys: testkit.Keys(t), Clinic: clinicForTests})
	return r
}

// session opens a session of a patient's account and gives its token.
func (r *rig) session(p ids.Patient) (token string) {
	r.t.Helper()
	if err := r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), func(tx *store.Tx) (err error) {
		token, _, err = r.gate.StartSession(ctx, tx, access.SignedIn{Account: ids.Account("acc" + strings.TrimPrefix(string(p), "pat")), Patient: p, Source: "192.0.2.7"})
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return token
}

// open opens a patient's chart for a permission in a session.
func (r *rig) open(token string, perm access.Permission) access.Chart {
	r.t.Helper()
	c, _, err := r.gate.Chart(ctx, token, perm, "test", access.NewVisitor("192.0.2.7", "test"))
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// see is a new session of a patient who looks at results.
func (r *rig) see(p ids.Patient) access.Chart { return r.open(r.session(p), access.SeeResults) }

// take takes resources in and wants none refused.
func (r *rig) take(resources ...string) {
	r.t.Helper()
	b := record.Batch{Source: "lab", People: map[string]ids.Patient{"Patient/a": ana, "Patient/b": ben}}
	for i, text := range resources {
		for res, err := range fhir.Read("test.json", strings.NewReader(text), fhir.ForHTTP) {
			if err != nil {
				r.t.Fatal(err)
			}
			res.Entry = i + 1
			b.Resources = append(b.Resources, res)
		}
	}
	rep, err := r.records.Take(ctx, duty, b)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, x := range rep.Refusals {
		r.t.Errorf("refused: %+v", x)
	}
}

// id gives our identifier of what the laboratory calls name.
func (r *rig) id(name string) (id ids.Resource) {
	r.t.Helper()
	if err := r.db.View(ctx, func(tx *store.Tx) (err error) {
		id, err = store.Get(ctx, tx, store.One[ids.Resource], `SELECT resource_id FROM resource_name WHERE name = $1`, "lab|"+name)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return id
}

// audited counts audit lines of an action about an object.
func (r *rig) audited(a audit.Action, object string) (n int) {
	r.t.Helper()
	if err := r.db.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM audit_entry WHERE action = $1 AND object = $2`, string(a), object)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// obs is an Observation of the laboratory; more are further members.
func obs(id, patient, code, title, day, value string, more ...string) string {
	extra := ""
	for _, m := range more {
		extra += "," + m
	}
	status := `"status":"final",`
	if strings.Contains(extra, `"status"`) {
		status = ""
	}
	if value != "" {
		value = "," + value
	}
	return fmt.Sprintf(`{"resourceType":"Observation","id":%q,%s"category":[{"coding":[{"code":"laboratory"}]}],
		"code":{"coding":[{"system":"http://loinc.org","code":%q,"display":%q}]},"subject":{"reference":"Patient/%s"},
		"effectiveDateTime":%q%s%s}`, id, status, code, title, patient, day, value, extra)
}

func quantity(v, unit string) string {
	return fmt.Sprintf(`"valueQuantity":{"value":%s,"unit":%q,"system":"http://unitsofmeasure.org","code":%q}`, v, unit, unit)
}

func rng(low, high string) string {
	return fmt.Sprintf(`"referenceRange":[{"low":{"value":%s},"high":{"value":%s}}]`, low, high)
}

func flagged(code string) string {
	return fmt.Sprintf(`"interpretation":[{"coding":[{"code":%q}]}]`, code)
}

func report(id, patient, title, day string, more ...string) string {
	extra := ""
	for _, m := range more {
		extra += "," + m
	}
	return fmt.Sprintf(`{"resourceType":"DiagnosticReport","id":%q,"status":"final","category":[{"coding":[{"code":"LAB"}]}],
		"code":{"text":%q},"subject":{"reference":"Patient/%s"},"effectiveDateTime":%q%s}`, id, title, patient, day, extra)
}

func results(names ...string) string {
	for i, n := range names {
		names[i] = fmt.Sprintf(`{"reference":"Observation/%s"}`, n)
	}
	return `"result":[` + strings.Join(names, ",") + `]`
}

// serve puts the room behind a router and gives a browser signed in as p.
func (r *rig) serve(p ids.Patient) *testkit.Browser {
	b := testkit.Serve(r.t, func(base *url.URL) http.Handler {
		router := web.New(web.Settings{Base: base, Clinic: clinicForTests}, r.db, r.gate, r.Keys, slog.New(slog.DiscardHandler))
		r.Mount(router)
		return router.Handler()
	})
	b.SetCookie(web.SessionCookie, r.session(p))
	return b
}
