package bench

import (
	"context"
	"net/http"
	"slices"

	"portico/internal/web"
)

// who is one of the people who walk through the portal.
type who string

const (
	visitor       who = "visitor"       // nobody signed in
	returning     who = "returning"     // forgot a password and wants back in
	losing        who = "losing"        // lost everything and wants back in
	entering      who = "entering"      // a patient between password and second step
	applicant     who = "applicant"     // opens an account with a code
	knower        who = "knower"        // knows the patient number and the birth date
	asker         who = "asker"         // has nothing and asks the clinic
	latecomer     who = "latecomer"     // holds a code whose time is over
	patient       who = "patient"       // signed in
	confirmed     who = "confirmed"     // a patient who has just proven password and second step again
	clerk         who = "clerk"         // signed in at the front desk
	arriving      who = "arriving"      // staff between password and second step
	administrator who = "administrator" // signed in
	auditor       who = "auditor"       // signed in
	clinician     who = "clinician"     // signed in
	archivist     who = "archivist"     // a records clerk, signed in
)

// place is one page: who opens it, where, and what it may cost.
type place struct {
	route string // as it was registered, without the method
	who   who
	// before is what this person does first, nil for nothing.
	before func(context.Context, *walk, *guest) error
	// from is a page with a link to this one, for a route with an {id} in it, and
	// text what the link says, "" for the first such link.
	from, text string
	// at gives the address where neither the route nor a link is one.
	at func(context.Context, *walk) (string, error)
	// status is the answer where it is not 200.
	status int
	// queries is what the page may ask the database, counting the lines it writes
	// to the audit log (two for each). A test compares: more needs a reason, fewer
	// a smaller number here.
	queries int
	// whole is set for pages that show much on purpose, such as a document or a
	// page of the log: they may weigh more than others.
	whole bool
}

