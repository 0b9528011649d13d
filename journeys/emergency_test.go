package journeys

import (
	"context"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// emergency is a chart opened without a task by a clinician who signs in elsewhere:
// they prove anew who they are and say why, the patient reads of it, an administrator
// reviews it, and after an hour it is over.
func (c *clinic) emergency(t *testing.T, l lang.Lang, doctor, boss *chrome.Tab, called, signOn string) {
	t.Helper()
	who := c.speaking(l)
	id, err := c.app.Registry.Numbered(context.Background(), access.NewDuty("journeys"), who.Number)
	if err != nil {
		t.Fatal(err)
	}
	doctor.Open("/staff/patients/" + string(id)).Want(who.Given).Follow(l.T("emergency.link"))
	doctor.Want(l.T("emergency.ask.title")).Follow(l.T("emergency.ask.again.button", signOn))
	doctor.Follow(called).Want(l.T("emergency.ask.title")).Says(l.T("emergency.ask.proved"))
	doctor.Fill("reason", "Fell in the hall and cannot answer.").Follow(l.T("emergency.ask.button"))
	doctor.Want(l.T("emergency.chart.title")).Says(l.T("emergency.chart.note"))
	chart := doctor.Path()
	doctor.Open(chart + "?of=notes").Want(l.T("emergency.chart.title"))
	doctor.Open(doctor.Attr("#chartlist a", "href")).Want(doctor.Heading()).Says(l.T("records.facts"))

	b := chrome.New(t, c.base, chrome.Person{Lang: string(l), Phone: true})
	c.signIn(t, b, l, who)
	b.Open("/records/access").Want(l.T("trail.title")).Says(called).Says(l.T("trail.did.emergency.opened"))

	boss.Open("/staff/emergencies").Want(l.T("emergency.list.title")).Says(called)
	boss.Choose(boss.Attr("main form input[type=radio]", "name"), "justified").Follow(l.T("emergency.case.save"))
	boss.Want(l.T("emergency.list.title")).Says(l.T("emergency.list.saved"))

	c.clock.move(access.EmergencyFor + time.Minute)
	doctor.Open("/staff/signin").Want(l.T("staff.signin.title")).Follow(l.T("staff.signon.go", signOn))
	doctor.Follow(called).Want(l.T("console.home.title"))
	doctor.Open(chart).Want(l.T("emergency.ask.title")).Says(l.T("emergency.over"))
}
