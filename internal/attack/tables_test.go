package attack

import (
	"maps"
	"net/url"
	"strings"

	"portico/internal/account"
	"portico/internal/enroll"
	"portico/internal/staff"
	"portico/internal/web"
)

// samples says how to make what a path names: one line for each parameter, with
// the path up to it. It makes something new of the given person and gives its
// identifier. On a patient's page it is called for the person who is signed in
// and for somebody else, whose identifier must answer like one that is absent.
// Where a path has several parameters, their identifiers stand in order with a
// blank between them. A longer path wins over a shorter one.
var samples = map[string]func(w *world, of person) string{
	"/a/{token}":               (*world).codeLink,
	"/documents/{id}":          (*world).document,
	"/not-me/{token}":          (*world).notMe,
	"/records/download/{id}":   (*world).download,
	"/records/share/{id}":      (*world).link,
	"/staff/setup/{token}":     (*world).setUpLink,
	"/staff/setup/{token}/app": (*world).setUpHalf,
	"/staff/setup/{token}/qr":  (*world).setUpHalf,

	"/staff/setup/{token}/signon": (*world).setUpLink,

	"/recover/link/{token}": (*world).passwordLink,
	"/recover/stop/{token}": (*world).stopLink,
	"/staff/recovery/{id}":  func(w *world, _ person) string { return string(w.member().id) },

	"/records/item/{id}": (*world).entry,

	"/v/{token}":                      (*world).visitLink,
	"/visits/calendar/{id}":           (*world).calendarID,
	"/calendar/{token}":               (*world).calendarToken,
	"/visits/{id}":                    (*world).visit,
	"/visits/{id}/confirm":            (*world).heldVisit,
	"/staff/schedule/visits/{id}":     (*world).visit,
	"/waiting/{id}":                   (*world).wishProposed,
	"/staff/schedule/waiting/{id}":    (*world).wishAsked,
	"/staff/schedule/book/{id}":       func(w *world, _ person) string { return string(w.newcomer().id) },
	"/staff/schedule/places/{id}":     (*world).place,
	"/staff/schedule/clinicians/{id}": (*world).clinician,
	"/staff/schedule/types/{id}":      (*world).kind,

	"/staff/corrections/{id}": (*world).correction,
	"/results/{id}":           (*world).result,
	"/results/{id}/file":      (*world).reportWithFile,

	"/staff/results/{id}":      (*world).result,
	"/staff/results/{id}/file": (*world).reportWithFile,
	"/staff/codes/{id}":        (*world).code,
	"/staff/frozen/{id}":       (*world).frozen,
	"/staff/twins/{id}":        (*world).twins,
	"/staff/patients/{id}":     func(w *world, _ person) string { return string(w.newcomer().id) },
	"/staff/people/{id}":       func(w *world, _ person) string { return string(w.hire("front_desk").id) },
	"/staff/requests/{id}":     func(w *world, _ person) string { return w.request() },
	"/staff/undelivered/{id}":  (*world).undelivered,

	"/staff/feeds/{id}":          (*world).feed,
	"/staff/imports/faults/{id}": (*world).importFault,
}

// form is what a person sends with a form.
type form struct {
	send   url.Values                      // all its fields, optional ones too
	made   func(*world, person) state      // fields and cookies that must be made first
	sweeps bool                            // sent for the first time it also writes what is written once, or ends what was open before
	mute   bool                            // it stores nothing: it only leads on
	counts bool                            // its page counts who looks at it, so that looking is bounded
	many   []string                        // fields that may be sent several times
	apart  func(*world, string) url.Values // does something with what the path names before, and gives fields that depend on it
}

// state is what was made for one sending: more fields, and the browser's cookies.
type state struct {
	send    url.Values
	cookies cookies
	of      person
}

