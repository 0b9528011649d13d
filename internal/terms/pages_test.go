package terms_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"portico/internal/lang"
	"portico/internal/terms"
	"portico/internal/testkit"
	"portico/internal/web"
)

// New terms in the middle of a form: the form is not handled, its text travels
// along, and is sent when its writer has accepted and says so.
func TestNewTermsInTheMiddleOfAForm(t *testing.T) {
	db, c := testkit.SQLite(t)
	d := newDesk(t, db, c)
	d.agreesAll("acc_1")
	b := d.serve()
	_, token := d.patient("acc_1")
	b.SetCookie(web.SessionCookie, token)
	form := b.Get("/letters")
	if form.Path != "/letters" {
		t.Fatalf("led to %s", form.Path)
	}
	c.Move(time.Minute)
	d.issued(d.as("Ada"), "spring", true)
	for _, path := range []string{"/home", "/letters"} {
		if p := b.Get(path + "?lang=en"); p.Path != "/terms/accept" || p.Status != 200 || !p.Has("form[action='/signout']") || p.Has("#privacy") {
			t.Errorf("%s led to %s (%d)", path, p.Path, p.Status)
		}
	}
	sent = ""
	p := form.Submit("form[action='/letters']", "words", "My knee <b>hurts</b>").Want(409, "read what is new")
	if sent != "" || !strings.Contains(p.Text("main"), "We kept what you were sending") {
		t.Errorf("handled %q, or not said that it is kept", sent)
	}
	p = p.Submit("form[action='/terms/accept']").Want(422, "read what is new")
	d.issued(d.as("Ben"), "summer", true) // once more while they read
	p = p.Submit("form[action='/terms/accept']", "terms", "yes").Want(409, "read what is new")
	if !strings.Contains(p.Text("main"), "summer") || p.Has("#terms[checked]") {
		t.Error("the newer text is not shown, or taken for accepted")
	}
	p = p.Submit("form[action='/terms/accept']", "terms", "yes").Want(200, "Thank you")
	if sent != "" {
		t.Error("it was sent without being told to")
	}
	if p = p.Submit("form[action='/letters']"); p.Path != "/home" || sent != "My knee <b>hurts</b>" {
		t.Errorf("sent on %q, led to %s", sent, p.Path)
	}
	if p = b.Get("/letters"); p.Path != "/letters" {
		t.Errorf("asked again: %s", p.Path)
	}
}

// What travels along is this browser's own text and goes to a patient's form;
// secrets do not travel.
func TestNothingElseTravels(t *testing.T) {
	db, c := testkit.SQLite(t)
	d := newDesk(t, db, c)
	b := d.serve()
	_, token := d.patient("acc_1") // owes both from the beginning
	b.SetCookie(web.SessionCookie, token)
	p := b.Get("/terms/accept?lang=en&next=/letters").Want(200, "read what is new")
	if got := b.Post("/letters", url.Values{"words": {"x"}, "_form": {"made up"}}); got.Status != 403 {
		t.Errorf("a forged form answered %d", got.Status)
	}
	for _, to := range []string{"//evil.example", "/staff/terms/drafts", "/terms", "https://evil.example/", "/nothing"} {
		got := p.Submit("form[action='/terms/accept']", "terms", "yes", "privacy", "yes", "to", to, "held", "words=x")
		if got.Path != "/letters" {
			t.Errorf("held for %s led to %s (%d)", to, got.Path, got.Status)
		}
		c.Move(time.Minute)
		d.issued(d.as("Ada"), to, true)
		p = b.Get("/terms/accept?next=/letters")
	}
	action, v := b.Get("/letters").Fields("form[action='/terms/accept']")
	if action == "" || v.Get("held") != "" {
		t.Error("a page carries something")
	}
}

func TestDecliningSaysWhatItMeans(t *testing.T) {
	db, c := testkit.SQLite(t)
	d := newDesk(t, db, c)
	b := d.serve()
	_, token := d.patient("acc_1")
	b.SetCookie(web.SessionCookie, token)
	for _, l := range []lang.Lang{lang.En, lang.Es} {
		p := b.Get("/terms/decline?lang="+string(l)).Want(200, l.T("terms.decline.title"))
		for _, way := range []string{"a[href='/records/download']", "a[href='/help']", "a[href='/account/close']", "main form[action='/signout']", "a[href^='tel:']"} {
			if !p.Has(way) {
				t.Errorf("%s: no %s", l, way)
			}
		}
	}
	if p := b.Get("/terms/decline").Submit("main form[action='/signout']"); p.Path != "/terms/accept" {
		t.Errorf("signing out is stopped: %s", p.Path) // the test's sign-out leads home, where terms wait
	}
}

