package journeys

import (
	"testing"

	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// rewrites writes a draft of the terms of use in both languages and publishes it.
func (c *clinic) rewrites(admin *chrome.Tab, l lang.Lang, mark string) {
	admin.T.Helper()
	admin.Open("/staff/terms").Want(l.T("terms.desk.title")).FollowIn("section:has(#shelf-terms) form", l.T("terms.desk.begin"))
	admin.Want(l.T("terms.kind.terms")).Says(l.T("terms.lacks.change"))
	draft := admin.Path()
	for _, in := range []string{"en", "es"} {
		admin.Open(draft + "/" + in).Want(l.T("terms.text.title", l.T("terms.lang."+in)))
		admin.Fill("change", mark).Follow(l.T("terms.text.save"))
		admin.Want(l.T("terms.kind.terms")).Says(l.T("terms.desk.done.saved"))
		admin.Open(draft + "/preview/" + in + "/accept").Want(lang.Lang(in).T("terms.accept.title")).Says(mark)
	}
	admin.Open(draft).Want(l.T("terms.kind.terms")).Follow(l.T("terms.issue.button"))
	admin.Want(l.T("terms.kind.terms")).Says(l.T("terms.issue.material.needed"))
	admin.Choose("material", "yes").Choose("when", "now").Follow(l.T("terms.issue.button"))
	admin.Want(l.T("terms.desk.title")).Says(l.T("terms.desk.done.issued")).Says(l.T("terms.standing.in_force"))
}

// New terms come out while a patient writes. What was typed is neither sent nor
// lost, the patient learns what declining means, accepts, and sends it.
func TestRepublishedTermsInTheMiddleOfAForm(t *testing.T) {
	for _, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es", NoScript: true}, {Lang: "es", Phone: true}, {Lang: "en"}} {
		t.Run(p.String(), func(t *testing.T) {
			c := open(t, p.NoScript)
			l := lang.Lang(p.Lang)
			a := c.speaking(l)
			b := chrome.New(t, c.base, p)
			c.signIn(t, b, l, a)
			b.Open("/records/part?of=medications").Want(l.T("records.section.medications")).Follow("lisinopril 10 mg tablet")
			b.Want("lisinopril").Follow(l.T("records.correct.link"))
			form := b.Want(l.T("records.correct.title")).Path()
			b.Fill("wanted", "I stopped this in May.")

			began := c.clock.Now()
			admin := chrome.New(t, c.base, chrome.Person{Lang: p.Lang, Phone: p.Phone})
			signInStaff(t, c, admin, l, 2)
			c.rewrites(admin, l, "We answer within 2 days.")

			b.Expect() // the answer is 409
			b.Follow(l.T("records.correct.button"))
			b.Want(l.T("terms.accept.title")).Says("We answer within 2 days.").Says(l.T("terms.held"))
			b.Choose("terms", "yes").Follow(l.T("terms.accept.button"))
			b.Want(l.T("terms.held.title")).Follow(l.T("terms.held.send"))
			b.Want(l.T("records.corrections.title")).Says("I stopped this in May.")

			c.about(t, a.Email, "notify.terms.subject.terms", began)
			c.rewrites(admin, l, "We answer within 1 day.")
			b.Open(form).Want(l.T("terms.accept.title")).Follow(l.T("terms.accept.decline"))
			b.Want(l.T("terms.decline.title")).Says(l.T("terms.decline.care"))
			b.FollowTo("/records/download")
			c.confirms(t, b, l, a)
			b.Want(l.T("sharing.ask.title"))
			b.Open("/home").Want(l.T("terms.accept.title")).Choose("terms", "yes").Follow(l.T("terms.accept.button"))
			b.Want(hello(l, a.Given))
			admin.Open("/staff/terms/accepted").Want(l.T("terms.signed.title")).Says("3.0")
		})
	}
}
