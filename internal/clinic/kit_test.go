package clinic_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"log/slog"
	"net/http"
	"net/url"
	"testing"

	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/clinic"
	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

var (
	ctx  = context.Background()
	duty = access.NewDuty("test")
)

// desk is one server's room with two administrators and a clerk.
type desk struct {
	*clinic.Room
	t     *testing.T
	clock *clock.Fake
	staff map[string]ids.Staff
}

// server is the room as one more server on the same database has it.
func server(t *testing.T, db *store.DB) *clinic.Room {
	t.Helper()
	r, err := clinic.New(clinic.Parts{DB: db, Gate: &access.Gate{DB: db}, Log: slog.New(slog.DiscardHandler), Region: "US", Base: &url.URL{Scheme: "https", Host: "portal.riverside.example"}, Defaults: page.Clinic{
		Name: "Riverside Family Clinic", Phone: "312-555-0123", PhoneLink: "+13125550123", Address: []string{"1 River Road", "Springfield, IL 62701"},
		Hours:       map[lang.Lang]string{lang.En: "Monday to Friday", lang.Es: "Lunes a viernes"},
		NumberLabel: map[lang.Lang]string{lang.En: "Riverside number", lang.Es: "Número de Riverside"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Load(ctx, duty); err != nil {
		t.Fatal(err)
	}
	return r
}

func eachDesk(t *testing.T, f func(t *testing.T, d *desk)) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) { f(t, newDesk(t, db, c)) })
}

func newDesk(t *testing.T, db *store.DB, c *clock.Fake) *desk {
	d := &desk{Room: server(t, db), t: t, clock: c, staff: map[string]ids.Staff{}}
	for name, role := range map[string]string{"Ada": "administrator", "Ben": "administrator", "Cleo": "front_desk"} {
		id := ids.NewStaff()
		d.staff[name] = id
		d.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, $2, $3, $4, 'active', $5)`,
				id, name, string(id)+"@clinic.example", role, store.Time(tx.Now))
			return err
		})
	}
	return d
}

func (d *desk) change(f func(tx *store.Tx) error) {
	d.t.Helper()
	if err := d.DB.Change(ctx, duty.Did("demo.made", ""), f); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) token(name string) (token string) {
	d.t.Helper()
	d.change(func(tx *store.Tx) (err error) {
		token, err = d.Gate.StartStaffSession(ctx, tx, d.staff[name], access.NewVisitor("192.0.2.9", "test"))
		return err
	})
	return token
}

// as is the proof of a member of the staff for changing the clinic.
func (d *desk) as(name string) (access.Desk, error) {
	d.t.Helper()
	p, _, err := d.Gate.Desk(ctx, d.token(name), access.ManageClinic, "test", access.NewVisitor("192.0.2.9", "test"))
	return p, err
}

func (d *desk) admin(name string) access.Desk {
	d.t.Helper()
	p, err := d.as(name)
	if err != nil {
		d.t.Fatal(err)
	}
	return p
}

// proposes keeps a draft over what is in force at over.
func (d *desk) proposes(by access.Desk, over int64, p clinic.Profile, logo ...byte) error {
	return d.Propose(ctx, by, clinic.Proposal{Draft: clinic.Draft{Profile: p, Over: over}, Logo: logo})
}

// puts brings a profile in force.
func (d *desk) puts(by access.Desk, over int64, p clinic.Profile, logo ...byte) {
	d.t.Helper()
	if err := d.proposes(by, over, p, logo...); err != nil {
		d.t.Fatal(err)
	}
	if err := d.Publish(ctx, by); err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) editing(by access.Desk) clinic.Editing {
	d.t.Helper()
	e, err := d.Edit(ctx, by)
	if err != nil {
		d.t.Fatal(err)
	}
	return e
}

func (d *desk) count(query string, args ...any) (n int) {
	d.t.Helper()
	if err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		n, err = store.Get(ctx, tx, store.One[int], query, args...)
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return n
}

// serve serves the room and a sign-in page that is drawn once.
func (d *desk) serve() *testkit.Browser {
	return testkit.Serve(d.t, func(base *url.URL) http.Handler {
		r := web.New(web.Settings{Base: base, Clinic: d.Room, Watch: d.Room}, d.DB, d.Gate, testkit.Keys(d.t), slog.New(slog.DiscardHandler))
		d.Mount(r)
		d.MountDesk(r)
		r.Visitor("GET /signin", func(*web.Request, access.Visitor) (web.Reply, error) {
			return web.Same(func(s page.Shell) templ.Component { return page.Layout(s.Called("Sign in")) }), nil
		})
		return r.Handler()
	})
}

// drawing is a picture of one colour, with a word in it that no picture needs.
func drawing(t *testing.T, kind string, w, h int, words string) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		img.SetNRGBA(i%w, i/w, color.NRGBA{11, 92, 99, 255})
	}
	var b bytes.Buffer
	var err error
	if kind == "jpeg" {
		err = jpeg.Encode(&b, img, nil)
	} else {
		err = png.Encode(&b, img)
	}
	if err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), words...)
}