func TestTheEditorsPages(t *testing.T) {
	db, c := testkit.SQLite(t)
	d := newDesk(t, db, c)
	ada := d.serve()
	ben := ada.Other()
	ada.SetCookie(web.StaffCookie, d.token("Ada"))
	ben.SetCookie(web.StaffCookie, d.token("Ben"))
	p := ada.Get("/staff/terms?lang=en").Want(200, "Terms and privacy")
	p = p.Submit("#shelf-terms ~ * form[action='/staff/terms/drafts'], section:has(#shelf-terms) form[action='/staff/terms/drafts']").Want(200, "Terms of use")
	draft := p.Path
	if p.Has("form[action$='/publish']") || !strings.Contains(p.Text("main"), "What is new, in a sentence or two") {
		t.Error("an unfinished draft can be published, or does not say what it lacks")
	}
	mine, theirs := ada.Get(draft+"/en"), ben.Get(draft+"/en?lang=en")
	mine.Submit("form[action$='/en']", "title", "Terms", "change", "New rules.", "body", "Ada's words at {clinic}.").Want(200, "Terms of use")
	p = theirs.Submit("form[action$='/en']", "title", "Terms", "change", "Newer rules.", "body", "Ben's words.").Want(409, "Draft in English")
	if !strings.Contains(p.Text("#body"), "Ben's words") || !strings.Contains(p.Text("main"), "Ada saved this text too") || !strings.Contains(p.Text(".consent"), "Ada's words") {
		t.Errorf("the conflict shows %.600s", p.Text("main"))
	}
	p.Submit("form[action$='/en']").Want(200, "Terms of use")
	p = ada.Get(draft+"/es").Submit("form[action$='/es']", "title", strings.Repeat("x", 200)).Want(422, "Draft in Spanish")
	p = p.Submit("form[action$='/es']", "title", "Condiciones", "change", "Reglas nuevas.", "body", "En {clinic}.").Want(200, "Terms of use")
	if p.Header.Get("Content-Type"); !p.Has("form[action$='/publish']") {
		t.Fatal("a whole draft cannot be published")
	}
	if v := ada.Get(draft+"/preview/es").Want(200, "Condiciones"); !strings.Contains(v.Text("main"), "En Riverside Family Clinic.") || v.Attr("html", "lang") != "es" || v.Has(".rail") {
		t.Error("the preview is not what a patient sees")
	}
	if v := ada.Get(draft+"/preview/en/accept").Want(200, "read what is new"); !strings.Contains(v.Text("main"), "Newer rules.") || !v.Has("main button[disabled]") {
		t.Error("the preview of accepting is not what a patient sees")
	}
	p.Submit("form[action$='/publish']", "material", "", "when", "").Want(422, "Terms of use")
	p.Submit("form[action$='/publish']", "material", "yes", "when", "later", "day", "2026-99-01", "time", "").Want(422, "Terms of use")
	p = p.Submit("form[action$='/publish']", "material", "yes", "when", "later", "day", "2026-03-11", "time", "08:00").Want(200, "Terms and privacy")
	if !strings.Contains(p.Text("main"), "Waiting for its day") {
		t.Error("it does not say that it waits")
	}
	p = p.Submit("form[action='/staff/terms/retract']").Want(200, "Terms and privacy")
	if !strings.Contains(p.Text("main"), "Taken back") {
		t.Error("it does not say that it was taken back")
	}
	p = p.Submit("section:has(#shelf-privacy) form[action='/staff/terms/drafts']").Want(200, "Privacy practices")
	one := p.Path
	late := ada.Get(one+"/en").Want(200, "Draft in English")
	p.Submit("form[action$='/drop']").Want(200, "Terms and privacy")
	p = late.Submit("form[action$='/en']", "body", "Words that came late").Want(409, "Draft in English")
	if !strings.Contains(p.Text("#body"), "came late") || strings.Contains(p.Text("main"), "yours takes its place") {
		t.Errorf("a draft that was dropped meanwhile shows %.600s", p.Text("main"))
	}
	if p := ada.Get(one+"/en").Want(200, "Privacy practices"); p.Has("textarea") {
		t.Error("a dropped draft can be written in")
	}
}

func TestTheListOfAcceptances(t *testing.T) {
	db, c := testkit.SQLite(t)
	d := newDesk(t, db, c)
	d.agreesAll("acc_1")
	b := d.serve()
	b.SetCookie(web.StaffCookie, d.token("Ada"))
	p := b.Get("/staff/terms/accepted?lang=en").Want(200, "Who accepted what")
	if len(p.All("#signed tbody tr")) != 2 || !strings.Contains(p.Text("#signed"), "MR-1") {
		t.Errorf("shows %s", p.Text("#signed"))
	}
	p = p.Submit("form[action='/staff/terms/accepted']", "whom", "MR-1", "kind", "privacy").Want(200, "Who accepted what")
	if strings.Contains(p.Body, `value="acc_`) || !strings.Contains(p.Body, `value="MR-1"`) {
		t.Error("the field of the patient number holds something else")
	}
	if len(p.All("#signed tbody tr")) != 1 {
		t.Error("the filter does nothing")
	}
	p.Submit("form[action='/staff/terms/accepted']", "whom", "MR-77").Want(422, "Who accepted what")
	p.Submit("form[action='/staff/terms/accepted']", "from", "yesterday").Want(422, "Who accepted what")
	if to := b.Get("/staff/terms/accepted.csv?kind=" + string(terms.Use)); !strings.HasPrefix(to.Path, "/staff/confirm") || strings.Contains(to.Body, "MR-1") {
		t.Errorf("without proving anew: %d %s", to.Status, to.Path)
	}
	testkit.RaiseStaff(t, db, b.Cookie(web.StaffCookie))
	if csv := b.Get("/staff/terms/accepted.csv?kind=" + string(terms.Use)); csv.Status != 200 || strings.Count(csv.Body, "\r\n") != 2 {
		t.Errorf("%d %s", csv.Status, csv.Body)
	}
	b.Get("/staff/terms/drafts/dft_none").Want(404, "")
	clerk := b.Other()
	clerk.SetCookie(web.StaffCookie, d.token("Cleo"))
	clerk.Get("/staff/terms").Want(404, "")
}
