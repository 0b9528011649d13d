package journeys

import (
	"testing"

	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// A patient reads every part of the record, searches it, prints the immunization
// record and asks for a correction; the records clerk answers it, and reads what could not
// come in.
func TestAPatientReadsTheRecord(t *testing.T) {
	c := open(t, false)
	c.misdelivered(t)
	c.missent(t)
	for _, p := range []chrome.Person{{Lang: "en", Phone: true}, {Lang: "es", NoScript: true}} {
		t.Run(p.String(), func(t *testing.T) {
			l := lang.Lang(p.Lang)
			b := chrome.New(t, c.base, p)
			who := c.speaking(l)
			c.signIn(t, b, l, who)
			b.Open("/records").Want(l.T("records.title"))
			for _, s := range []string{"conditions", "medications", "allergies", "immunizations", "vitals", "procedures", "visits", "notes", "care_team", "plans", "insurance", "devices", "social", "family"} {
				b.Open("/records/part?of=" + s).Want(l.T("records.section." + s))
				if b.Count(".rowlink") == 0 {
					t.Errorf("nothing in %s", s)
				}
			}
			b.Open("/records/part?of=notes").Want(l.T("records.section.notes"))
			newest := ""
			b.Eval(`document.querySelector("main .rowlink").getAttribute("href")`, &newest)
			b.Open(newest).Want("Progress note").Says("yearly check-up")
			b.Open("/records/immunizations/print").Want(l.T("records.print.title")).Says(who.Family)
			onPaper(t, b, who.Given+" "+who.Family, clinicName)
			b.Open("/records/part?of=vitals").Want(l.T("records.section.vitals"))
			b.Eval(`[...document.querySelectorAll("main .rowlink")].find(a => /\d+\/\d+/.test(a.closest("li, tr, div").textContent)).getAttribute("href")`, &newest)
			b.Open(newest).Want(b.Heading()).Follow(l.T("records.over"))
			if b.Want(b.Heading()).Screenshot("vitals-over"); b.Count("main .chart-picture") == 0 {
				t.Error("no chart of the blood pressure")
			}
			b.Open("/records/timeline").Want(l.T("records.timeline.title")).Fill("words", "tetanus").Follow(l.T("records.search.button"))
			b.Want(l.T("records.timeline.title")).Says("Tdap")
			b.Open("/records/part?of=medications").Want(l.T("records.section.medications"))
			b.Follow("lisinopril 10 mg tablet")
			b.Want("lisinopril").Follow(l.T("records.correct.link"))
			b.Want(l.T("records.correct.title")).Follow(l.T("records.correct.button"))
			b.Want(l.T("records.correct.title")).Says(l.T("records.correct.empty")).Fill("wanted", "I stopped this medicine in May.").Follow(l.T("records.correct.button"))
			b.Want(l.T("records.corrections.title")).Says(l.T("records.correct.sent"))

			began := c.app.DB.Now()
			desk := chrome.New(t, c.base, chrome.Person{Lang: p.Lang, Phone: !p.Phone})
			signInStaff(t, c, desk, l, 5)
			c.readsFaults(t, desk, l)
			c.bringsIn(t, desk, b, l, who)
			desk.Open("/staff/corrections").Want(l.T("records.desk.title")).Follow(who.Given + " " + who.Family)
			desk.Want(l.T("records.desk.review")).Says("in May").Choose("as", "refused").Follow(l.T("records.settle.button"))
			desk.Want(l.T("records.desk.review")).Says(l.T("records.settle.empty")).Fill("answer", "Your doctor renewed it on June 1.").Follow(l.T("records.settle.button"))
			desk.Want(l.T("records.desk.title")).Says(l.T("records.desk.done"))
			c.about(t, who.Email, "notify.answered.subject", began)
			b.Open("/records/corrections").Want(l.T("records.corrections.title")).Says("June 1")
		})
	}
}
