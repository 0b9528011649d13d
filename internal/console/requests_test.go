package console_test

import (
	"fmt"
	"strings"
	"testing"

	"portico/internal/testkit"
)

// A request stands beside the patients who may be behind it.
func TestRequestBesideItsCandidates(t *testing.T) {
	k := open(t)
	id := k.add(maria)
	req := k.ask(maria)
	b, _ := k.hire("Jordan Kim", "front_desk")
	if n := waiting(b.Get("/staff"), "/staff/requests"); !strings.HasPrefix(n, "1") {
		t.Errorf("beside the requests stands %q", n)
	}
	list := b.Get("/staff/requests").Want(200, "Identity requests")
	if !list.Has(`#requestlist a[href="/staff/requests/` + req + `"]`) {
		t.Fatal("the request is not in the queue")
	}
	p := b.Get("/staff/requests/"+req).Want(200, "Identity request")
	match := p.Text(card(string(id)))
	if !strings.Contains(p.Text(card("claim")), "other.maria@example.com") || !strings.Contains(match, maria.Number) || strings.Contains(match, maria.Email) {
		t.Errorf("claim %q, match %q", p.Text(card("claim")), match)
	}
	ref := k.one(`SELECT reference FROM identity_request WHERE id = $1`, req)
	if p := b.Get("/staff/requests?reference=" + ref[:4] + "-" + strings.ToLower(ref[4:])); !p.Has("#requestlist tbody tr") {
		t.Error("not found by its reference")
	}
	if p := b.Get("/staff/requests?reference=ZZZZ-ZZZZ"); p.Has("#requestlist tbody tr") {
		t.Error("found by another reference")
	}
}

// However many people may be meant, a page sets a few beside the claim, the best
// first, and weighs no more than a page may; the others are a page away.
func TestManyCandidatesAreShownInPages(t *testing.T) {
	k := open(t)
	k.add(maria)
	for i := range 12 {
		x := maria
		x.Number, x.Email, x.Mobile = fmt.Sprintf("MR-20%02d", i), fmt.Sprintf("maria.%d@example.com", i), fmt.Sprintf("+155518630%02d", i)
		k.add(x)
	}
	req := k.ask(maria)
	b, _ := k.hire("Jordan Kim", "front_desk")
	p := b.Get("/staff/requests/"+req).Want(200, "Identity request")
	weight := len(p.Body)
	for of, at := range map[string]string{`link[rel="stylesheet"]`: "href", "script[src]": "src"} {
		for _, n := range p.All(of) {
			for _, a := range n.Attr {
				if a.Key == at {
					weight += len(b.Get(a.Val).Body)
				}
			}
		}
	}
	seen := map[string]bool{}
	for page := p; ; page = b.Get(page.Attr(`#rest a[href*="from="]`, "href")) {
		shown := 0
		if to := page.Attr(`form[action*="/approve"]`, "action"); len(seen) > 0 && !strings.Contains(to, "?from=") {
			t.Errorf("a refused decision would lead back to the first ones: %s", to)
		}
		for _, n := range page.All(`input[name=patient]`) {
			for _, a := range n.Attr {
				if a.Key == "value" && page.Has(card(a.Val)) {
					seen[a.Val] = true
					shown++
				}
			}
		}
		if shown == 0 || shown > 2 || len(seen) > 10 {
			t.Fatalf("%d candidates on a page, %d in all", shown, len(seen))
		}
		if !page.Has(`#rest a[href*="from="]`) {
			break
		}
	}
	if len(seen) != 10 {
		t.Errorf("%d candidates in all", len(seen))
	}
	t.Logf("%d bytes, %d of them the page", weight, len(p.Body))
	other := b.Get(p.Attr(`a[href$="?other=1"]`, "href")).Want(200, "Identity request")
	if other.Has(`form[action*="/approve"]`) || !other.Has(`form[action$="/ask?other=1"]`) || !other.Has(`form[action$="/reject?other=1"]`) {
		t.Error("the decisions that choose nobody stand not on a page of their own")
	}
	if weight > 60<<10 {
		t.Errorf("the page weighs %d bytes", weight)
	}
}

