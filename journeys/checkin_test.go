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
			kind := map[lang.Lang]string{lang.En: "Sick visit", lang.Es: "Visita por enfermedad"}[l]
			if p.Phone {
				c.asksForOperations(t, p, kind)
			}
			if l == lang.En { // the demo has booked one
				b.Open("/home").Want(hello(l, who.Given)).Follow(l.T("account.home.checkin"))
			} else {
				c.booksVideo(b, l, kind)
				b.Follow(l.T("scheduling.checkin"))
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
			operated(b, l)
			consent := map[lang.Lang]string{lang.En: "Consent to care", lang.Es: "Consentimiento para la atención"}[l]
			b.Want(consent).Choose("read", "yes").Fill("name", who.Given+" "+who.Family).Follow(l.T("checkin.consent.sign"))
			b.Want(l.T("checkin.title")).Follow(l.T("checkin.send"))
			b.Want(l.T("checkin.sent"))

			desk := chrome.New(t, c.base, atDesk(p))
			signInStaff(t, c, desk, l, 1)
			desk.Open("/staff/checkins").Want(l.T("checkin.desk.title")).FollowTo("/staff/checkins/" + visit)
			desk.Want(desk.Heading()).Says("Knee").Says("Hip").Says("Fever").Says("413-555-0188").Says(l.T("checkin.desk.alarm.title")).Says(l.T("checkin.score", 1, 27)).Follow(l.T("checkin.desk.alarm.done"))
			change := ""
			desk.Want(desk.Heading()).Eval(`document.querySelector("h3[id^=rvw_]").id`, &change)
			desk.FollowIn("section:has(> #"+change+")", l.T("checkin.desk.accept"))
			desk.Want(desk.Heading()).Says(l.T("checkin.desk.state.accepted"))
		})
	}
}

// booksVideo books the first time by video, with whoever it is.
func (c *clinic) booksVideo(b *chrome.Tab, l lang.Lang, kind string) {
	b.Open("/visits/new").Want(l.T("scheduling.new.title")).Follow(kind)
	b.Want(l.T("scheduling.time.title", kind)).Click(l.T("scheduling.filter.video"))
	b.Choose("how", "video").Follow(l.T("scheduling.filter.button"))
	b.Want(l.T("scheduling.time.title", kind)).Follow(firstTime(b))
	b.Want(l.T("scheduling.confirm.title")).Says(l.T("scheduling.how.video")).Follow(l.T("scheduling.confirm.button"))
	b.Want(kind).Says(l.T("scheduling.how.video"))
	if b.Shows("Amelia Reyes") {
		b.Says(l.T("scheduling.video.join"))
	} else {
		b.Says(l.T("scheduling.video.none", "413-555-0123"))
	}
}

// operations asks once more as often as somebody has more to tell.
const operations = `{"resourceType": "Questionnaire", "status": "active", "title": "Operations",
	"_title": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "Operaciones"}]}]},
	"item": [{"linkId": "g", "type": "group", "repeats": true, "text": "Operation",
		"_text": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "Operación"}]}]},
		"item": [{"linkId": "what", "type": "string", "required": true, "text": "What was it?",
			"_text": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "¿Qué fue?"}]}]}},
		{"linkId": "when", "type": "date", "text": "When was it?",
			"_text": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "¿Cuándo fue?"}]}]}},
		{"linkId": "bad", "type": "boolean", "text": "Did something go wrong?",
			"_text": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "¿Algo salió mal?"}]}]}},
		{"linkId": "how", "type": "text", "text": "What happened?", "enableWhen": [{"question": "bad", "operator": "=", "answerBoolean": true}],
			"_text": {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/translation", "extension": [{"url": "lang", "valueCode": "es"}, {"url": "content", "valueString": "¿Qué pasó?"}]}]}}]}]}`

// asksForOperations uploads that questionnaire and has a kind of visit ask for it.
func (c *clinic) asksForOperations(t *testing.T, p chrome.Person, kind string) {
	l := lang.Lang(p.Lang)
	admin := chrome.New(t, c.base, atDesk(p))
	signInStaff(t, c, admin, l, 2)
	admin.Open("/staff/forms").Want(l.T("checkin.setup.title")).Fill("json", `{"resourceType": "Questionnaire"`).Follow(l.T("checkin.setup.upload"))
	admin.Want(l.T("checkin.setup.title")).Fill("json", operations).Follow(l.T("checkin.setup.upload"))
	title := map[lang.Lang]string{lang.En: "Operations", lang.Es: "Operaciones"}[l]
	admin.Want(l.T("checkin.setup.title")).Follow(title)
	admin.Want(title).Open("/staff/forms").Want(l.T("checkin.setup.title")).Follow(kind)
	need := ""
	admin.Want(kind).Eval(`[...document.querySelectorAll("input[name=need]")].find(n => !n.checked).value`, &need)
	admin.Choose("need", need).Follow(l.T("checkin.setup.save"))
	admin.Want(l.T("checkin.setup.title")).Says(l.T("checkin.desk.done"))
}

// operated tells of two operations, one of which opens another question.
func operated(b *chrome.Tab, l lang.Lang) {
	title := map[lang.Lang]string{lang.En: "Operations", lang.Es: "Operaciones"}[l]
	b.Want(title).Fill("q2", "Knee").Choose("q4", "yes").Choose("q1_more", "yes").Follow(l.T("checkin.save"))
	b.Want(title).Says(l.T("checkin.form.more")).Fill("q5", "Fever").Choose("q4_1", "no").Follow(l.T("checkin.save"))
	b.Want(title).Says(map[lang.Lang]string{lang.En: "What was it? (2): ", lang.Es: "¿Qué fue? (2): "}[l]+l.T("checkin.form.answer")).Fill("q2_1", "Hip").Follow(l.T("checkin.save"))
}
