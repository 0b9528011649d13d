package account

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

var ctx = context.Background()

// long tells whether the attack tests run at full size.
var long = os.Getenv("PORTICO_ATTACK") == "long"

func size(short, full int) int {
	if long {
		return full
	}
	return short
}

// rig is the room with everything real around it; only the patient index is a
// table of its own.
type rig struct {
	*Accounts
	t      testing.TB
	db     *store.DB
	clock  *clock.Fake
	sent   *spy
	runner *jobs.Runner
	people *index
}

// spy passes messages on and remembers them.
type spy struct {
	*notify.Outbox
	mu   sync.Mutex
	sent []notify.Message
}

func (s *spy) Send(ctx context.Context, tx *store.Tx, m notify.Message) (notify.Outcome, error) {
	out, err := s.Outbox.Send(ctx, tx, m)
	if out == notify.Queued {
		s.mu.Lock()
		s.sent = append(s.sent, m)
		s.mu.Unlock()
	}
	return out, err
}

// digits gives the newest one-time code that went to a contact.
func (s *spy) digits(to string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range slices.Backward(s.sent) {
		if n, ok := m.Notice.(notify.OneTimeCode); ok && m.To == to {
			return n.Digits
		}
	}
	return ""
}

// kinds counts the notices sent, by kind.
func (s *spy) kinds() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]int{}
	for _, m := range s.sent {
		out[m.Notice.Kind()]++
	}
	return out
}

// told tells whether a member got a notice of a kind by e-mail.
func (r *rig) told(m member, kind string) bool {
	r.sent.mu.Lock()
	defer r.sent.mu.Unlock()
	return slices.ContainsFunc(r.sent.sent, func(n notify.Message) bool { return n.To == m.mail && n.Notice.Kind() == kind })
}

// notMe gives the newest "not me" link that was sent.
func (s *spy) notMe() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range slices.Backward(s.sent) {
		switch n := m.Notice.(type) {
		case notify.NewBrowser:
			return string(n.NotMe)
		case notify.AccountOpened:
			return string(n.NotMe)
		case notify.SignInUnfinished:
			return string(n.NotMe)
		}
	}
	return ""
}

type index struct{ onFile map[ids.Patient][]Contact }

func (p *index) OnFile(_ context.Context, _ *store.Tx, id ids.Patient) ([]Contact, error) {
	return p.onFile[id], nil
}

func (p *index) OnRecord(context.Context, *store.Tx, ids.Patient) ([]Contact, error) { return nil, nil }

func (p *index) About(context.Context, *store.Tx, ids.Patient) (Person, error) {
	return Person{Names: []string{"Ana", "García"}, Birth: "1962-04-09", Number: "MR-0123"}, nil
}

type noTerms struct{}

func (n *noTerms) Accepted(context.Context, *store.Tx, ids.Account) ([]Accepted, error) {
	return []Accepted{{Document: "doc_1", Title: "Terms of use", Version: "3", At: testkit.Noon}}, nil
}

var clinicForTests = &page.Clinic{Name: "Riverside Family Clinic", Phone: "555-010-0123", PhoneLink: "+15550100123", Zone: time.UTC}