// What was typed is kept whenever a decision is refused.
func TestRefusedDecisionsKeepWhatWasTyped(t *testing.T) {
	k := open(t)
	id := k.add(maria)
	path := "/staff/requests/" + k.ask(maria)
	b, _ := k.hire("Jordan Kim", "front_desk")
	p := b.Get(path)
	call := refused(t, p.Submit(`form[action$="/call"]`, "contact", p.Attr(`select[name=contact] option[value*=" "]`, "value"), "outcome", "reached", "evidence", "", "note", "Spoke slowly."), "")
	if call.Attr(`input[name=note]`, "value") != "Spoke slowly." || !call.Has(`select[name=outcome] option[value=reached][selected]`) {
		t.Error("the call: what was typed is gone")
	}
	approve := refused(t, p.Submit(`form[action$="/approve"]`, "patient", string(id), "by", ""), "")
	if !approve.Has(`input[name=patient][value="` + string(id) + `"][checked]`) {
		t.Error("the approval: whom it is about is gone")
	}
	none := refused(t, p.Submit(`form[action$="/approve"]`, "patient", "another", "number", "MR-9999", "by", "letter"), "")
	if none.Attr(`input[name=number]`, "value") != "MR-9999" || !none.Has(`input[name=by][value=letter][checked]`) {
		t.Error("the approval: the number is gone")
	}
	refused(t, p.Submit(`form[action$="/approve"]`, "patient", string(id), "by", "phone"), "") // nobody called
	reject := refused(t, p.Submit(`form[action$="/reject"]`), "")
	if !reject.Has("#rejectcard") {
		t.Error("the refused rejection is folded away")
	}
	long := strings.Repeat("x", 2500)
	flag := refused(t, p.Submit(`form[action$="/flag"]`, "words", long), "")
	if flag.Attr(`input[name=words]`, "value") != long || !flag.Has("#flagcard") || flag.Text("#words-error") == "" {
		t.Error("the flag: what was typed is gone, or its problem stands nowhere")
	}
}

func TestACallAndACodeReadOut(t *testing.T) {
	k := open(t)
	id := k.add(maria)
	path := "/staff/requests/" + k.ask(maria)
	b, _ := k.hire("Jordan Kim", "front_desk")
	p := b.Get(path)
	contact := p.Attr(`select[name=contact] option[value*=" "]`, "value")
	p = done(t, p.Submit(`form[action$="/call"]`, "contact", contact, "outcome", "reached", "evidence", "visit", "note", "Knew the last visit."), "logged")
	if log := p.Text(card("log")); !strings.Contains(log, "Jordan Kim") || !strings.Contains(log, "Knew the last visit.") {
		t.Errorf("the log says %q", log)
	}
	code := p.Submit(`form[action$="/approve"]`, "patient", string(id), "by", "phone").Want(200, "Activation code")
	shown := code.Submit(`form[action$="/show"]`)
	if n := len(strings.NewReplacer(" ", "", "-", "").Replace(shown.Text("#thecode"))); n != 8 {
		t.Errorf("a spoken code of %d symbols", n)
	}
	if p := b.Get("/staff/requests?tab=asked"); !p.Has("#requestlist tbody tr") {
		t.Error("the request whose code was read out is in no list")
	}
}

