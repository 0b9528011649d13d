package passkey_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/app"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/passkey"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/testkit/authenticator"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
	at   atomic.Int64
)

const (
	host   = "portal.example"
	origin = "https://" + host
)

// rig is the joined portal: what a passkey opens is a real account.
type rig struct {
	*passkey.Passkeys
	t   *testing.T
	app *app.App
	c   *clock.Fake
}

// each runs a test on both databases.
func each(t *testing.T, f func(t *testing.T, r *rig)) {
	t.Run("sqlite", func(t *testing.T) { f(t, newRig(t, testkit.MigratedSQLite(t))) })
	t.Run("postgres", func(t *testing.T) { f(t, newRig(t, testkit.MigratedPostgres(t))) })
}

func newRig(t *testing.T, address string) *rig {
	t.Helper()
	cfg := config.Default()
	cfg.DatabaseURL, cfg.DataDir, cfg.SecretKey = address, t.TempDir(), "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm"
	cfg.Clinic.Name, cfg.Clinic.Phone = "Riverside Family Clinic", "555-010-0123"
	if err := app.Migrate(ctx, cfg); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, c: clock.At(testkit.Noon)}
	var err error
	if r.app, err = app.New(ctx, cfg, app.Options{Log: slog.New(slog.DiscardHandler), Clock: r.c, Demo: true, Base: &url.URL{Scheme: "https", Host: host}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.app.Close() })
	r.Passkeys = r.app.Passkeys
	return r
}

func (r *rig) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// change writes as the test itself.
func (r *rig) change(f func(tx *store.Tx) error) {
	r.t.Helper()
	r.ok(r.app.DB.Change(ctx, duty.Did(audit.DemoMade, ""), f))
}

// member is an account with what its owner knows.
type member struct {
	id      ids.Account
	patient ids.Patient
	name    string
	mail    string
	totp    []byte
	codes   []string
}

const password = "copper lantern river 7"

var hashed = func() string {
	keys, err := secret.NewKeyring("c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm")
	if err != nil {
		panic(err)
	}
	h, err := secret.NewHasher(keys, 1, 1).Hash(ctx, password)
	if err != nil {
		panic(err)
	}
	return h
}()

// join opens an account with an authenticator app as its only second step.
func (r *rig) join() member {
	r.t.Helper()
	n := at.Add(1)
	m := member{patient: ids.NewPatient(), name: fmt.Sprint("copper.kettle.", n), totp: []byte("12345678901234567890"), codes: account.NewRecoveryCodes()}
	m.mail = m.name + "@example.org"
	r.change(func(tx *store.Tx) (err error) {
		m.id, err = r.app.Accounts.Open(ctx, tx, account.NewAccount{Patient: m.patient, UserName: m.name, Hash: hashed, Recovery: m.codes, Lang: lang.En, Agent: "Firefox · Linux",
			Factors: []account.NewFactor{{Kind: account.TOTP, Secret: m.totp}, {Kind: account.Mail, Contact: m.mail}}})
		return err
	})
	return m
}

// from is a visitor at an address.
func from(addr string) access.Visitor {
	return access.NewVisitor(access.SourceOf(addr), "Chrome · Android")
}

// anywhere is a visitor at an address of their own.
func anywhere() access.Visitor {
	n := at.Add(1)
	return from(fmt.Sprintf("198.51.%d.%d", n/250%250, n%250))
}

// chart is a member's chart in a fresh session, raised or not.
func (r *rig) chart(m member, p access.Permission, raised bool) access.Chart {
	r.t.Helper()
	var token string
	r.change(func(tx *store.Tx) (err error) {
		token, _, err = r.app.Gate.StartSession(ctx, tx, access.SignedIn{Account: m.id, Patient: m.patient, Agent: "Chrome · Android", Source: "192.0.2.7"})
		if err == nil && raised {
			_, err = tx.Exec(ctx, `UPDATE session SET raised_at = $2 WHERE token_hash = $1`, secret.TokenHash(token), store.Time(tx.Now))
		}
		return err
	})
	c, _, err := r.app.Gate.Chart(ctx, token, p, "test", anywhere())
	r.ok(err)
	return c
}