// places holds every page, in the order in which they are opened: what one
// person does stands in order, and what ends a session stands last.
//
// A new page needs one line: its route, who opens it (most are patient, clerk or
// administrator; confirmed for a route that needs a raised session), for a route
// with an {id} a page with a link to it, and the number of its queries, which the
// test says.
var places = []place{
	{route: "/{$}", who: visitor, status: 303},
	{route: "/signin", who: visitor},
	{route: "/signin/help", who: visitor},
	{route: "/display", who: visitor},
	{route: "/help", who: visitor},
	{route: "/accessibility", who: visitor},
	{route: "/terms", who: visitor, whole: true, queries: 1},
	{route: "/privacy", who: visitor, whole: true, queries: 1},
	{route: "/documents/{id}", who: visitor, at: document, whole: true, queries: 2},
	{route: "/enroll", who: visitor},
	{route: "/enroll/number", who: visitor, queries: 1},
	{route: "/enroll/code", who: visitor},
	{route: "/enroll/phone", who: visitor},
	{route: "/enroll/request", who: visitor},
	{route: "/enroll/anew", who: visitor},
	{route: "/a/{token}", who: visitor, at: codeLink},
	{route: "/staff/signin", who: visitor},
	{route: "/staff/ended", who: visitor},
	{route: "/signin/passkey", who: visitor},
	{route: "/staff/signin/passkey", who: visitor},
	{route: "/help/passkeys", who: visitor},
	{route: "/staff/setup/{token}", who: visitor, at: setUpLink, queries: 1},
	{route: "/staff/setup/{token}/app", who: visitor, before: choosePassword, at: setUpApp, queries: 1},
	{route: "/staff/signon", who: visitor, status: 404}, // the clinic of the test has none
	{route: "/staff/signon/back", who: visitor, status: 404},
	{route: "/staff/signon/out", who: visitor, status: 404},
	{route: "/staff/signon/again", who: clinician, status: 303, queries: 4},
	{route: "/staff/setup/{token}/signon", who: visitor, at: under(setUpLink, "/signon"), status: 404},
	{route: "/staff/setup/{token}/qr", who: visitor, at: setUpImage, queries: 1},
	{route: "/style", who: visitor, whole: true},

	{route: "/view", who: visitor},
	{route: "/recover", who: visitor},
	{route: "/recover/name", who: visitor},
	{route: "/recover/name/sent", who: visitor},
	{route: "/recover/password", who: visitor},
	{route: "/recover/password/sent", who: visitor},
	{route: "/recover/all", who: visitor},
	{route: "/recover/done", who: visitor},

	{route: "/signin/step", who: entering, before: enterPassword, queries: 4},
	{route: "/recover/device", who: entering, queries: 5},
	{route: "/recover/link/{token}", who: returning, before: forgetPassword, at: passwordLink, queries: 1},
	{route: "/recover/prove", who: returning, before: useLink, queries: 3},
	{route: "/recover/new", who: returning, before: proveByCode, queries: 3},

	{route: "/enroll/confirm", who: knower, before: tryNumber, queries: 2},
	{route: "/enroll/sent", who: asker, before: askClinic, queries: 2},
	{route: "/enroll/user", who: applicant, before: openCode, queries: 7},
	{route: "/enroll/second", who: applicant, before: chooseUser, queries: 7},
	{route: "/enroll/second/contact", who: applicant, before: chooseMail, queries: 7},
	{route: "/enroll/second/code", who: applicant, before: giveMail, queries: 7},
	{route: "/enroll/second/app", who: applicant, before: chooseApp, queries: 7},
	{route: "/enroll/second/app.png", who: applicant, queries: 7},
	{route: "/enroll/recovery", who: applicant, before: proveApp, queries: 7},
	{route: "/enroll/recovery.txt", who: applicant, queries: 7},
	{route: "/enroll/terms", who: applicant, before: saveRecovery, whole: true, queries: 9},
	{route: "/enroll/done", who: applicant, before: acceptTerms, queries: 6},

	{route: "/home", who: patient, queries: 10},
	{route: "/visits", who: patient, queries: 10},
	{route: "/visits/new", who: patient, queries: 8},
	{route: "/visits/new/time", who: patient, at: timesPage, queries: 15},
	{route: "/visits/{id}", who: patient, from: "/visits", text: "Open", queries: 11},
	{route: "/visits/{id}/visit.ics", who: patient, at: visitFile, queries: 5},
	{route: "/visits/calendar", who: patient, queries: 4},
	{route: "/visits/{id}/move", who: patient, at: movePage, queries: 18},
	{route: "/visits/{id}/cancel", who: patient, at: cancelPage, queries: 11},
	{route: "/visits/{id}/confirm", who: patient, at: heldPage, queries: 11},
	{route: "/waiting/request", who: patient, at: requestPage, queries: 9},
	{route: "/waiting/earlier", who: patient, at: earlierPage, queries: 10},
	{route: "/waiting/{id}", who: patient, at: wishPage, queries: 12},
	{route: "/visits/{id}/checkin", who: patient, at: checkInPage(""), queries: 14},
	{route: "/visits/{id}/checkin/contacts", who: patient, at: checkInPage("/contacts"), queries: 19},
	{route: "/visits/{id}/checkin/emergency", who: patient, at: checkInPage("/emergency"), queries: 17},
	{route: "/visits/{id}/checkin/insurance", who: patient, at: checkInPage("/insurance"), queries: 17},
	{route: "/visits/{id}/checkin/card", who: patient, at: checkInPage("/card"), queries: 15},
	{route: "/visits/{id}/checkin/health", who: patient, at: checkInPage("/health"), queries: 20},
	{route: "/visits/{id}/checkin/form/{form}", who: patient, at: needPage("form"), queries: 15, whole: true}, // twelve questions with four answers each
	{route: "/visits/{id}/checkin/consent/{consent}", who: patient, at: needPage("consent"), queries: 16},
	{route: "/visits/{id}/checkin/photo", who: patient, at: checkInPage("/photo"), status: 404, queries: 13}, // none was sent
	{route: "/account/display", who: patient, queries: 3},
	{route: "/results", who: patient, queries: 9},
	{route: "/results/settings", who: patient, queries: 5},
	{route: "/results/{id}", who: patient, at: resultPage, queries: 16},
	{route: "/results/{id}/history", who: patient, at: resultHistory, queries: 11},
	{route: "/results/{id}/file", who: patient, at: resultFile, queries: 10},
	{route: "/account", who: patient, queries: 7},
	{route: "/account/devices", who: patient, queries: 5},
	{route: "/account/history", who: patient, queries: 4},
	{route: "/account/terms", who: patient, queries: 4},
	{route: "/account/kept", who: patient, queries: 3},
	{route: "/account/steps", who: patient, queries: 6},
	{route: "/account/regain", who: patient, queries: 4},
	{route: "/account/passkeys", who: patient, queries: 4},
	// A passkey needs a device that keeps it, which nobody here has.
	{route: "/account/passkeys/{id}", who: patient, at: noPasskey, status: 404, queries: 6},
	{route: "/account/passkeys/add", who: confirmed, queries: 3},
	{route: "/account/contacts", who: patient, queries: 13},
	{route: "/account/password", who: confirmed, queries: 9},
	{route: "/account/close", who: confirmed, queries: 9},
	{route: "/account/steps/add", who: confirmed, queries: 3},
	{route: "/account/steps/contact", who: confirmed, status: 303, queries: 3},
	{route: "/account/steps/{id}", who: confirmed, from: "/account/steps", queries: 6},
	{route: "/account/steps/confirm", who: confirmed, before: addApp, queries: 4},
	{route: "/account/steps/confirm/qr", who: confirmed, queries: 10},
	{route: "/account/recovery", who: confirmed, queries: 5},
	{route: "/account/recovery/codes", who: confirmed, before: makeCodes, queries: 4},
	{route: "/account/recovery/codes/file", who: confirmed, queries: 10},
	{route: "/account/contacts/email", who: confirmed, queries: 3},
	{route: "/account/contacts/email/confirm", who: confirmed, before: newEmail, queries: 4},
	{route: "/account/contacts/phone", who: confirmed, queries: 3},
	{route: "/account/contacts/phone/confirm", who: confirmed, before: newPhone, queries: 4},
	{route: "/account/confirm", who: patient, queries: 4},
	{route: "/account/confirm/step", who: patient, before: confirmPassword, queries: 7},
	{route: "/records/download", who: confirmed, queries: 5},
	{route: "/records/download/{id}", who: confirmed, before: askForACopy, from: "/records/download", queries: 4},
	{route: "/records/share", who: confirmed, queries: 5},
	{route: "/records/share/{id}", who: confirmed, before: shareByLink, from: "/records/share", queries: 5},
	{route: "/records/download/{id}/file", who: confirmed, at: finishedCopy, whole: true, queries: 8},
	{route: "/terms/accept", who: patient, whole: true, queries: 6},
	{route: "/terms/decline", who: patient, queries: 3},

	{route: "/records", who: patient, queries: 4},
	{route: "/records/part", who: patient, status: 303, queries: 3},
	{route: "/records/item/{id}", who: patient, from: "/records/part?of=medications", queries: 13},
	{route: "/records/item/{id}/file", who: patient, at: noteFile, queries: 13},
	{route: "/records/item/{id}/correct", who: patient, at: correctNote, queries: 4},
	{route: "/records/timeline", who: patient, queries: 7},
	{route: "/records/immunizations/print", who: patient, queries: 7},
	{route: "/records/access", who: patient, whole: true, queries: 7},
	{route: "/records/access.csv", who: patient, queries: 10},
	{route: "/records/corrections", who: patient, before: askCorrection, queries: 5},

	{route: "/staff/signin/step", who: arriving, before: enterStaff, queries: 2},
	{route: "/staff", who: clerk, queries: 12},
	{route: "/staff/patients", who: clerk, queries: 5},
	{route: "/staff/patients/{id}", who: clerk, at: patientPage, queries: 15},
	{route: "/staff/patients/{id}/issue", who: clerk, at: issuePage, queries: 14},
	{route: "/staff/schedule", who: clerk, queries: 19},
	{route: "/staff/schedule/book/{id}", who: clerk, at: bookForPage, queries: 18},
	{route: "/v/{token}", who: visitor, at: visitLink, queries: 6},
	{route: "/staff/schedule/visits/{id}", who: clerk, at: deskVisitPage, queries: 14},
	{route: "/staff/schedule/visits/{id}/move", who: clerk, at: deskMovePage, queries: 21},
	{route: "/staff/codes", who: clerk, queries: 9},
	{route: "/staff/codes/{id}", who: clerk, from: "/staff/codes", queries: 9},
	{route: "/staff/requests", who: clerk, queries: 7},
	{route: "/staff/requests/{id}", who: clerk, from: "/staff/requests", text: "Eleanor Carter", queries: 21},
	{route: "/staff/undelivered", who: clerk, queries: 7},
	{route: "/staff/contacts", who: clerk, before: provePhone, queries: 7},
	{route: "/staff/contacts/{id}", who: clerk, from: "/staff/contacts", queries: 14},
	{route: "/staff/recovery", who: clerk, queries: 6},
	{route: "/staff/recovery/{id}", who: clerk, at: helpPage, queries: 19},
	{route: "/staff/schedule/waiting", who: clerk, queries: 13},
	{route: "/staff/schedule/waiting/{id}", who: clerk, from: "/staff/schedule/waiting", queries: 21},
	{route: "/staff/checkins", who: clerk, queries: 13},
	{route: "/staff/checkins/{id}", who: clerk, at: deskCheckInPage(""), queries: 20},
	{route: "/staff/checkins/{id}/photo", who: clerk, at: deskCheckInPage("/photo"), status: 404, queries: 16}, // none was sent
	{route: "/recover/anew", who: losing, before: startAnew, queries: 4},
	{route: "/recover/second", who: losing, before: chooseAnew, queries: 3},
	{route: "/recover/second/code", who: losing, before: chooseNewApp, queries: 3},
	{route: "/recover/second/qr", who: losing, queries: 4},
	{route: "/recover/codes", who: losing, before: proveNewApp, queries: 3},
	{route: "/recover/codes/file", who: losing, queries: 3},
	{route: "/recover/wait", who: losing, before: beginWait, queries: 1},
	{route: "/recover/stop/{token}", who: visitor, at: stopLink, queries: 1},
	{route: "/staff/results", who: clinician, queries: 7},
	{route: "/staff/results/rules", who: clinician, queries: 6},
	{route: "/staff/results/{id}", who: clinician, at: deskResult, queries: 21},
	{route: "/staff/results/{id}/file", who: clinician, at: deskFile, queries: 9},
	{route: "/staff/patients/{id}/emergency", who: clinician, at: chartOf, queries: 8},
	{route: "/staff/chart", who: archivist, queries: 6},
	{route: "/staff/chart/{id}", who: clinician, before: openUnasked, at: unaskedChart, queries: 12},
	{route: "/staff/chart/{id}/entry/{entry}", who: clinician, before: openUnasked, at: unaskedNote(""), queries: 18},
	{route: "/staff/chart/{id}/entry/{entry}/file", who: clinician, before: openUnasked, at: unaskedNote("/file?n=0"), queries: 17},
	{route: "/staff/corrections", who: archivist, queries: 7},
	{route: "/staff/corrections/{id}", who: archivist, from: "/staff/corrections", queries: 18},
	{route: "/staff/imports", who: archivist, queries: 9},
	{route: "/staff/imports/new", who: archivist, before: raiseDesk(archivist), queries: 5},
	{route: "/staff/schedule/setup", who: administrator, queries: 10},
	{route: "/staff/schedule/places/{id}", who: administrator, from: "/staff/schedule/setup", queries: 10},
	{route: "/staff/schedule/clinicians/{id}", who: administrator, from: "/staff/schedule/setup", queries: 13},
	{route: "/staff/schedule/clinicians/{id}/hours", who: administrator, at: hoursPage, queries: 13},
	{route: "/staff/schedule/types/{id}", who: administrator, from: "/staff/schedule/setup", queries: 10},
	{route: "/staff/schedule/closures", who: administrator, queries: 11},
	{route: "/staff/feeds", who: administrator, queries: 6},
	{route: "/staff/jobs", who: administrator, queries: 6},
	{route: "/staff/emergencies", who: administrator, queries: 9},
	{route: "/staff/roles", who: administrator, queries: 6},
	{route: "/staff/people", who: administrator, queries: 6},
	{route: "/staff/people/{id}", who: administrator, from: "/staff/people", text: "Jordan Kim", queries: 7},
	{route: "/staff/terms", who: administrator, whole: true, queries: 9},
	{route: "/staff/terms/drafts/{id}", who: administrator, at: draftPage, queries: 8},
	{route: "/staff/terms/drafts/{id}/en", who: administrator, at: under(draftPage, "/en"), queries: 8},
	{route: "/staff/terms/drafts/{id}/es", who: administrator, at: under(draftPage, "/es"), queries: 8},
	{route: "/staff/terms/drafts/{id}/preview/en", who: administrator, at: under(draftPage, "/preview/en"), whole: true, queries: 9},
	{route: "/staff/terms/drafts/{id}/preview/es", who: administrator, at: under(draftPage, "/preview/es"), whole: true, queries: 9},
	{route: "/staff/terms/drafts/{id}/preview/en/accept", who: administrator, at: under(draftPage, "/preview/en/accept"), whole: true, queries: 9},
	{route: "/staff/terms/drafts/{id}/preview/es/accept", who: administrator, at: under(draftPage, "/preview/es/accept"), whole: true, queries: 9},
	{route: "/staff/terms/accepted", who: administrator, whole: true, queries: 12},
	{route: "/staff/terms/accepted.csv", who: administrator, before: raiseDesk(administrator), queries: 11},
	{route: "/staff/audit", who: auditor, whole: true, queries: 13},
	{route: "/staff/clinic", who: administrator, queries: 7},
	{route: "/staff/clinic/sample", who: administrator, queries: 5},
	{route: "/staff/clinic/preview", who: administrator, queries: 7},
	{route: "/staff/clinic/history", who: administrator, queries: 6},
	{route: "/staff/clinic/messages", who: administrator, whole: true, queries: 5},
	{route: "/staff/clinic/messages/history", who: administrator, queries: 6},
	{route: "/staff/clinic/messages/letter.pdf", who: administrator, queries: 4},
	{route: "/staff/clinic/messages/{id}/en", who: administrator, from: "/staff/clinic/messages", queries: 6},
	{route: "/staff/clinic/messages/{id}/es", who: administrator, at: func(context.Context, *walk) (string, error) { return "/staff/clinic/messages/letter/es", nil }, queries: 6},
	{route: "/staff/forms", who: administrator, queries: 9},
	{route: "/staff/forms/form/{id}", who: administrator, at: formPreviewPage, queries: 6, whole: true}, // every question
	{route: "/staff/forms/kinds/{id}", who: administrator, at: formKindPage, queries: 9},
	{route: "/staff/forms/consent", who: administrator, queries: 5},
	{route: "/staff/clinic/preview.css", who: administrator, status: 303, queries: 6},
	{route: "/staff/clinic/preview.png", who: administrator, status: 303, queries: 6},
	{route: "/staff/people/{id}/passkeys", who: administrator, at: colleaguesPasskeys, queries: 7},
	{route: "/staff/account", who: clerk, queries: 6},
	{route: "/staff/account/passkeys", who: clerk, queries: 5},
	{route: "/staff/confirm", who: auditor, queries: 6},
	{route: "/staff/audit.csv", who: auditor, before: raiseDesk(auditor), queries: 7},

	// This freezes the applicant's new account.
	{route: "/not-me/{token}", who: visitor, at: notMeLink, queries: 1},
	{route: "/staff/frozen", who: clerk, before: disown, queries: 8},
	{route: "/staff/frozen/{id}", who: clerk, from: "/staff/frozen", queries: 14},
	{route: "/staff/twins/{id}", who: clerk, before: joinRecords, at: twinPage, queries: 7},
	{route: "/staff/undelivered/{id}", who: clerk, before: loseMessage, from: "/staff/undelivered", queries: 22},

	{route: "/demo/outbox", who: visitor, whole: true, queries: 1},

	// This turns the clock so far that every session ends.
	{route: "/enroll/expired", who: latecomer, before: comeLate, queries: 2},
}

// Unlisted gives those of routes that are pages and have no line in places.
func Unlisted(routes []web.Route) (out []string) {
	for _, r := range routes {
		if r.Method == http.MethodGet && r.Audience != "system" && !slices.ContainsFunc(places, func(p place) bool { return p.route == r.Path }) {
			out = append(out, r.Path)
		}
	}
	return out
}
