package console_test

import (
	"strings"
	"testing"
	"time"

	"portico/internal/testkit"
)

// tab is the number on a tab of the list of codes.
func tab(p *testkit.Page, state string) string {
	return p.Text(`a[href="/staff/codes?state=` + state + `"]`)
}

// A code is shown once, to who made it, and then never again.
func TestACodeIsSeenOnce(t *testing.T) {
	k := open(t)
	id := k.add(maria)
	b, _ := k.hire("Jordan Kim", "front_desk")
	other, _ := k.hire("Alex Romero", "front_desk")
	issue := "/staff/patients/" + string(id) + "/issue"
	refused(t, b.Get(issue).Submit("main form"), "")
	made := b.Get(issue).Submit("main form", "by", "handover").Want(200, "Activation code")
	if made.Has("#thecode") || !made.Has("#once") {
		t.Fatal("the code stands on the page before anybody asked for it, or cannot be asked for")
	}
	if p := other.Get(made.Path); p.Has("#once") || p.Status != 200 {
		t.Error("a colleague is offered the code")
	}
	_, v := other.Get("/staff").Fields(`form[action="/staff/signout"]`)
	if p := other.Post(made.Path+"/show", v); p.Has("#thecode") || p.Status == 200 {
		t.Errorf("a colleague sees the code: %d", p.Status)
	}
	shown := made.Submit(`form[action$="/show"]`)
	code := strings.ReplaceAll(shown.Text("#thecode"), " ", "")
	if where := shown.Text("#where"); !strings.Contains(where, "typed at 127.0.0.1:") || !shown.Has(".unprinted #about") {
		t.Errorf("the slip says %q", where)
	}
	if shown.Status != 200 || len(strings.ReplaceAll(code, "-", "")) != 15 || len(shown.All(card("shown")+" ol li")) == 0 {
		t.Fatalf("shown (%d): %q", shown.Status, code)
	}
	k.c.Move(10 * time.Minute) // a reload right after is not refused
	again := b.Get(made.Path)
	if again.Has("#once") || strings.Contains(again.Body, code) {
		t.Error("the code can be seen again")
	}
	_, v = b.Get("/staff").Fields(`form[action="/staff/signout"]`)
	for _, what := range []string{"/show", "/letter"} {
		if p := b.Post(made.Path+what, v); p.Status == 200 || p.Has("#thecode") || strings.Contains(p.Header.Get("Content-Type"), "pdf") {
			t.Errorf("%s a second time: %d", what, p.Status)
		}
	}
}

func TestALetterIsPrintedOnce(t *testing.T) {
	k := open(t)
	id := k.add(maria)
	b, _ := k.hire("Jordan Kim", "front_desk")
	made := b.Get("/staff/patients/"+string(id)+"/issue").Submit("main form", "by", "large").Want(200, "Activation code")
	pdf := made.Submit(`form[action$="/letter"]`)
	if pdf.Status != 200 || pdf.Header.Get("Content-Type") != "application/pdf" || pdf.Header.Get("Content-Disposition") != `attachment; filename="letter.pdf"` || !strings.HasPrefix(pdf.Body, "%PDF-") {
		t.Fatalf("the letter: %d %v", pdf.Status, pdf.Header)
	}
	if pdf.Header.Get("Cache-Control") != "no-store" {
		t.Error("the letter may be cached")
	}
	k.c.Move(10 * time.Minute)
	if p := made.Submit(`form[action$="/letter"]`); p.Header.Get("Content-Type") == "application/pdf" {
		t.Error("the letter is printed twice")
	}
	// One letter a day (rule A1.11): the form comes back with the choice made.
	p := refused(t, b.Get("/staff/patients/"+string(id)+"/issue").Submit("main form", "by", "letter"), "")
	if !p.Has(`input[name=by][value=letter][checked]`) {
		t.Error("the choice is gone")
	}
}

func TestCodesByState(t *testing.T) {
	k := open(t)
	id, other := k.add(maria), k.add(ruth)
	b, _ := k.hire("Jordan Kim", "front_desk")
	first := b.Get("/staff/patients/"+string(id)+"/issue").Submit("main form", "by", "handover").Want(200, "Activation code")
	ask := b.Get("/staff/patients/" + string(id) + "/issue")
	if ask.Text("main .note") == "" {
		t.Error("nobody says that the new code replaces the old one")
	}
	second := ask.Submit("main form", "by", "handover").Want(200, "Activation code")
	b.Get("/staff/patients/"+string(other)+"/issue").Submit("main form", "by", "letter").Want(200, "Activation code")
	list := b.Get("/staff/codes").Want(200, "Activation codes")
	if n := len(list.All("#codelist tbody tr")); n != 2 || !strings.Contains(tab(list, "issued"), "2") {
		t.Errorf("%d issued; tab %q", n, tab(list, "issued"))
	}
	if p := b.Get("/staff/codes?state=superseded"); !p.Has(`#codelist a[href="` + first.Path + `"]`) {
		t.Error("the superseded code is not in its list")
	}
	k.c.Move(4*24*time.Hour + time.Minute) // seven days by hand, of which three are left
	b, _ = k.hire("Jordan Kim", "front_desk")
	if p := b.Get("/staff/codes?state=expiring"); len(p.All("#codelist tbody tr")) != 1 || !p.Has(`#codelist a[href="`+second.Path+`"]`) || !strings.Contains(tab(p, "expiring"), "1") {
		t.Errorf("expiring: %q", p.Text("#codelist"))
	}
	p := done(t, b.Get(second.Path).Submit(`form[action$="/revoke"]`), "no longer works")
	if p.Has(`form[action$="/revoke"]`) || p.Has("#once") {
		t.Error("a revoked code can be used further")
	}
	_, v := b.Get("/staff").Fields(`form[action="/staff/signout"]`)
	refused(t, b.Post(second.Path+"/revoke", v), "")
	if p := b.Get("/staff/codes?state=revoked"); !p.Has(`#codelist a[href="` + second.Path + `"]`) {
		t.Error("the revoked code is not in its list")
	}
}
