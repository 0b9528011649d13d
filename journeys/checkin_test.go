package journeys

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"strconv"
	"strings"
	"testing"

	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// card is a photo of an insurance card.
func card(t *testing.T) []byte {
	m := image.NewRGBA(image.Rect(0, 0, 900, 560))
	for y := range 560 {
		for x := range 900 {
			c := color.RGBA{238, 244, 250, 255}
			if y < 90 || y > 200 && y < 220 && x < 500 {
				c = color.RGBA{20, 80, 130, 255}
			}
			m.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// still says of everything on the page that it is right.
func still(b *chrome.Tab, names ...string) {
	for _, n := range names {
		if b.Has(`[name="` + n + `_right"]`) {
			b.Choose(n+"_right", "yes")
		}
	}
}

// A patient checks in on the phone the day before, with a photo of the card, and says
// something that needs an answer at once; the clerk sees what is different.
func TestAPatientChecksIn(t *testing.T) {
	c, people := pair(t, true)
	for _, p := range people {
		t.Run(p.String(), func(t *testing.T) {
			l := lang.Lang(p.Lang)
			b := chrome.New(t, c.base, p)
			who := c.speaking(l)
			c.signIn(t, b, l, who)
			if l == lang.En { // the demo has booked one
				b.Follow(l.T("account.home.checkin"))
			} else {
				b.Open("/visits/new").Want(l.T("scheduling.new.title")).Follow("Visita por enfermedad")
				b.Want(l.T("scheduling.time.title", "Visita por enfermedad")).Follow(firstTime(b))
				b.Want(l.T("scheduling.confirm.title")).Follow(l.T("scheduling.confirm.button"))
				b.Want("Visita por enfermedad").Follow(l.T("scheduling.checkin"))
			}
			b.Want(l.T("checkin.title"))
			visit := strings.TrimSuffix(strings.TrimPrefix(b.Path(), "/visits/"), "/checkin")
			b.Follow(l.T("checkin.start"))

			b.Want(l.T("checkin.step.contacts")).Follow(l.T("checkin.save"))
			b.Want(l.T("checkin.step.contacts")).Says(l.T("checkin.choose.email"))
			still(b, "email", "address")
			b.Choose("phone_right", "no").Fill("phone", "413-555-0188").Follow(l.T("checkin.save"))
			b.Want(l.T("checkin.step.emergency")).Fill("emergency_name", "Rosa Lake").Fill("emergency_phone", "413-555-0177").Follow(l.T("checkin.save"))
			b.Want(l.T("checkin.step.insurance"))
			still(b, "insurance")
			b.Follow(l.T("checkin.save"))
			b.Want(l.T("checkin.step.card")).Attach("card_front", "card.svg", "image/jpeg", []byte("<svg/>")).Follow(l.T("checkin.save"))
			b.Want(l.T("checkin.step.card")).Says(l.T("checkin.photo.kind")).Attach("card_front", "card.jpg", "image/jpeg", card(t)).Follow(l.T("checkin.save"))
			b.Want(l.T("checkin.step.card")).Says(l.T("checkin.card.have")).Follow(l.T("checkin.save"))
			b.Want(l.T("checkin.step.health"))
			still(b, "medicines", "allergies")
			b.Follow(l.T("checkin.save"))

			phq := map[lang.Lang]string{lang.En: "How you have been feeling (PHQ-9)", lang.Es: "Cómo se ha sentido (PHQ-9)"}[l]
			b.Want(phq)
			for n := 2; n <= 10; n++ {
				b.Choose("q"+strconv.Itoa(n), "1")
			}
			b.Choose("q10", "2").Follow(l.T("checkin.save"))
			b.Want(phq).Says(l.T("checkin.alarm.title")).Says("988").Choose("q11", "1").Follow(l.T("checkin.save"))
			consent := map[lang.Lang]string{lang.En: "Consent to care", lang.Es: "Consentimiento para la atención"}[l]
			b.Want(consent).Choose("read", "yes").Fill("name", who.Given+" "+who.Family).Follow(l.T("checkin.consent.sign"))
			b.Want(l.T("checkin.title")).Follow(l.T("checkin.send"))
			b.Want(l.T("checkin.sent"))

			desk := chrome.New(t, c.base, atDesk(p))
			signInStaff(t, c, desk, l, 1)
			desk.Open("/staff/checkins").Want(l.T("checkin.desk.title")).FollowTo("/staff/checkins/" + visit)
			desk.Want(desk.Heading()).Says("413-555-0188").Says(l.T("checkin.desk.alarm.title")).Says(l.T("checkin.score", 1, 27)).Follow(l.T("checkin.desk.alarm.done"))
			change := ""
			desk.Want(desk.Heading()).Eval(`document.querySelector("h3[id^=rvw_]").id`, &change)
			desk.FollowIn("section:has(> #"+change+")", l.T("checkin.desk.accept"))
			desk.Want(desk.Heading()).Says(l.T("checkin.desk.state.accepted"))
		})
	}
}