func newRig(t testing.TB, db *store.DB, c *clock.Fake) *rig {
	t.Helper()
	keys := testkit.Keys(t)
	limits := &limit.Limiter{DB: db, Keys: keys}
	base, _ := url.Parse("https://portal.example")
	sink := &notify.Sink{DB: db}
	out, err := notify.New(notify.Parts{DB: db, Keys: keys, Limits: limits, Base: base, Clinic: clinicForTests, Mail: sink, Phone: sink, Countries: []string{"US"}, DailyCap: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, db: db, clock: c, sent: &spy{Outbox: out}, people: &index{onFile: map[ids.Patient][]Contact{}}}
	r.Accounts = New(Parts{DB: db, Gate: &access.Gate{DB: db}, Keys: keys, Limits: limits, Hasher: secret.NewHasher(keys, 2, 1000), Outbox: r.sent,
		People: r.people, Terms: &noTerms{}, Clinic: clinicForTests, Region: "US"})
	r.runner = jobs.NewRunner(db, slog.New(slog.DiscardHandler))
	r.Work(r.runner)
	out.Work(r.runner)
	return r
}

// member is an account with what its owner knows.
type member struct {
	id       ids.Account
	patient  ids.Patient
	name, pw string
	mail     string
	phone    string
	totp     []byte
	recovery []string
}

const goodPassword = "purple turtles sing"

var duty = access.NewDuty("test")

// change runs f in a transaction with an audit line of the test's own.
func (r *rig) change(f func(tx *store.Tx) error) error {
	return r.db.Change(ctx, duty.Did(audit.AccountOpened, "test"), f)
}

var (
	hashOnce sync.Once
	hashed   string
)

// join opens an account with e-mail first, then text, call and authenticator.
func (r *rig) join(name string) member {
	r.t.Helper()
	hashOnce.Do(func() {
		h, err := r.Hasher.Hash(ctx, goodPassword)
		if err != nil {
			r.t.Fatal(err)
		}
		hashed = h
	})
	phone := fmt.Sprintf("+1555186%04d", len(name)*97%10000)
	m := member{patient: ids.NewPatient(), name: name, pw: goodPassword, mail: name + "@example.org", phone: phone, totp: []byte("12345678901234567890"), recovery: NewRecoveryCodes()}
	n := NewAccount{Patient: m.patient, UserName: name, Hash: hashed, Recovery: m.recovery, Lang: lang.En, Agent: "Firefox · Linux",
		Factors: []NewFactor{{Kind: Mail, Contact: m.mail}, {Kind: SMS, Contact: m.phone}, {Kind: Voice, Contact: m.phone}, {Kind: TOTP, Secret: m.totp}}}
	if err := r.change(func(tx *store.Tx) (err error) {
		if _, err = tx.Exec(ctx, `INSERT INTO patient (id, given, family, sort_name, birth_date, sex, language, vip, active, multi_birth, source_ref, content_hash, created_at, changed_at)
			VALUES ($1, 'Ana', 'García', 'garcía ana', '1962-04-09', 'female', 'en', FALSE, TRUE, FALSE, $1, '', $2, $2)`, string(m.patient), store.Time(tx.Now)); err != nil {
			return err
		}
		m.id, err = r.Accounts.Open(ctx, tx, n)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
	return m
}

// from is a visitor at an address.
func from(addr string) access.Visitor {
	return access.NewVisitor(access.SourceOf(addr), "Firefox · Linux")
}

var sofa = from("192.0.2.1")

// enter gives a half-way token or the error.
func (r *rig) enter(v access.Visitor, m member, pw string, device string) (string, error) {
	return r.Enter(ctx, v, Entry{UserName: m.name, Password: pw, Device: device})
}

func (r *rig) mustEnter(m member, device string) string {
	r.t.Helper()
	token, err := r.enter(sofa, m, m.pw, device)
	if err != nil {
		r.t.Fatal(err)
	}
	return token
}

// factorOf gives the identifier of a member's second step of a kind.
func (r *rig) factorOf(m member, k Kind) string {
	r.t.Helper()
	var id string
	err := r.db.View(ctx, func(tx *store.Tx) error {
		fs, err := factorsOf(ctx, tx, m.id)
		for _, f := range fs {
			if f.kind == k {
				id = string(f.id)
			}
		}
		return err
	})
	if err != nil || id == "" {
		r.t.Fatalf("no second step %s: %v", k, err)
	}
	return id
}

// finish sends the code that came by e-mail.
func (r *rig) finish(m member, token, device string) (SignedIn, error) {
	return r.Finish(ctx, sofa, Step{Token: token, Method: r.factorOf(m, Mail), Code: r.sent.digits(m.mail), Device: device})
}

// signIn goes all the way.
func (r *rig) signIn(m member, device string) SignedIn {
	r.t.Helper()
	in, err := r.finish(m, r.mustEnter(m, device), device)
	if err != nil {
		r.t.Fatal(err)
	}
	return in
}

// opens tells whether a session token opens the home page.
func (r *rig) opens(token string) bool {
	_, _, err := r.Gate.Chart(ctx, token, access.SeeHome, "GET /home", sofa)
	if err != nil && !errors.Is(err, access.ErrNoSession) {
		r.t.Fatal(err)
	}
	return err == nil
}

// count counts rows.
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

func (r *rig) audited(a audit.Action, o audit.Outcome) int {
	return r.count(`SELECT COUNT(*) FROM audit_entry WHERE action = $1 AND outcome = $2`, string(a), string(o))
}

// drain does all waiting background work.
func (r *rig) drain() {
	r.t.Helper()
	if err := r.runner.Drain(ctx); err != nil {
		r.t.Fatal(err)
	}
}

// each runs a test on both databases.
func each(t *testing.T, f func(t *testing.T, r *rig)) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) { f(t, newRig(t, db, c)) })
}

// serve puts the room's pages on a server.
func (r *rig) serve() *testkit.Browser {
	return testkit.Serve(r.t, func(base *url.URL) http.Handler {
		router := web.New(web.Settings{Base: base, Clinic: clinicForTests, Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}},
			r.db, r.Gate, r.Keys, slog.New(slog.DiscardHandler))
		r.Mount(router)
		return router.Handler()
	})
}

// kindOf sums an error up in the key of its sentence.
func kindOf(err error) string {
	f, ok := fault.As(err)
	switch {
	case err == nil:
		return "ok"
	case !ok:
		return err.Error()
	case len(f.Problems) > 0:
		return f.Problems[0].Text
	}
	return f.Text
}

type storeTx = store.Tx

func storeTime(t time.Time) store.Time { return store.Time(t) }

// strings reads a column.
func (r *rig) strings(query string) (out []string) {
	r.t.Helper()
	if err := r.db.View(ctx, func(tx *store.Tx) (err error) { out, err = store.List(ctx, tx, store.One[string], query); return err }); err != nil || len(out) == 0 {
		r.t.Fatalf("%s: %d rows, %v", query, len(out), err)
	}
	return out
}