// forms has one line for each form. A form needs a line before it is registered.
var forms = map[string]form{
	"POST /a/{token}":                 {send: born},
	"POST /account/confirm":           {send: say("password", password, "next", "/home")},
	"POST /account/confirm/step":      {made: (*world).confirming, send: say("code", "123456", "method", "")},
	"POST /account/confirm/step/send": {made: (*world).confirming},
	"POST /account/display":           {made: (*world).somebody, send: say("lang", "es", "theme", "dark", "text", "large", "zone", "Europe/Madrid", "return", "/home")},
	"POST /display":                   {send: say("lang", "es", "theme", "dark", "text", "large", "return", "/signin"), mute: true},
	"POST /enroll/code":               {made: (*world).typedCode},
	"POST /enroll/number":             {made: (*world).typedNumber},
	"POST /enroll/phone":              {send: merge(born, say("reference", "4F7K-2MPQ", "code", "4F7K-2MPQ"))},
	"POST /enroll/request":            {made: (*world).newName, send: merge(born, say("given", "Ada", "former", "Asked", "sex", "female", "address_street", "1 Elm Street", "address_unit", "2", "address_city", "Springfield", "address_state", "IL", "address_zip", "62701", "email", "ada@example.com", "phone", "555-186-2275", "number", "MR-1", "reach", "email"))},
	"POST /not-me/{token}":            {},
	"POST /records/share":             {made: (*world).raisedSomebody, many: []string{"section"}, send: say("what", "some", "section", "results", "sensitive", "yes", "life", "day", "passcode", "kettle7", "label", "For a visit")},
	"POST /records/share/{id}/end":    {},
	"POST /records/download":          {made: (*world).raisedSomebody, many: []string{"section"}, send: say("section", "results", "format", "text", "sensitive", "yes", "from_day", "1", "from_month", "2", "from_year", "2020", "to_day", "1", "to_month", "2", "to_year", "2026")},
	"POST /recover/name":              {send: merge(born, say("contact", "ada@example.com"))},
	"POST /recover/password":          {send: say("username", "kettle.boils.now")},
	"POST /recover/link/{token}":      {},
	"POST /recover/stop/{token}":      {},
	"POST /recover/device":            {made: (*world).loser},
	"POST /recover/prove":             {made: (*world).asking, send: say("code", "1234-5678-9ABC")},
	"POST /recover/prove/send":        {made: (*world).getting},
	"POST /recover/new":               {made: (*world).gotten, send: say("password", "brass windmill valley 9", "again", "brass windmill valley 9")},
	"POST /recover/anew":              {made: (*world).anew, send: say("password", "brass windmill valley 9", "again", "brass windmill valley 9")},
	"POST /recover/second":            {made: (*world).chosen, send: say("how", "totp", "contact", "")},
	"POST /recover/second/code":       {made: (*world).newMail, send: say("code", "123456")},
	"POST /recover/second/send":       {made: (*world).newMail},
	"POST /recover/codes":             {made: (*world).newCodes, send: say("saved", "yes")},
	"POST /account/regain":            {made: (*world).beingReplaced},
	"POST /signin":                    {made: (*world).typedPassword, send: say("shared", "yes")},
	"POST /signin/cancel":             {made: (*world).halfIn},
	"POST /signin/step":               {made: (*world).halfIn, send: say("code", "123456", "method", "")},
	"POST /signin/step/send":          {made: (*world).halfInByMail},
	"POST /enroll/confirm":            {made: (*world).asked, send: say("code", "123456", "do", "")},
	"POST /enroll/expired":            {made: (*world).late},
	"POST /enroll/user":               {made: (*world).proven, send: say("username", "kettle.boils.now", "password", password, "again", password)},
	"POST /enroll/second":             {made: (*world).named, send: say("how", "totp")},
	"POST /enroll/second/app":         {made: (*world).withApp},
	"POST /enroll/second/code":        {made: (*world).withMail, send: say("code", "123456", "do", "")},
	"POST /enroll/second/contact":     {made: (*world).typedContact},
	"POST /enroll/recovery":           {made: (*world).shownRecovery, send: say("saved", "yes")},
	"POST /enroll/terms":              {made: (*world).atTerms},
	"POST /records/item/{id}/correct": {send: say("wanted", "This is not mine.")},
	"POST /records/access":            {send: say("people", "clinic", "kind", "looked", "from", "2026-01-01", "to", ""), mute: true},
	"POST /records/timeline":          {send: say("words", "knee", "section", "", "from", "2026-01-01", "to", ""), mute: true},
	"POST /results":                   {send: say("words", "glucose", "group", "laboratory", "from", "2026-01-01", "to", "2026-02-01", "out", "yes"), mute: true},
	"POST /results/settings":          {made: (*world).chose, send: say("wait", "yes")},
	"POST /results/{id}/show":         {},
	"POST /signout":                   {},
	"POST /terms/accept":              {made: (*world).mustAccept},

	"POST /visits/new/time":     {made: (*world).picks, send: say("who", "", "place", "", "how", "", "from", "", "part", "", "reason", ""), sweeps: true},
	"POST /visits/{id}/confirm": {send: say("reason", "My knee.")},
	"POST /visits/{id}/move":    {apart: (*world).anotherTime},
	"POST /visits/{id}/answer":  {send: say("answer", "coming")},
	"POST /v/{token}":           {send: say("answer", "coming"), counts: true},

	"POST /visits/calendar":            {made: (*world).raisedSomebody, send: say("shows", "busy")},
	"POST /visits/calendar/{id}/renew": {},
	"POST /visits/calendar/{id}/end":   {},

	"POST /visits/{id}/cancel":                  {send: say("why", "I am away."), sweeps: true}, // the first may use up the day's messages
	"POST /waiting/request":                     {made: (*world).askable, send: merge(wishful, say("reason", "My knee.", "note", "Not on Mondays."))},
	"POST /waiting/earlier":                     {made: (*world).awaitable, send: wishful},
	"POST /waiting/{id}/accept":                 {apart: (*world).proposed},
	"POST /waiting/{id}/pass":                   {send: say("note", "After school.")},
	"POST /waiting/{id}/withdraw":               {},
	"POST /staff/schedule/waiting/{id}/answer":  {many: []string{"time"}, apart: (*world).timeFor, send: say("do", "book"), sweeps: true},
	"POST /staff/schedule/waiting/{id}/decline": {send: say("why", "See your doctor first.")},

	"POST /staff/schedule/visits/{id}/mark":      {send: say("as", "arrived")},
	"POST /staff/schedule/visits/{id}/note":      {send: say("note", "Needs a lift.")},
	"POST /staff/schedule/visits/{id}/cancel":    {send: say("why", "The doctor is ill.")},
	"POST /staff/schedule/visits/{id}/move":      {apart: (*world).anotherTime},
	"POST /staff/schedule/book/{id}":             {made: (*world).picks, send: say("reason", "A cough.")},
	"POST /staff/schedule/places/{id}":           {made: (*world).newPlaceName, send: say("address", "1 Elm Street", "directions_en", "Left.", "directions_es", "A la izquierda.", "phone", "555-186-2275", "active", "yes")},
	"POST /staff/schedule/places/{id}/room":      {send: say("room", "Room 1")},
	"POST /staff/schedule/clinicians/{id}":       {send: say("name", "Dr. New", "title_en", "Doctor", "title_es", "Médica", "video_url", "https://video.example/new", "active", "yes")},
	"POST /staff/schedule/clinicians/{id}/hours": {made: (*world).hours, send: say("weekday", "1", "from", "9:00", "until", "10:00", "in_person", "yes", "video", "", "every", "1", "first_day", "", "first_month", "", "first_year", "", "last_day", "", "last_month", "", "last_year", "")},
	"POST /staff/schedule/clinicians/{id}/drop":  {apart: (*world).ownHours, send: say("sure", "yes")},
	"POST /staff/schedule/types/{id}": {many: []string{"who"}, send: say("name_en", "Visit", "name_es", "Cita", "about_en", "", "about_es", "", "prepare_en", "", "prepare_es", "", "who", "", "video", "", "minutes", "20", "before", "0", "after", "5", "step", "5", "notice", "0",
		"horizon", "90", "cutoff", "60", "day_most", "0", "open_most", "0", "request_most", "1", "in_person", "yes", "direct", "yes", "active", "yes")},
	"POST /staff/schedule/closures":        {send: say("reason", "Holiday", "who", "", "place", "", "first_day", "4", "first_month", "7", "first_year", "2031", "last_day", "", "last_month", "", "last_year", "", "from", "", "until", "", "sure", "")},
	"POST /staff/schedule/closures/reopen": {made: (*world).shut},

	"POST /staff/corrections/{id}": {send: say("as", "refused", "answer", "It is right as it is.")},

	"POST /staff/audit":                  {send: say("who", "", "staff", "", "whom", "", "kind", "", "outcome", "", "object", "", "source", "", "action", "signin.done", "from", "2026-01-01", "from_time", "", "to", "2026-02-01", "to_time", "10:00"), mute: true},
	"POST /staff/codes/{id}/letter":      {},
	"POST /staff/codes/{id}/revoke":      {},
	"POST /staff/codes/{id}/show":        {},
	"POST /staff/feeds":                  {made: (*world).newFeed},
	"POST /staff/feeds/{id}/end":         {},
	"POST /staff/imports/faults/{id}":    {},
	"POST /staff/imports/new":            {made: (*world).broughtIn, sweeps: true},
	"POST /staff/frozen/{id}":            {send: say("to", "closed")},
	"POST /staff/patients":               {send: say("name", "Walker", "number", "", "birth_day", "", "birth_month", "", "birth_year", ""), mute: true},
	"POST /staff/patients/{id}/issue":    {send: say("by", "letter")},
	"POST /staff/people":                 {made: (*world).invited, many: []string{"roles"}},
	"POST /staff/people/{id}/disable":    {},
	"POST /staff/people/{id}/enable":     {apart: (*world).disable},
	"POST /staff/people/{id}/link":       {},
	"POST /staff/people/{id}/roles":      {send: say("roles", "auditor"), many: []string{"roles"}},
	"POST /staff/requests/{id}/approve":  {made: (*world).approved},
	"POST /staff/requests/{id}/ask":      {send: say("question", "Please call.")},
	"POST /staff/requests/{id}/call":     {made: (*world).called},
	"POST /staff/requests/{id}/flag":     {send: say("words", "The voice was another.")},
	"POST /staff/requests/{id}/reject":   {send: say("why", "no_match")},
	"POST /staff/recovery/{id}/agree":    {apart: (*world).helpFirst},
	"POST /staff/recovery/{id}/call":     {send: say("outcome", "reached", "evidence", "visit", "note", "Spoke to her."), apart: (*world).onFile},
	"POST /staff/recovery/{id}/start":    {send: say("how", "visit", "seen", "yes")},
	"POST /staff/recovery/{id}/stop":     {apart: (*world).helpStarted},
	"POST /staff/results/rules":          {made: (*world).newRule, send: say("title", "A1c", "how", "after_hours", "hours", "24", "sensitive", "yes")},
	"POST /staff/results/rules/drop":     {made: (*world).testRule},
	"POST /staff/results/{id}/comment":   {send: say("text", "All is well."), apart: (*world).deskSeen},
	"POST /staff/results/{id}/hold":      {send: say("why", "call", "until", "", "note", "Call her."), apart: (*world).deskSeen},
	"POST /staff/results/{id}/mark":      {send: say("to", "sensitive"), apart: (*world).deskSeen},
	"POST /staff/results/{id}/release":   {apart: (*world).heldBack},
	"POST /staff/confirm":                {made: (*world).staffWithApp, send: say("next", "/staff/audit")},
	"POST /staff/setup/{token}":          {send: say("password", password)},
	"POST /staff/setup/{token}/app":      {apart: (*world).firstCode},
	"POST /staff/signin":                 {made: (*world).newEmail, send: say("password", password, "next", "")},
	"POST /staff/signin/cancel":          {made: (*world).staffHalfIn},
	"POST /staff/signin/step":            {made: (*world).staffHalfIn, send: say("code", "123456")},
	"POST /staff/signout":                {made: (*world).leaving},
	"POST /staff/twins/{id}":             {send: say("stays", ""), apart: func(_ *world, id string) url.Values { return say("stays", id) }},
	"POST /staff/undelivered/again":      {send: say("by", "mail")},
	"POST /staff/undelivered/{id}":       {send: say("how", "told")},
	"POST /staff/undelivered/{id}/again": {apart: (*world).wayAgain},
}

