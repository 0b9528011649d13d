package staff_test

import (
	"context"
	"encoding/base32"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/a-h/templ"

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
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
)

const password = "copper lantern river 7"

// rules stands for those of patients' passwords.
type rules struct{}

func (rules) CheckPassword(pw, _ string, about ...string) error {
	if utf8.RuneCountInString(pw) < 12 {
		return fault.Bad("password", "staff.setup.rule.long")
	}
	for _, a := range about {
		if strings.EqualFold(pw, a) {
			return fault.Bad("password", "staff.setup.rule.own")
		}
	}
	return nil
}

// clinic is the room with everything it needs, and a browser on it.
type clinic struct {
	*staff.Staff
	t    testing.TB
	c    *clock.Fake
	sink *notify.Sink
	run  *jobs.Runner
	keys *secret.Keyring
}

func open(t testing.TB, db *store.DB, c *clock.Fake) *clinic {
	t.Helper()
	keys := testkit.Keys(t)
	k := &clinic{t: t, c: c, keys: keys, sink: &notify.Sink{DB: db}}
	p := &page.Clinic{Name: "Riverside Family Clinic", Zone: time.UTC}
	limits := &limit.Limiter{DB: db, Keys: keys}
	out, err := notify.New(notify.Parts{DB: db, Keys: keys, Limits: limits, Base: &url.URL{Scheme: "https", Host: "portal.example"}, Clinic: p, Mail: k.sink})
	if err != nil {
		t.Fatal(err)
	}
	k.Staff = staff.New(staff.Parts{DB: db, Gate: &access.Gate{DB: db}, Keys: keys, Limits: limits, Hasher: secret.NewHasher(keys, 2, 64), Outbox: out, Rules: rules{}, Clinic: p})
	k.run = jobs.NewRunner(db, slog.New(slog.DiscardHandler))
	out.Work(k.run)
	k.Jobs(k.run)
	return k
}

func (k *clinic) serve() *testkit.Browser {
	return testkit.Serve(k.t, func(base *url.URL) http.Handler {
		r := web.New(web.Settings{Base: base, Clinic: k.Clinic}, k.DB, k.Gate, k.keys, slog.New(slog.DiscardHandler))
		k.Mount(r)
		r.MountSession()
		for _, t := range []access.Task{access.SeeDesk, access.FindPatients, access.ReadAudit, access.ManageStaff} {
			path := "GET /staff/" + strings.ReplaceAll(string(t), ".", "-")
			if t == access.SeeDesk {
				path = "GET /staff"
			}
			r.Staff(path, t, func(q *web.Request, d access.Desk) (web.Reply, error) {
				return web.Show(func(s page.Shell) templ.Component {
					return page.ErrorPage(s, page.ErrorSpec{Status: 422, Text: d.Name()})
				}), nil
			})
		}
		return r.Handler()
	})
}

// person is a staff user who has set up their sign-in.
type person struct {
	id    ids.Staff
	email string
	key   []byte
}

func keyOf(t testing.TB, typed string) []byte {
	t.Helper()
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(typed, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// hire adds a person and sets their sign-in up.
func (k *clinic) hire(email string, roles ...access.Role) person {
	k.t.Helper()
	id, link, err := k.Add(ctx, duty, staff.Newcomer{Name: "Ana Clerk", Email: email, Roles: roles})
	if err != nil {
		k.t.Fatal(err)
	}
	p := person{id: id, email: email}
	p.key = k.setUp(link)
	return p
}

func (k *clinic) setUp(link staff.Link) (key []byte) {
	k.t.Helper()
	v, token := visitor("192.0.2.1"), strings.TrimPrefix(link.Path, "/staff/setup/")
	u, err := k.Opened(ctx, v, token)
	if err == nil {
		err = k.ChoosePassword(ctx, v, token, password)
	}
	_, typed := k.AppSecret(u, token)
	key = keyOf(k.t, typed)
	if err == nil {
		err = k.ConfirmApp(ctx, v, token, secret.TOTP(key, k.c.Now()), lang.En)
	}
	if err != nil {
		k.t.Fatal(err)
	}
	k.c.Move(30 * time.Second) // the code is used up
	return key
}

func visitor(addr string) access.Visitor { return access.NewVisitor(access.SourceOf(addr), "test") }

// code is what the person's app shows.
func (k *clinic) code(p person) string { return secret.TOTP(p.key, k.c.Now()) }

// enter signs a person in and gives the session's token.
func (k *clinic) enter(p person, addr string) (string, error) {
	token, err := k.Enter(ctx, visitor(addr), staff.Entry{Email: p.email, Password: password})
	if err != nil {
		return "", err
	}
	in, err := k.Finish(ctx, visitor(addr), token, k.code(p))
	k.c.Move(30 * time.Second)
	return in.Session, err
}

// at gives a desk proof of a person for a task.
func (k *clinic) at(p person, t access.Task) access.Desk {
	k.t.Helper()
	token, err := k.enter(p, "192.0.2.1")
	if err != nil {
		k.t.Fatal(err)
	}
	d, _, err := k.Gate.Desk(ctx, token, t, "GET /x", visitor("192.0.2.1"))
	if err != nil {
		k.t.Fatal(err)
	}
	return d
}

// newestLink is the path of the link in the newest message.
func (k *clinic) newestLink() (to string, link staff.Link) {
	k.t.Helper()
	if err := k.run.Drain(ctx); err != nil {
		k.t.Fatal(err)
	}
	seen, err := k.sink.List(ctx)
	if err != nil {
		k.t.Fatal(err)
	}
	for _, m := range seen {
		if len(m.Links) == 0 {
			continue
		}
		u, err := url.Parse(m.Links[0])
		if err != nil {
			k.t.Fatal(err)
		}
		return m.To, staff.Link{Path: u.Path}
	}
	k.t.Fatalf("no message with a link among %d", len(seen))
	return "", staff.Link{}
}

func (k *clinic) number(sql string, args ...any) (n int) {
	k.t.Helper()
	if err := k.DB.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], sql, args...)
		return err
	}); err != nil {
		k.t.Fatal(err)
	}
	return n
}

// session opens a session for a person without the work of signing in.
func (k *clinic) session(p person) (token string) {
	k.t.Helper()
	k.must(k.DB.Change(ctx, duty.Did(audit.StaffSignedIn, string(p.id)), func(tx *store.Tx) (err error) {
		token, err = k.Gate.StartStaffSession(ctx, tx, p.id, visitor("192.0.2.1"))
		return err
	}))
	return token
}

func (k *clinic) must(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}