func (r *rig) device() *authenticator.Device { return authenticator.New(r.t, origin) }

var none authenticator.Fault

func read[T any](d *authenticator.Device, o T, err error) authenticator.Options {
	d.T.Helper()
	if err != nil {
		d.T.Fatal(err)
	}
	return d.Read(o)
}

// adds makes a passkey for a member on a device, in a given chart.
func (r *rig) adds(c access.Chart, d *authenticator.Device, f authenticator.Fault) error {
	r.t.Helper()
	o, err := r.AskAdd(ctx, c, host)
	asked := read(d, o, err)
	return r.Add(ctx, c, passkey.Answer{Ticket: asked.Ticket, Credential: d.Make(asked, f), Host: host}, "My phone")
}

// keyed gives a member a passkey on a device of their own.
func (r *rig) keyed(m member) *authenticator.Device {
	r.t.Helper()
	d := r.device()
	r.ok(r.adds(r.chart(m, access.SecureAccount, true), d, none))
	return d
}

// asks is a browser that asks for a challenge; answers sends what the device says.
func (r *rig) asks(d *authenticator.Device, browser, name string) authenticator.Options {
	r.t.Helper()
	o, err := r.Ask(ctx, anywhere(), passkey.Account, passkey.Wish{Name: name, Browser: browser, Host: host})
	return read(d, o, err)
}

func (r *rig) answers(o authenticator.Options, credential, browser string) error {
	r.t.Helper()
	_, err := r.SignIn(ctx, anywhere(), passkey.Answer{Ticket: o.Ticket, Credential: credential, Browser: browser, Host: host}, passkey.Entry{}, false)
	return err
}

// signIn goes all the way.
func (r *rig) signIn(d *authenticator.Device, f authenticator.Fault) error {
	r.t.Helper()
	o := r.asks(d, "browser", "")
	return r.answers(o, d.Use(o, f), "browser")
}

// wrong checks that an answer was refused with the one sentence, for a reason.
func (r *rig) wrong(err error, why string) {
	r.t.Helper()
	if !fault.Is(err, fault.Invalid) || fault.Problems(err)[0].Text != "passkey.wrong" {
		r.t.Fatalf("%s: %v", why, err)
	}
	if got := r.newest(`SELECT detail FROM audit_entry WHERE outcome = 'refused' ORDER BY at DESC, id DESC`); got != "passkey."+why {
		r.t.Errorf("refused for %q, not %q", got, "passkey."+why)
	}
	r.c.Move(time.Millisecond) // the next line in the log is newer
}

func (r *rig) newest(query string, args ...any) string {
	r.t.Helper()
	all := r.list(query, args...)
	if len(all) == 0 {
		r.t.Fatalf("%s: nothing", query)
	}
	return all[0]
}

func (r *rig) list(query string, args ...any) (out []string) {
	r.t.Helper()
	r.ok(r.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = store.List(ctx, tx, store.One[string], query, args...)
		return err
	}))
	return out
}

func (r *rig) count(query string, args ...any) (n int) {
	r.t.Helper()
	r.ok(r.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], query, args...)
		return err
	}))
	return n
}

// told gives the messages that went to an address.
func (r *rig) told(to string) (out []notify.Seen) {
	r.t.Helper()
	r.ok(r.app.Jobs.Drain(ctx))
	all, err := r.app.Sink.List(ctx)
	r.ok(err)
	for _, m := range all {
		if m.To == to {
			out = append(out, m)
		}
	}
	return out
}

// size is d in a long run of the attacks and short otherwise.
func size(short, d time.Duration) time.Duration {
	if os.Getenv("PORTICO_ATTACK") == "long" {
		return d
	}
	return short
}