// pages has a line for each page that opens only in a certain state.
var pages = map[string]func(*world, person) state{
	"GET /enroll/second/app.png": (*world).withApp,
	"GET /enroll/recovery.txt":   (*world).shownRecovery,
	"GET /recover/second/qr":     (*world).newApp,
	"GET /recover/codes/file":    (*world).newCodes,
}

// systems are the addresses without a person, each with the reason why it needs none.
var systems = map[string]string{
	"POST /feeds/fhir":                 "programs with a token of their own; refused from browsers, with cookies or an origin",
	"GET /assets/":                     "files of the portal's own, the same for everybody",
	"GET /healthz":                     "tells that the process lives",
	"GET /readyz":                      "tells that the database answers",
	"GET /session/left":                "asks about the asker's own sessions, by their cookies",
	"POST /policy/reports":             "browsers tell what the content security policy kept from happening; counted by directive, nothing else is kept",
	"POST /session/extend":             "extends the asker's own sessions, by their cookies; another site is refused by its origin",
	"POST /callbacks/phone":            "reports of the text and voice service, believed with its signature only",
	"POST /callbacks/mail":             "reports of e-mails that came back, believed with the e-mail's own random identifier only, once",
	"POST /staff/signon/told":          "the clinic's sign-on tells that a session is over, believed with its signature only, once",
	"POST /shl/{address}":              "opens a link that a patient made: its address and passcode, five tries in all",
	"OPTIONS /shl/{address}":           "tells browsers that other sites' viewers may ask there",
	"GET /calendar/{token}/visits.ics": "a patient's calendar for programs: whoever has its secret, until the patient ends it",
	"GET /shl/file/{ticket}":           "a file of such a link for ten minutes, named by the answer before, encrypted",
	"GET /demo/outbox.json":            "the demo only",
	"GET /demo/outbox/mail":            "the demo only",
	"GET /clinic/{file}":               "the clinic's logo and colors, named by their hash, the same for everybody",
	"GET /favicon.ico":                 "the same for everybody",
	"GET /clinic/colour.css":           "the clinic's colour, the same for everybody",
}

