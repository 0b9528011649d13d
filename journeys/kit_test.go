// Package journeys lives through the portal as its people do: in a real
// browser, on the demo's clinic, from the first page to the last.
package journeys

import (
	"context"
	"encoding/base32"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/app"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/demo"
	"portico/internal/enroll"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/testkit"
	"portico/internal/testkit/chrome"
)

func TestMain(m *testing.M) { os.Exit(chrome.Main(m)) }

// movable is the machine's clock, set forward by tests: a story of three weeks
// takes no three weeks, and everything else keeps running.
type movable struct{ ahead atomic.Int64 }

func (m *movable) Now() time.Time { return clock.System{}.Now().Add(time.Duration(m.ahead.Load())) }

func (m *movable) move(d time.Duration) { m.ahead.Add(int64(d)) }

// clinic is a demo clinic that is being served.
type clinic struct {
	t     *testing.T
	app   *app.App
	cards demo.Cards
	base  string
	clock *movable

	used map[string]int64 // by authenticator secret, the last step shown
	next int              // the first of the synthetic people without a role yet
}

const (
	people, seed = 60, 1
	clinicName   = "Riverside Family Clinic"
)

// open makes a clinic on SQLite, or on PostgreSQL, and serves it on loopback.
func open(t *testing.T, postgres bool) *clinic {
	t.Helper()
	return openWith(t, postgres, func(*config.Config) {})
}

// copied puts a clinic with its people into dir.
func copied(t *testing.T, dir string) {
	t.Helper()
	files, err := founded()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// founded makes the clinic once and gives its files: whoever opens one gets a copy.
var founded = sync.OnceValues(func() (map[string][]byte, error) {
	dir, err := os.MkdirTemp("", "portico-journeys")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cfg := settings(dir, "127.0.0.1:80")
	a, _, err := demo.Open(context.Background(), cfg, demo.Options{Patients: people, Seed: seed, Clock: new(movable)})
	if err != nil {
		return nil, err
	}
	if err := a.Close(); err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	list, err := os.ReadDir(dir)
	for _, e := range list {
		if e.IsDir() || err != nil {
			continue
		}
		files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name()))
	}
	return files, err
})

// settings are the clinic's, kept in dir and served at address.
func settings(dir, address string) config.Config {
	cfg := config.Default()
	cfg.BaseURL, cfg.DataDir, cfg.MetricsAddr, cfg.DatabaseURL = "http://"+address, dir, "", "sqlite:"+filepath.Join(dir, "portico.db")
	cfg.SecretKey = "am91cm5leXMtYXJlLW1hZGUtb24tZm9vdC0wMTIzNDU2Nzg5LWFiY2RlZmc="
	cfg.Clinic.Name, cfg.Clinic.Phone, cfg.Clinic.Address = clinicName, "413-555-0123", "12 River Road; Riverside, MA 01001"
	return cfg
}

// openWith is open with other settings.
func openWith(t *testing.T, postgres bool, set func(*config.Config)) *clinic {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := settings(t.TempDir(), l.Addr().String())
	if postgres {
		cfg.DatabaseURL = testkit.MigratedPostgres(t)
	} else {
		copied(t, cfg.DataDir)
	}
	set(&cfg)
	now := new(movable)
	a, cards, err := demo.Open(context.Background(), cfg, demo.Options{Patients: people, Seed: seed, Clock: now})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		a.Close()
	})
	return &clinic{t: t, app: a, cards: cards, base: cfg.BaseURL, clock: now, used: map[string]int64{}, next: 12}
}

// each lives a story on both databases, in both languages, on phone and desktop,
// with and without JavaScript: four browsers that cover every pair.
func each(t *testing.T, story func(t *testing.T, c *clinic, b *chrome.Tab, l lang.Lang, n int)) {
	c := open(t, false)
	for n, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es", NoScript: true}, {Lang: "es", Phone: true}} {
		t.Run("sqlite "+p.String(), func(t *testing.T) { story(t, c, chrome.New(t, c.base, p), lang.Lang(p.Lang), n) })
	}
	t.Run("postgres", func(t *testing.T) {
		pg := open(t, true)
		p := chrome.Person{Lang: "en", NoScript: true, Phone: true}
		story(t, pg, chrome.New(t, pg.base, p), lang.En, 0)
	})
}

// turned is set by hand: it lives the stories of visits by the other pairs of language
// and screen, on the other database. "bare" takes the scripts from the phone and gives
// them to the desktop. CI lives one pair, for another costs minutes.
var turned = os.Getenv("PORTICO_TURNED")

// pair opens a clinic and names two people who live a story in it.
func pair(t *testing.T, postgres bool) (*clinic, []chrome.Person) {
	t.Helper()
	first, second := chrome.Person{Lang: "en", Phone: true}, chrome.Person{Lang: "es", NoScript: true}
	switch turned {
	case "":
	case "bare":
		first.NoScript, second.NoScript, postgres = true, false, !postgres
	default:
		first.Lang, second.Lang, postgres = "es", "en", !postgres
	}
	return open(t, postgres), []chrome.Person{first, second}
}

// atDesk is staff beside p: on a desktop, and on a phone when all is turned.
func atDesk(p chrome.Person) chrome.Person { return chrome.Person{Lang: p.Lang, Phone: turned != ""} }

// totp gives the authenticator app's code for a base 32 secret. A step that was
// used is refused by the portal, so the clinic's clock then goes on to the next.
func (c *clinic) totp(t *testing.T, b32 string) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(b32, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	step := func() int64 { return c.clock.Now().Unix() / 30 }
	if step() <= c.used[b32] {
		c.clock.move(time.Duration(c.used[b32]+1-step()) * 30 * time.Second)
	}
	c.used[b32] = step()
	return secret.TOTP(key, c.clock.Now())
}

