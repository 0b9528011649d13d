package journeys

import (
	"context"
	"net/url"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/config"
	"portico/internal/lang"
	"portico/internal/staff"
	"portico/internal/testkit/chrome"
	"portico/internal/testkit/issuer"
)

// A clerk connects the clinic's sign-on, comes and goes by it, and is disabled in the
// middle of a form, as is a colleague on another device.
func TestClerkSignsOnAndIsDisabled(t *testing.T) {
	const name = "Riverside sign-on"
	clerk := issuer.Person{Subject: "7d3c-rosa", Name: "Rosa Vega", Email: "rosa.vega@riverside.example", Groups: []string{"portal-desk"}, Second: true}
	doctor := issuer.Person{Subject: "7d3c-nina", Name: "Nina Ortiz", Email: "nina.ortiz@riverside.example", Groups: []string{"portal-doctors"}, Second: true}
	for _, p := range []chrome.Person{{Lang: "en"}, {Lang: "es", Phone: true, NoScript: true}} {
		t.Run(p.String(), func(t *testing.T) {
			var at *issuer.Provider
			var c *clinic
			c = openWith(t, p.Lang == "es", func(cfg *config.Config) {
				at = issuer.New(t, func() time.Time { return c.clock.Now() }, cfg.BaseURL+"/staff/signon/back")
				at.Page, at.People = true, []issuer.Person{clerk, doctor, {Subject: "9", Name: "Leo Nobody", Email: "leo@riverside.example", Second: true}}
				cfg.SignOn.Issuer, cfg.SignOn.ClientID, cfg.SignOn.ClientSecret, cfg.SignOn.Name = at.Address, issuer.Client, issuer.Secret, name
				cfg.SignOn.Roles = []string{"portal-desk=front_desk", "portal-doctors=clinician"}
			})
			host, err := url.Parse(at.Address)
			if err != nil {
				t.Fatal(err)
			}
			l := lang.Lang(p.Lang)
			_, link, err := c.app.Staff.Add(context.Background(), access.NewDuty("journeys"), staff.Newcomer{Name: clerk.Name, Email: clerk.Email, Roles: []access.Role{access.FrontDesk}})
			if err != nil {
				t.Fatal(err)
			}
			b := chrome.New(t, c.base, p).Leaves(host.Host)
			b.Open(link.Path).Want(l.T("staff.setup.title", clerk.Name)).Follow(l.T("staff.signon.set", name))
			b.Follow(clerk.Name).Want(l.T("console.home.title"))
			b.Open("/staff/patients").Want(l.T("console.patients.title")).Follow(l.T("page.signout"))
			b.Want(l.T("staff.signin.title")).Says(l.T("staff.signin.out")).Follow(l.T("staff.signon.out", name))
			b.Want(l.T("staff.signin.title")).Follow(l.T("staff.signon.go", name))
			b.Follow("Leo Nobody").Want(l.T("staff.signon.stranger"))
			b.Open("/staff").Want(l.T("staff.signin.title")).Follow(l.T("staff.signon.go", name))
			b.Follow(clerk.Name).Want(l.T("console.home.title"))

			boss := chrome.New(t, c.base, chrome.Person{Lang: p.Lang, Phone: p.Phone})
			signInStaff(t, c, boss, l, 2)
			boss.Open("/staff/people").Want(l.T("console.people.title")).Follow(clerk.Name)
			boss.Want(clerk.Name).Says(l.T("office.people.signon.text"))
			c.disabled(t, b, boss, clerk.Name)
			other := chrome.New(t, c.base, chrome.Person{Lang: p.Lang, Phone: !p.Phone})
			signInStaff(t, c, other, l, 0)
			c.disabled(t, other, boss, c.cards.Staff[0].Name)
			b.Open("/staff/signin").Want(l.T("staff.signin.title")).Follow(l.T("staff.signon.go", name))
			b.Follow(clerk.Name).Want(l.T("staff.ended.disabled"))

			d := chrome.New(t, c.base, p).Leaves(host.Host)
			_, link, err = c.app.Staff.Add(context.Background(), access.NewDuty("journeys"), staff.Newcomer{Name: doctor.Name, Email: doctor.Email, Roles: []access.Role{access.Clinician}})
			if err != nil {
				t.Fatal(err)
			}
			d.Open(link.Path).Want(l.T("staff.setup.title", doctor.Name)).Follow(l.T("staff.signon.set", name))
			d.Follow(doctor.Name).Want(l.T("console.home.title"))
			c.emergency(t, l, d, boss, doctor.Name, name)

			at.With(func(s *issuer.Behavior) { s.Lie = func(t *issuer.Token) { t.Claims["nonce"] = "another" } })
			b.Open("/staff/signin").Want(l.T("staff.signin.title")).Follow(l.T("staff.signon.go", name))
			b.Follow(clerk.Name).Want(l.T("staff.signon.stale"))
		})
	}
}

// disabled lets somebody at the desk be disabled while they fill in a form: it changes
// nothing, and says so.
func (c *clinic) disabled(t *testing.T, desk, boss *chrome.Tab, name string) {
	t.Helper()
	l, of := lang.Lang(desk.Person.Lang), lang.Lang(boss.Person.Lang)
	desk.Open("/staff/patients").Want(l.T("console.patients.title")).Fill("name", "Carter Eleanor")
	boss.Open("/staff/people").Want(of.T("console.people.title")).Follow(name)
	var open bool
	boss.Eval(`document.querySelector("details:has(form[action$=disable])").open = true`, &open)
	boss.FollowIn("form[action$=disable]", of.T("console.people.disable")).Want(name)
	desk.Follow(l.T("console.patients.button"))
	desk.Want(l.T("staff.ended.disabled")).Says(l.T("staff.ended.unsaved")).Says(l.T("staff.ended.mistake"))
}