func TestRequestsAreApprovedRejectedAsked(t *testing.T) {
	k := open(t)
	id := k.add(maria)
	b, _ := k.hire("Jordan Kim", "front_desk")
	closed := func(path, word string) {
		t.Helper()
		p := b.Get(path)
		if p.Has(`form[action$="/approve"]`) || !strings.Contains(p.Text("main .note"), word) {
			t.Errorf("after the decision: %q", p.Text("main .note"))
		}
	}
	path := "/staff/requests/" + k.ask(maria)
	b.Get(path).Submit(`form[action$="/approve"]`, "patient", "another", "number", maria.Number, "by", "letter").Want(200, "Activation code")
	closed(path, "Approved")
	if got := b.Get("/staff/patients/" + string(id)); !got.Has("#codelist tbody tr") {
		t.Error("the patient has no code")
	}
	k.add(ruth)
	path = "/staff/requests/" + k.ask(ruth)
	done(t, b.Get(path).Submit(`form[action$="/ask"]`), "call")
	if n := waiting(b.Get("/staff"), "/staff/requests"); n != "" && !strings.HasPrefix(n, "0") {
		t.Errorf("beside the requests stands %q", n)
	}
	done(t, b.Get(path).Submit(`form[action$="/reject"]`, "why", "not_proven"), "rejected")
	closed(path, "Rejected")
	if p := b.Get("/staff/requests?tab=closed"); !strings.Contains(p.Text("#requestlist thead"), "Came") || strings.Contains(p.Text("#requestlist"), "Waiting") {
		t.Errorf("decided requests are listed as %q", p.Text("#requestlist"))
	}
	_, v := b.Get("/staff").Fields(`form[action="/staff/signout"]`)
	v.Set("why", "fraud")
	if p := b.Post(path+"/reject", v); p.Status != 422 {
		t.Errorf("decided twice: %d", p.Status)
	}
}

// A flagged request takes two people.
func TestAFlaggedRequestTakesTwo(t *testing.T) {
	k := open(t)
	id := k.add(maria)
	path := "/staff/requests/" + k.ask(maria)
	first, _ := k.hire("Jordan Kim", "front_desk")
	second, _ := k.hire("Alex Romero", "front_desk")
	p := done(t, first.Get(path).Submit(`form[action$="/flag"]`, "words", "Another voice."), "flagged")
	if p.Has(`form[action$="/flag"]`) || !strings.Contains(p.Text(card("log")), "Another voice.") {
		t.Error("it can be flagged twice, or the words are gone")
	}
	approve := func(b *testkit.Browser) *testkit.Page {
		return b.Get(path).Submit(`form[action$="/approve"]`, "patient", string(id), "by", "letter")
	}
	done(t, approve(first), "second person")
	refused(t, approve(first), "")
	if k.one(`SELECT COUNT(*) || '' FROM activation_code`) != "0" {
		t.Fatal("one person was enough")
	}
	if p := first.Get("/staff/requests?tab=flagged"); !p.Has("#requestlist tbody tr") {
		t.Error("it is not in the list of flagged requests")
	}
	approve(second).Want(200, "Activation code")
}

// Whatever page of a person staff open, a line about that person says so: it is
// what the person reads as who looked at their record.
func TestWhatStaffOpenOfAPersonIsOnTheirRecord(t *testing.T) {
	k := open(t)
	maria, ruth := k.add(maria), k.add(ruth)
	req := k.ask(patient{Given: "Maria", Family: "Alvarez", Birth: "1962-04-09"})
	b, staff := k.hire("Jordan Kim", "front_desk")
	lines := func(action string) string {
		return k.one(`SELECT COUNT(*) FROM audit_entry WHERE action = $1 AND patient_id = $2 AND actor_id = $3`, action, string(maria), string(staff))
	}
	page := "/staff/patients/" + string(maria)
	b.Get(page)
	if n := lines("patient.seen"); n != "1" {
		t.Errorf("the patient's page wrote %s lines", n)
	}
	made := b.Get(page+"/issue").Submit(`form[action$="/issue"]`, "by", "letter")
	if n := lines("patient.seen"); n != "2" {
		t.Errorf("the page for making a code wrote none: %s", n)
	}
	if !strings.HasPrefix(made.Path, "/staff/codes/") || lines("code.seen") != "1" {
		t.Errorf("the code's page %s wrote %s lines", made.Path, lines("code.seen"))
	}
	b.Get("/staff/requests/"+req).Want(200, "Identity request")
	if n := lines("request.opened"); n != "1" {
		t.Errorf("a request they may be behind wrote %s lines", n)
	}
	if n := k.one(`SELECT COUNT(*) FROM audit_entry WHERE patient_id = $1 AND actor_id = $2`, string(ruth), string(staff)); n != "0" {
		t.Errorf("%s lines about somebody who was not looked at", n)
	}
}