// born are the fields of everybody's birth date here.
var born = say("birth_day", "1", "birth_month", "1", "birth_year", "1970")

// say makes fields of pairs of name and value.
func say(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func merge(all ...url.Values) url.Values {
	out := url.Values{}
	for _, v := range all {
		for k, x := range v {
			out[k] = x
		}
	}
	return out
}

// sampleOf finds how to make what the last parameter of a path names.
func sampleOf(path string) (func(*world, person) string, bool) {
	if f, ok := samples[path]; ok {
		return f, true
	}
	end := strings.LastIndexByte(path, '}')
	f, ok := samples[path[:end+1]]
	return f, ok
}

// ready makes everything for one genuine sending of a form: its path, fields and cookies.
func (w *world) ready(t web.Route, f form) (path string, fields url.Values, c cookies) {
	var s state
	if f.made != nil {
		s = f.made(w, w.own)
	}
	c = w.role(w.firstRole(t))
	maps.Copy(c, s.cookies)
	if t.Raised {
		w.raise(c[web.SessionCookie])
		w.raise(c[web.StaffCookie])
	}
	path = t.Path
	if strings.Contains(path, "{") {
		make, _ := sampleOf(path)
		id := make(w, w.own)
		if f.apart != nil {
			s.send = merge(s.send, f.apart(w, id))
		}
		path = fill(path, id)
	}
	return path, merge(f.send, s.send), c
}

// fill puts identifiers in place of a path's parameters, in order.
func fill(path, ids string) string {
	for _, id := range strings.Fields(ids) {
		open, end := strings.IndexByte(path, '{'), strings.IndexByte(path, '}')
		path = path[:open] + id + path[end+1:]
	}
	return path
}

// cookie names of half-way sign-ins.
const (
	signInCookie = account.SignInCookie
	stepCookie   = staff.StepCookie
	byMail       = enroll.BySecondEmail
)
