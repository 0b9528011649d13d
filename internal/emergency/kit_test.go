package emergency_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/app"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/emergency"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/registry"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/terms"
	"portico/internal/testkit"
	"portico/internal/web"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
)

const why = "She fell in the hall and cannot answer."

// clinic is the joined portal: an alarm is about how rooms work together.
type clinic struct {
	*emergency.Emergencies
	t       testing.TB
	app     *app.App
	c       *clock.Fake
	b       *testkit.Browser
	patient ids.Patient // Maria Alvarez, with an account
	account ids.Account
}

// each runs f on both databases.
func each(t *testing.T, f func(t *testing.T, k *clinic)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, open(t, testkit.MigratedSQLite(t))) })
	t.Run("postgres", func(t *testing.T) { f(t, open(t, testkit.MigratedPostgres(t))) })
}

func open(t testing.TB, address string) *clinic {
	t.Helper()
	cfg := config.Default()
	cfg.DatabaseURL, cfg.DataDir, cfg.SecretKey = address, t.TempDir(), "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm"
	cfg.Clinic.Name, cfg.Clinic.Phone, cfg.Clinic.Address = "Riverside Family Clinic", "555-010-0123", "1 River Road; Springfield, IL 62701"
	cfg.SignOn.Issuer, cfg.SignOn.ClientID, cfg.SignOn.ClientSecret, cfg.SignOn.Name = "https://login.riverside.example", "portico", "secret", "Riverside sign-on"
	cfg.SignOn.Roles = []string{"doctors=clinician"}
	if err := app.Migrate(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	k := &clinic{t: t, c: clock.At(testkit.Noon)}
	k.b = testkit.Serve(t, func(base *url.URL) http.Handler {
		var err error
		if k.app, err = app.New(ctx, cfg, app.Options{Log: slog.New(slog.DiscardHandler), Clock: k.c, Demo: true, Base: base}); err != nil {
			t.Fatal(err)
		}
		return k.app.Router.Handler()
	})
	t.Cleanup(func() { k.app.Close() })
	k.Emergencies = k.app.Emergency
	k.admit()
	return k
}

// admit takes Maria in, with a chart and an account.
func (k *clinic) admit() {
	k.t.Helper()
	rep, err := k.app.Registry.Import(ctx, duty, []registry.Incoming{{Numbers: []registry.Number{{System: "http://hospital.example", Value: "MR-1001", Usage: registry.Current}},
		Names: []registry.Name{{Usage: registry.Current, Given: "Maria", Family: "Alvarez"}}, Birth: "1962-04-09", Sex: "female", Active: true,
		Contacts:  []registry.Contact{{Kind: registry.Email, Value: "maria@example.com", Since: k.c.Now().Add(-90 * 24 * time.Hour)}},
		Addresses: []registry.Address{{Usage: registry.Current, Lines: []string{"12 Elm Street"}, City: "Springfield", State: "IL", PostalCode: "62701"}}}}, registry.Options{})
	if err != nil || rep.Refused > 0 {
		k.t.Fatalf("import: %v %+v", err, rep)
	}
	if k.patient, err = k.app.Registry.Numbered(ctx, duty, "MR-1001"); err != nil {
		k.t.Fatal(err)
	}
	k.change(func(tx *store.Tx) (err error) {
		k.account, err = k.app.Accounts.Open(ctx, tx, account.NewAccount{Patient: k.patient, UserName: "maria.home.one", Hash: "none", Recovery: account.NewRecoveryCodes(), Lang: lang.Es,
			Factors: []account.NewFactor{{Kind: account.Mail, Contact: "maria@example.com"}}})
		if err != nil {
			return err
		}
		docs, err := k.app.Terms.Current(ctx, tx, lang.Es)
		var read []ids.Document
		for _, d := range docs {
			read = append(read, d.ID)
		}
		return errors.Join(err, k.app.Terms.Accept(ctx, tx, terms.Acceptance{Account: k.account, Agent: "test"}, read))
	})
	b := record.Batch{Source: "test", People: map[string]ids.Patient{"Patient/p": k.patient}}
	for r, err := range fhir.Read("chart.json", strings.NewReader(chart), fhir.ForHTTP) {
		if err != nil {
			k.t.Fatal(err)
		}
		b.Resources = append(b.Resources, r)
	}
	if rep, err := k.app.Record.Take(ctx, duty, b); err != nil || rep.New != 4 {
		k.t.Fatalf("%+v %v", rep, err)
	}
}

// chart has a value that came a minute ago, a blood pressure, an allergy and a note
// with a text and a page in it.
const chart = `{"resourceType":"Bundle","type":"collection","entry":[
	{"resource":{"resourceType":"Observation","id":"k","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"subject":{"reference":"Patient/p"},"effectiveDateTime":"2026-03-10T09:00:00Z",
		"code":{"coding":[{"system":"http://loinc.org","code":"2823-3","display":"Potassium"}]},"valueQuantity":{"value":6.4,"unit":"mmol/L"},"interpretation":[{"coding":[{"code":"HH"}]}]}},
	{"resource":{"resourceType":"Observation","id":"bp","status":"final","category":[{"coding":[{"code":"vital-signs"}]}],"subject":{"reference":"Patient/p"},"effectiveDateTime":"2026-03-10T09:00:00Z",
		"code":{"coding":[{"system":"http://loinc.org","code":"85354-9","display":"Blood pressure"}]},"component":[
			{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6","display":"Systolic"}]},"valueQuantity":{"value":88,"unit":"mmHg"}},
			{"code":{"coding":[{"system":"http://loinc.org","code":"8462-4","display":"Diastolic"}]},"valueQuantity":{"value":51,"unit":"mmHg"}}]}},
	{"resource":{"resourceType":"DocumentReference","id":"n","status":"current","type":{"text":"Discharge summary"},"subject":{"reference":"Patient/p"},"date":"2026-01-05T10:00:00Z",
		"content":[{"attachment":{"contentType":"text/plain","data":"VGFrZXMgd2FyZmFyaW4u"}},{"attachment":{"contentType":"text/html","data":"PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=="}}]}},
	{"resource":{"resourceType":"AllergyIntolerance","id":"a","patient":{"reference":"Patient/p"},"code":{"text":"Penicillin"},
		"clinicalStatus":{"coding":[{"code":"active"}]},"verificationStatus":{"coding":[{"code":"confirmed"}]}}}]}`

func (k *clinic) change(f func(tx *store.Tx) error) {
	k.t.Helper()
	if err := k.app.DB.Change(ctx, duty.Did("demo.made", ""), f); err != nil {
		k.t.Fatal(err)
	}
}

// colleague is somebody who works here, signed in, with an authenticator.
type colleague struct {
	k     *clinic
	id    ids.Staff
	email string
	token string
}

var secretKey = []byte("12345678901234567890")

func (k *clinic) hire(name, roles string) colleague {
	k.t.Helper()
	s := colleague{k: k, id: ids.NewStaff()}
	s.email = string(s.id) + "@clinic.example"
	k.change(func(tx *store.Tx) (err error) {
		if _, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, $2, $3, $4, 'active', $5)`, s.id, name, s.email, roles, store.Time(tx.Now)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO staff_credential (staff_id, password_hash, sealed, last_step, set_at) VALUES ($1, 'none', $2, 0, $3)`,
			s.id, k.app.Keys.Seal("staff_credential.sealed", string(s.id), secretKey), store.Time(tx.Now)); err != nil {
			return err
		}
		s.token, err = k.app.Gate.StartStaffSession(ctx, tx, s.id, access.NewVisitor("127.0.0.1", "test"))
		return err
	})
	return s
}

