package sharing

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
)

// rig is the room with a real record around it; the patient index and the logins
// are tables of its own.
type rig struct {
	*Sharing
	t      testing.TB
	db     *store.DB
	clock  *clock.Fake
	gate   *access.Gate
	rec    *record.Records
	runner *jobs.Runner
	out    *outside
	links  *Links
}

// outside stands for the rooms this one asks.
type outside struct {
	told   []string
	closed map[ids.Account]bool
	leads  map[ids.Account]ids.Patient // to which record, where it is not any
}

func (o *outside) Person(_ context.Context, _ *store.Tx, p ids.Patient) (Person, error) {
	return Person{Given: "Ana María", Family: "Ruiz" + strings.TrimPrefix(string(p), "pat_"), Birth: "1970-05-04", Sex: "female", Language: "es",
		Numbers: []Number{{System: "http://hospital.example", Value: "MR-1"}}, Contacts: []Contact{{"email", "ana@example.org", "home"}},
		Addresses: []Address{{Lines: []string{"12 Elm Street"}, City: "Springfield", State: "IL", PostalCode: "62701"}}}, nil
}

func (o *outside) Reads(_ context.Context, _ *store.Tx, a ids.Account, p ids.Patient) (bool, error) {
	return !o.closed[a] && (o.leads[a] == "" || o.leads[a] == p), nil
}

func (o *outside) CopyMade(_ context.Context, _ *store.Tx, _ ids.Account, key string) error {
	o.told = append(o.told, key)
	return nil
}

func (o *outside) LinkMade(_ context.Context, _ *store.Tx, _ ids.Account, key string) error {
	o.told = append(o.told, "made "+key)
	return nil
}

func (o *outside) LinkOpened(_ context.Context, _ *store.Tx, _ ids.Account, key string) error {
	o.told = append(o.told, "opened "+key)
	return nil
}

func newRig(t testing.TB, db *store.DB, c *clock.Fake) *rig {
	t.Helper()
	o := &outside{closed: map[ids.Account]bool{}, leads: map[ids.Account]ids.Patient{}}
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, db: db, clock: c, gate: &access.Gate{DB: db}, rec: &record.Records{DB: db}, out: o, runner: jobs.NewRunner(db, slog.New(slog.DiscardHandler))}
	r.Sharing = &Sharing{DB: db, Keys: testkit.Keys(t), People: o, Accounts: o, Base: "https://portal.example",
		Clinic: &page.Clinic{Name: "Riverside Family Clinic", Phone: "555-010-0123", PhoneLink: "+15550100123", Zone: zone}}
	r.links = &Links{Copies: r.Sharing, Limits: &limit.Limiter{DB: db, Keys: r.Keys}, Hasher: secret.NewHasher(r.Keys, 2, 64), Owners: o}
	r.Work(r.runner)
	r.links.Work(r.runner)
	return r
}

// each runs a test on both databases.
func each(t *testing.T, f func(t *testing.T, r *rig)) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) { f(t, newRig(t, db, c)) })
}

var sofa = access.NewVisitor("192.0.2.1", "Firefox · Linux")

