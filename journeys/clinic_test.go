package journeys

import (
	"strings"
	"testing"
	"time"

	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/testkit/chrome"
)

// The clinic moves: an administrator gives it another name and colour, looks at
// it first and publishes it, and says a message in other words. Patients see the
// one on the sign-in page, which is drawn once, and get the other.
func TestTheClinicGetsAnotherName(t *testing.T) {
	for _, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es"}, {Lang: "es", Phone: true, NoScript: true}} {
		t.Run(p.String(), func(t *testing.T) {
			c := open(t, p.NoScript)
			l := lang.Lang(p.Lang)
			a := c.speaking(l)
			visitor := chrome.New(t, c.base, p)
			visitor.Open("/signin").Says(clinicName)
			admin := chrome.New(t, c.base, chrome.Person{Lang: p.Lang, Phone: p.Phone, NoScript: p.NoScript})
			signInStaff(t, c, admin, l, 2)

			admin.Open("/staff/clinic").Want(l.T("clinic.title")).Fill("name", "Harbor Health").Fill("colour", "#FFD166")
			if !p.NoScript {
				for range 50 {
					if strings.Contains(admin.Text("[data-live]"), "Harbor Health") {
						break
					}
					time.Sleep(100 * time.Millisecond)
				}
				admin.Says("Harbor Health").Screenshot("clinic-while-typing")
			}
			admin.Expect() // the answer is 422
			admin.Follow(l.T("clinic.look")).Want(l.T("clinic.title")).Fill("colour", "#7A2E8E").Follow(l.T("clinic.look"))
			admin.Want(l.T("account.signin.title")).Says("Harbor Health").Follow(l.T("clinic.preview.dark")).Screenshot("clinic-preview-dark")
			admin.Follow(l.T("clinic.publish")).Want(l.T("clinic.title")).Says(l.T("clinic.done.published"))
			admin.Open("/staff/clinic/history").Want(l.T("clinic.history.title")).Says(l.T("clinic.field.name"))

			admin.Open("/staff/clinic/messages").Want(l.T("clinic.words.title"))
			words := map[lang.Lang]string{lang.En: "Here is your user name", lang.Es: "Aquí está su nombre de usuario"}[l]
			// Not Want: a text that is being edited shows its blanks.
			admin.Open("/staff/clinic/messages/user_names/"+p.Lang).Fill("notify.names.subject", words)
			admin.Follow(l.T("clinic.words.look")).Says(words).Screenshot("clinic-words")
			if found := admin.Axe(); len(found) > 0 {
				t.Error(found)
			}
			admin.Follow(l.T("clinic.words.save")).Says(l.T("clinic.done.worded"))
			admin.Open("/staff/clinic/messages/history").Want(l.T("clinic.history.title")).Says(words)

			c.clock.move(time.Second)
			began := c.clock.Now()
			visitor.Open("/signin").Says("Harbor Health")
			visitor.Open("/recover/name").Want(l.T("recovery.name.title")).Fill("contact", a.Email)
			born(visitor, a.Birth)
			visitor.Follow(l.T("recovery.name.button")).Want(l.T("recovery.sent.title"))
			c.message(t, a.Email, began, func(m notify.Seen) bool {
				return m.Subject == words && strings.Contains(m.Text, "Harbor Health") && strings.Contains(m.Text, "/not-me/")
			})
		})
	}
}
