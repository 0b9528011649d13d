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
	"strconv"
	"strings"
	"testing"
	"time"

	"portico/internal/app"
	"portico/internal/clock"
	"portico/internal/config"
	"portico/internal/demo"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/testkit"
	"portico/internal/testkit/chrome"
)

func TestMain(m *testing.M) { os.Exit(chrome.Main(m)) }

// clinic is a demo clinic that is being served.
type clinic struct {
	t     *testing.T
	app   *app.App
	cards demo.Cards
	base  string
}

// open makes a clinic on SQLite, or on PostgreSQL, and serves it on loopback.
func open(t *testing.T, postgres bool) *clinic {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cfg := config.Default()
	cfg.BaseURL, cfg.DataDir, cfg.MetricsAddr = "http://"+l.Addr().String(), dir, ""
	cfg.DatabaseURL, cfg.SecretKey = "sqlite:"+filepath.Join(dir, "portico.db"), "am91cm5leXMtYXJlLW1hZGUtb24tZm9vdC0wMTIzNDU2Nzg5LWFiY2RlZmc="
	if postgres {
		cfg.DatabaseURL = testkit.Postgres(t)
	}
	cfg.Clinic.Name, cfg.Clinic.Phone, cfg.Clinic.Address = "Riverside Family Clinic", "413-555-0123", "12 River Road; Riverside, MA 01001"
	a, cards, err := demo.Open(context.Background(), cfg, demo.Options{Patients: 60, Seed: 1})
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
	return &clinic{t: t, app: a, cards: cards, base: cfg.BaseURL}
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

// totp gives the app's code now for a base 32 secret. If the step is about to
// end it waits for the next, so that the code is still good when it arrives.
func totp(t *testing.T, b32 string) string {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(b32, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return secret.TOTP(key, clock.System{}.Now())
}

var sixDigits = regexp.MustCompile(`\b(\d{6}|\d{3} \d{3})\b`)

// mail waits for the newest message to a contact since the moment and gives it.
func (c *clinic) mail(t *testing.T, to string, since time.Time) notify.Seen {
	t.Helper()
	for range 100 {
		all, err := c.app.Sink.List(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if m.To == to && !m.At.Before(since) {
				return m
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("no message to %s", to)
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
func choose(b *chrome.Tab, l lang.Lang, name, password string) (key string) {
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
	b.Fill("code", totp(b.T.(*testing.T), key)).Follow(l.T("enroll.continue"))
	b.Want(l.T("enroll.recovery.title"))
	if b.Count("#recovery-codes li") != 10 {
		b.T.Errorf("%d recovery codes", b.Count("#recovery-codes li"))
	}
	b.Choose("saved", "yes").Follow(l.T("enroll.continue"))
	b.Want(l.T("enroll.terms.title")).Choose("terms", "yes").Choose("privacy", "yes").Follow(l.T("enroll.terms.button"))
	b.Want(l.T("enroll.done.title")).Follow(l.T("enroll.done.button"))
	return key
}
