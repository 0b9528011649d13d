package journeys

import (
	"testing"
	"time"

	"portico/internal/lang"
	"portico/internal/testkit/chrome"
)

// The clerk calls the number on file and reads a code out, which the patient
// types while they talk: eight symbols, ten minutes, only with the number of the
// request. Without the call it is refused; the first one ran out meanwhile.
func TestCodeReadOutOnThePhone(t *testing.T) {
	for _, k := range []struct {
		name          string
		postgres      bool
		clerk, caller chrome.Person
	}{
		{"postgres", true, chrome.Person{Lang: "en"}, chrome.Person{Lang: "es", Phone: true}},
		{"sqlite", false, chrome.Person{Lang: "es", NoScript: true}, chrome.Person{Lang: "en", Phone: true, NoScript: true}},
	} {
		t.Run(k.name, func(t *testing.T) {
			c := open(t, k.postgres)
			desk, l := chrome.New(t, c.base, k.clerk), lang.Lang(k.clerk.Lang)
			signInStaff(t, c, desk, l, 0)
			openRequest(desk, l, "Eleanor Carter")
			request := desk.Want(l.T("console.request.title")).Path()
			approve(desk, l, "phone")
			desk.Want(l.T("console.request.title")).Says(l.T("enroll.approve.call"))
			logCall(desk, l, "reached", "visit")
			code, ref := readOut(desk, l)

			b, p := chrome.New(t, c.base, k.caller), lang.Lang(k.caller.Lang)
			desk.Open(request).Want(l.T("console.request.title")).Says(l.T("console.rstate.calling"))
			c.clock.move(11 * time.Minute)
			typeSpoken(b, p, ref, code)
			b.Want(p.T("enroll.spoken.title")).Says(p.T("enroll.code.wrong"))

			desk.Open(request).Want(l.T("console.request.title"))
			code, ref = readOut(desk, l)
			typeSpoken(b, p, ref, "0000-0000")
			b.Want(p.T("enroll.spoken.title")).Says(p.T("enroll.code.wrong"))
			typeSpoken(b, p, ref, code)
			c.choose(b, p, "spoken.person", "orchard kettle seven 42")
			desk.Open(request).Want(l.T("console.request.title")).Says(l.T("console.rstate.approved"))
		})
	}
}

// approve decides the request shown for the likeliest patient.
func approve(desk *chrome.Tab, l lang.Lang, by string) {
	desk.T.Helper()
	id := ""
	desk.Eval(`document.querySelector("input[name=patient]").value`, &id)
	desk.Choose("patient", id).Choose("by", by).Follow(l.T("console.approve.button"))
}

// readOut approves by phone and gives what the page shows once: the code and the
// number of the request.
func readOut(desk *chrome.Tab, l lang.Lang) (code, reference string) {
	desk.T.Helper()
	approve(desk, l, "phone")
	desk.Want(l.T("console.code.title")).Follow(l.T("console.code.show"))
	desk.Want(l.T("console.code.title"))
	code, reference = desk.Text("#thecode"), desk.Text("#reference")
	if len(code) != 8 || len(reference) != 9 {
		desk.T.Fatalf("code %q, request %q", code, reference)
	}
	return code, reference
}

// logCall writes down a call to the first number on file that is offered.
func logCall(desk *chrome.Tab, l lang.Lang, outcome, evidence string) {
	desk.T.Helper()
	number := ""
	desk.Eval(`[...document.querySelector("select[name=contact]").options].find(o => o.value).value`, &number)
	desk.Choose("contact", number).Choose("outcome", outcome).Choose("evidence", evidence)
	desk.Fill("note", "Called back.").Follow(l.T("console.call.button"))
	desk.Want(l.T("console.request.title")).Says(l.T("desk.done.called")).Says("Called back.")
}

// typeSpoken types a code from the phone, from the page for codes on.
func typeSpoken(b *chrome.Tab, l lang.Lang, reference, code string) {
	b.T.Helper()
	b.Open("/enroll/code").Want(l.T("enroll.code.title")).Follow(l.T("enroll.other.phone"))
	b.Want(l.T("enroll.spoken.title")).Fill("reference", reference).Fill("code", code)
	born(b, "1979-01-25")
	b.Follow(l.T("enroll.continue"))
}