// session signs somebody in and gives the token, raised or not.
func (r *rig) session(a ids.Account, p ids.Patient, raised bool) (token string) {
	r.t.Helper()
	err := r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), func(tx *store.Tx) (err error) {
		if token, _, err = r.gate.StartSession(ctx, tx, access.SignedIn{Account: a, Patient: p, Source: "192.0.2.1"}); err != nil || !raised {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE session SET raised_at = $2 WHERE token_hash = $1`, secret.TokenHash(token), store.Time(tx.Now))
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return token
}

// chart is a raised chart of somebody's own record.
func (r *rig) chart(a ids.Account, p ids.Patient) access.Chart {
	r.t.Helper()
	c, _, err := r.gate.RaisedChart(ctx, r.session(a, p, true), access.DownloadRecords, "test", sofa)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// take takes resources of pat_ana (Patient/a) and pat_ben (Patient/b) in.
func (r *rig) take(resources ...string) {
	r.t.Helper()
	r.takeOf("", resources...)
}

// takeOf takes in what is all about one patient, be it said or not.
func (r *rig) takeOf(p ids.Patient, resources ...string) {
	r.t.Helper()
	b := record.Batch{Source: "lab", Patient: p, People: map[string]ids.Patient{"Patient/a": ana, "Patient/b": ben}}
	for _, text := range resources {
		for res, err := range fhir.Read("test.json", strings.NewReader(text), fhir.ForHTTP) {
			if err != nil {
				r.t.Fatal(err)
			}
			b.Resources = append(b.Resources, res)
		}
	}
	rep, err := r.rec.Take(ctx, duty, b)
	if err != nil || rep.Refused > 0 {
		r.t.Fatalf("%v %+v", err, rep.Refusals)
	}
}

const (
	ana = ids.Patient("pat_ana")
	ben = ids.Patient("pat_ben")
)

// a1c is a result of a patient; id names it at the sender.
func a1c(id, patient, value string, more ...string) string {
	return fmt.Sprintf(`{"resourceType":"Observation","id":%q,"status":"final","category":[{"coding":[{"code":"laboratory"}]}],
		"code":{"coding":[{"system":"http://loinc.org","code":"4548-4","display":"Hemoglobin A1c"}]},"subject":{"reference":"Patient/%s"},
		"effectiveDateTime":"2026-01-05T10:00:00-06:00","valueQuantity":{"value":%s,"unit":"%%","system":"http://unitsofmeasure.org","code":"%%"},
		"interpretation":[{"coding":[{"code":"H"}]}],
		"referenceRange":[{"low":{"value":4.0,"unit":"%%"},"high":{"value":5.6,"unit":"%%"}}]%s}`, id, patient, value, strings.Join(more, ""))
}

func condition(id, patient, name, onset string) string {
	return fmt.Sprintf(`{"resourceType":"Condition","id":%q,"clinicalStatus":{"coding":[{"code":"active"}]},"verificationStatus":{"coding":[{"code":"confirmed"}]},
		"code":{"text":%q,"coding":[{"system":"http://snomed.info/sct","code":"44054006"}]},"subject":{"reference":"Patient/%s"},"onsetDateTime":%q}`, id, name, patient, onset)
}

// mark changes rows of the record as its rules would have.
func (r *rig) mark(set string) {
	r.t.Helper()
	if err := r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE record_row SET `+set)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) count(query string, args ...any) (n int) {
	r.t.Helper()
	if err := r.db.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], query, args...)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return n
}

func (r *rig) audited(a audit.Action) int {
	return r.count(`SELECT COUNT(*) FROM audit_entry WHERE action = $1 AND outcome = 'done'`, string(a))
}

func (r *rig) drain() {
	r.t.Helper()
	if err := r.runner.Drain(ctx); err != nil {
		r.t.Fatal(err)
	}
}

// whole is an order of everything.
func whole(f Format) Order {
	return Order{Format: f, Lang: lang.En, Selection: Selection{Sections: record.Sections}, Name: "exp_test"}
}

// write makes a copy of ana's record at once.
func (r *rig) write(o Order) string {
	r.t.Helper()
	var b bytes.Buffer
	if gaps, err := r.Write(ctx, duty.For(ana), o, &b, nil); err != nil || o.Format != CCD && len(gaps) > 0 {
		r.t.Fatal(err, gaps)
	}
	return b.String()
}

// serve puts the room's pages on a server.
func (r *rig) serve() *testkit.Browser {
	return testkit.Serve(r.t, func(base *url.URL) http.Handler {
		router := web.New(web.Settings{Base: base, Clinic: r.Clinic, Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
			r.db, r.gate, r.Keys, slog.New(slog.DiscardHandler))
		router.Patient("GET "+access.ConfirmPath, access.ConfirmSelf, func(*web.Request, access.Chart) (web.Reply, error) { return web.Empty(200), nil })
		r.Mount(router)
		r.links.Mount(router)
		return router.Handler()
	})
}