// elsewhere takes the authenticator away and links the person to the clinic's sign-on.
func (s colleague) elsewhere() {
	s.k.change(func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `DELETE FROM staff_credential WHERE staff_id = $1`, s.id); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO staff_signon (staff_id, issuer, subject, linked_at) VALUES ($1, 'https://login.riverside.example', $1, $2)`, s.id, store.Time(tx.Now))
		return err
	})
}

// desk is the person's proof for a task; a worthless one where they may not.
func (s colleague) desk(t access.Task) access.Desk {
	s.k.t.Helper()
	d, _, err := s.k.app.Gate.Desk(ctx, s.token, access.SeeDesk, "test", access.NewVisitor("127.0.0.1", "test"))
	if err != nil {
		s.k.t.Fatal(err)
	}
	return d.For(t)
}

func (s colleague) browser() *testkit.Browser {
	b := s.k.b.Other()
	b.SetCookie(web.StaffCookie, s.token)
	return b
}

// code is what the authenticator shows now. It is good once, so the clock moves on.
func (k *clinic) code() string {
	k.c.Move(30 * time.Second)
	return secret.TOTP(secretKey, k.c.Now())
}

// opens opens Maria's chart.
func (s colleague) opens() ids.Emergency {
	s.k.t.Helper()
	id, err := s.k.Open(ctx, s.desk(access.OpenCharts), s.k.patient, why, s.k.code())
	if err != nil {
		s.k.t.Fatal(err)
	}
	return id
}

func (k *clinic) one(query string, args ...any) (s string) {
	k.t.Helper()
	if err := k.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		s, err = store.Get(ctx, tx, store.One[string], query, args...)
		return err
	}); err != nil {
		k.t.Fatal(err)
	}
	return s
}

func (k *clinic) openings() string { return k.one(`SELECT CAST(COUNT(*) AS TEXT) FROM chart_opening`) }

func (k *clinic) lines(a audit.Action, outcome audit.Outcome) string {
	return k.one(`SELECT CAST(COUNT(*) AS TEXT) FROM audit_entry WHERE action = $1 AND outcome = $2 AND patient_id = $3`, string(a), string(outcome), k.patient)
}

// told counts the messages to somebody with words in them.
func (k *clinic) told(to, words string) (n int) {
	k.t.Helper()
	if err := k.app.Jobs.Drain(ctx); err != nil {
		k.t.Fatal(err)
	}
	all, err := k.app.Sink.List(ctx)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, m := range all {
		if m.To == to && strings.Contains(m.Subject+m.Text, words) {
			n++
		}
	}
	return n
}