// someone gives one more of the synthetic people who is grown up, alive, has an
// e-mail address and a phone on file, and neither account nor code.
func (c *clinic) someone() demo.Person {
	c.t.Helper()
	all := demo.People(seed, people)
	for ; c.next < len(all); c.next++ {
		p := all[c.next]
		if p.Died != "" || p.Birth > "2005" || p.Email == "" || p.Phone == "" {
			continue
		}
		if slices.ContainsFunc(c.cards.Codes, func(k demo.CodeCard) bool { return k.Number == p.Number }) {
			continue
		}
		c.next++
		return p
	}
	c.t.Fatal("nobody is left in the clinic")
	return demo.Person{}
}

// issue makes a code for somebody as the command line does.
func (c *clinic) issue(p demo.Person, by enroll.Channel) enroll.Revealed {
	c.t.Helper()
	d := access.NewDuty("journeys")
	id, err := c.app.Registry.Numbered(context.Background(), d, p.Number)
	if err != nil {
		c.t.Fatal(err)
	}
	r, err := c.app.Enroll.IssueByDuty(context.Background(), d, enroll.Order{Patient: id, By: by})
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// try types a code and a birth date into the page for codes.
func try(b *chrome.Tab, l lang.Lang, code, birth string) {
	b.T.Helper()
	b.Open("/enroll/code").Want(l.T("enroll.code.title")).Fill("code", code)
	born(b, birth)
	b.Follow(l.T("enroll.continue"))
}

var sixDigits = regexp.MustCompile(`\b(\d{6}|\d{3} \d{3})\b`)

// spelled are six digits as a call says them, one by one.
var spelled = regexp.MustCompile(`\b\d(?:[ ,.]+\d){5}\b`)

// mail waits for the newest message to a contact since the moment and gives it.
func (c *clinic) mail(t *testing.T, to string, since time.Time) notify.Seen {
	t.Helper()
	return c.message(t, to, since, func(notify.Seen) bool { return true })
}

// about waits for a message to a contact with the subject of that key.
func (c *clinic) about(t *testing.T, to, key string, since time.Time) notify.Seen {
	t.Helper()
	return c.message(t, to, since, func(m notify.Seen) bool {
		return m.Subject == lang.En.T(key, clinicName) || m.Subject == lang.Es.T(key, clinicName)
	})
}

func (c *clinic) message(t *testing.T, to string, since time.Time, fits func(notify.Seen) bool) notify.Seen {
	t.Helper()
	var all []notify.Seen
	for range 150 {
		var err error
		if all, err = c.app.Sink.List(context.Background()); err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if m.To == to && !m.At.Before(since) && fits(m) {
				return m
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	for _, m := range all {
		t.Logf("%s to %s: %s", m.At.Format(time.TimeOnly), m.To, m.Subject)
	}
	t.Fatalf("the message to %s did not come", to)
	return notify.Seen{}
}

// typedSecret is an authenticator's secret as it is shown for typing: 32 symbols
// of base 32, in groups.
var typedSecret = regexp.MustCompile(`^[A-Z2-7]{32}$`)

func digitsOf(t *testing.T, m notify.Seen) string {
	t.Helper()
	d := sixDigits.FindString(m.Text)
	if d == "" {
		t.Fatal("no code in the message")
	}
	return strings.ReplaceAll(d, " ", "")
}

// born fills in a date of birth.
func born(b *chrome.Tab, date string) {
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		b.T.Fatal(err)
	}
	b.Choose("birth_month", strconv.Itoa(int(d.Month()))).Fill("birth_day", strconv.Itoa(d.Day())).Fill("birth_year", strconv.Itoa(d.Year()))
}

// link gives the path of a message's first link.
func link(t *testing.T, m notify.Seen) string {
	t.Helper()
	if len(m.Links) == 0 {
		t.Fatal("no link in the message")
	}
	u, err := url.Parse(m.Links[0])
	if err != nil {
		t.Fatal(err)
	}
	return u.RequestURI()
}

// choose goes from the page after the proof to the home page: user name,
// password, an authenticator app, recovery codes, terms. It gives the secret.
func (c *clinic) choose(b *chrome.Tab, l lang.Lang, name, password string) (key string) {
	b.T.Helper()
	b.Want(l.T("enroll.user.title")).Fill("username", name).Fill("password", password).Fill("again", password)
	b.Follow(l.T("enroll.continue"))
	b.Want(l.T("enroll.second.title")).Choose("how", "totp").Follow(l.T("enroll.continue"))
	b.Want(l.T("enroll.app.title"))
	// It is folded away for those who scan the picture.
	shown := ""
	b.Eval(`document.querySelector("#app-key").textContent.replace(/[^A-Z2-7]/g, "")`, &shown)
	if key = typedSecret.FindString(shown); key == "" {
		b.T.Fatal("the authenticator's secret is not on the page")
	}
	b.Fill("code", c.totp(b.T.(*testing.T), key)).Follow(l.T("enroll.continue"))
	finish(b, l)
	return key
}

// finish goes from the recovery codes to the home page.
func finish(b *chrome.Tab, l lang.Lang) {
	b.T.Helper()
	b.Want(l.T("enroll.recovery.title"))
	if b.Count("#recovery-codes li") != 10 {
		b.T.Errorf("%d recovery codes", b.Count("#recovery-codes li"))
	}
	b.Choose("saved", "yes").Follow(l.T("enroll.continue"))
	b.Want(l.T("enroll.terms.title")).Choose("terms", "yes").Choose("privacy", "yes").Follow(l.T("enroll.terms.button"))
	b.Want(l.T("enroll.done.title")).Follow(l.T("enroll.done.button"))
	if b.Path() != "/home" {
		b.T.Fatalf("led to %s", b.Path())
	}
}
