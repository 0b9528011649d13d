package attack

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/enroll"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/record"
	"portico/internal/registry"
	"portico/internal/secret"
	"portico/internal/sharing"
	"portico/internal/staff"
	"portico/internal/store"
	"portico/internal/web"
)

// What the tables name. Each makes something new.

// given makes a code for somebody new and gives it in clear.
func (w *world) given(by enroll.Channel) (person, enroll.Revealed) {
	p := w.newcomer()
	return p, must(w.app.Enroll.IssueByDuty(ctx, duty, enroll.Order{Patient: p.id, By: by}))
}

func (w *world) codeLink(person) string {
	_, r := w.given(enroll.ByHand)
	return r.Link[strings.LastIndexByte(r.Link, '/')+1:]
}

// code is one that the front desk made a moment ago and has not shown yet.
func (w *world) code(person) string {
	return string(must(w.app.Enroll.Issue(ctx, w.proof("front_desk", access.IssueCodes), enroll.Order{Patient: w.newcomer().id, By: enroll.ByHand})))
}

func (w *world) document(person) string {
	return w.one(`SELECT id FROM terms_document ORDER BY id LIMIT 1`)
}

func (w *world) notMe(person) (token string) {
	of := w.member()
	w.change(func(tx *store.Tx) error {
		path, err := w.app.Accounts.NotMe(ctx, tx, of.account, "opened")
		token = strings.TrimPrefix(string(path), "/not-me/")
		return err
	})
	return token
}

func (w *world) frozen(person) string {
	of := w.member()
	var token string
	w.change(func(tx *store.Tx) error {
		path, err := w.app.Accounts.NotMe(ctx, tx, of.account, "opened")
		token = strings.TrimPrefix(string(path), "/not-me/")
		return err
	})
	if err := w.app.Accounts.Disown(ctx, visitor(), token); err != nil {
		w.t.Fatal(err)
	}
	return string(of.account)
}

// twins is the account held back of two that somebody has since their records
// were joined.
func (w *world) twins(person) string {
	a, b := w.member(), w.member()
	const system = "http://hospital.example"
	rep, err := w.app.Registry.Import(ctx, duty, []registry.Incoming{{Numbers: []registry.Number{{System: system, Value: a.number, Usage: registry.Current}},
		Names: []registry.Name{{Usage: registry.Current, Given: "Wanda", Family: surname()}}, Birth: a.birth, Sex: "female", Active: true,
		Links: []registry.Link{{Kind: registry.ReplacedBy, Number: registry.Number{System: system, Value: b.number}}}}}, registry.Options{})
	if err != nil || rep.Merged != 1 {
		w.t.Fatalf("import: %v %+v", err, rep)
	}
	return string(a.account)
}

func (w *world) setUpLink(person) string {
	_, link, err := w.app.Staff.Add(ctx, duty, staff.Newcomer{Name: "Nell New", Email: fmt.Sprintf("n%d@clinic.example", next()), Roles: []access.Role{access.FrontDesk}})
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.TrimPrefix(link.Path, "/staff/setup/")
}

// setUpHalf is a set-up link whose password is chosen.
func (w *world) setUpHalf(of person) string {
	token := w.setUpLink(of)
	if err := w.app.Staff.ChoosePassword(ctx, visitor(), token, password); err != nil {
		w.t.Fatal(err)
	}
	return token
}

// request is an identity request that waits to be decided.
func (w *world) request() string {
	before := w.list(`SELECT id FROM identity_request`)
	if _, err := w.app.Enroll.Ask(ctx, visitor(), enroll.Claim{Given: "Ada", Family: surname(), Birth: "1970-01-01", Email: fmt.Sprintf("ada%d@example.com", next()), Reach: "email"}, lang.En); err != nil {
		w.t.Fatal(err)
	}
	w.work()
	for _, id := range w.list(`SELECT id FROM identity_request`) {
		if !strings.Contains(strings.Join(before, " "), id) {
			return id
		}
	}
	w.t.Fatal("the request is not there")
	return ""
}

// surname is a name nobody has had before, of letters: others are not compared.
func surname() string {
	name := []byte("Q")
	for n := next(); n > 0; n /= 26 {
		name = append(name, byte('a'+n%26))
	}
	return string(name)
}

func (w *world) list(query string) (out []string) {
	if err := w.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = store.List(ctx, tx, store.One[string], query)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return out
}

// work runs the background work that is ready.
func (w *world) work() {
	w.t.Helper()
	if err := w.app.Jobs.Drain(ctx); err != nil {
		w.t.Fatal(err)
	}
}

// undelivered is a notice that the mail server refused.
func (w *world) undelivered(person) string {
	id, of := "", w.newcomer() // one address gets only so much in a day
	w.change(func(tx *store.Tx) error {
		n := notify.Message{To: of.mail, Channel: notify.Mail, Lang: lang.En, Notice: notify.LetterSent{}, Patient: of.id}
		if got, err := w.app.Outbox.Send(ctx, tx, n); err != nil || got != notify.Queued {
			return fmt.Errorf("%s %v", got, err)
		}
		var err error
		id, err = store.Get(ctx, tx, store.One[string], `
			UPDATE outbox SET state = 'failed', why = 'mail_550', settled_at = $1, again_until = $2
			WHERE id = (SELECT MAX(id) FROM outbox WHERE kind = 'letter_sent' AND state = 'queued') RETURNING id`, store.Time(tx.Now), store.Time(tx.Now.Add(time.Hour)))
		return err
	})
	return id
}

// wayAgain is the contact to which an undelivered message can be sent again.
func (w *world) wayAgain(id string) url.Values {
	f := must(w.app.Outbox.Failed(ctx, w.proof("front_desk", access.SeeUndelivered), ids.Message(id)))
	return say("to", f.Ways[0].Key)
}

func (w *world) disable(id string) url.Values {
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE staff SET state = 'disabled' WHERE id = $1`, id)
		return err
	})
	return nil
}

// download is a finished copy of somebody's record.
func (w *world) download(of person) string {
	token := w.signedIn(of)
	w.raise(token)
	c, _, err := w.app.Gate.RaisedChart(ctx, token, access.DownloadRecords, "test", visitor())
	if err != nil {
		w.t.Fatal(err)
	}
	id := must(w.app.Sharing.Ask(ctx, c, sharing.Order{Format: sharing.Text, Lang: lang.En, Selection: sharing.Selection{Sections: []record.Section{record.Results}}}))
	w.work()
	// An account may ask for so many a day; the attacks need more.
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE download SET asked_at = $2 WHERE id = $1`, id, store.Time(tx.Now.Add(-24*time.Hour)))
		return err
	})
	return string(id)
}

// link is a link to a person's record.
func (w *world) link(of person) string {
	token := w.signedIn(of)
	w.raise(token)
	c, _, err := w.app.Gate.RaisedChart(ctx, token, access.ShareRecords, "test", visitor())
	if err != nil {
		w.t.Fatal(err)
	}
	// An account may have so many open at once; the attacks need more.
	w.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE share_link SET account_id = 'acc_gone' WHERE account_id = $1`, of.account)
		return err
	})
	made := must(w.app.Links.Make(ctx, c, sharing.LinkOrder{Lang: lang.En, Life: time.Hour, Selection: sharing.Selection{Sections: []record.Section{record.Results}}}))
	return string(made.ID)
}

// raisedSomebody is a patient who has just confirmed who they are.
func (w *world) raisedSomebody(of person) state {
	s := w.somebody(of)
	w.raise(s.cookies[web.SessionCookie])
	return s
}

// Half-way through something.

func (w *world) typedCode(person) state {
	_, r := w.given(enroll.ByHand)
	return state{send: merge(born, say("code", r.Text))}
}

func (w *world) typedNumber(person) state {
	return state{send: merge(born, say("number", w.newcomer().number, "work", ""))}
}

// somebody is a patient of whom nothing was changed yet.
func (w *world) somebody(person) state {
	return state{cookies: cookies{web.SessionCookie: w.signedIn(w.member())}}
}

func (w *world) newName(person) state { return state{send: say("family", surname())} }

func (w *world) newEmail(person) state {
	return state{send: say("email", fmt.Sprintf("nobody%d@clinic.example", next()))}
}

func (w *world) typedPassword(person) state {
	return state{send: say("username", w.member().userName, "password", password, "next", "")}
}

func (w *world) halfIn(person) state {
	return state{cookies: cookies{signInCookie: must(w.app.Accounts.Enter(ctx, visitor(), account.Entry{UserName: w.member().userName, Password: password}))}}
}

func (w *world) halfInByMail(of person) state {
	m := w.member()
	token := must(w.app.Accounts.Enter(ctx, visitor(), account.Entry{UserName: m.userName, Password: password}))
	return state{cookies: cookies{signInCookie: token}, send: say("method", w.one(`SELECT id FROM account_factor WHERE account_id = $1 AND kind = 'email'`, string(m.account)))}
}

// raise is as if the person had proven password and second step a moment ago.
func (w *world) raise(token string) {
	w.change(func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE session SET raised_at = $2 WHERE token_hash = $1`, secret.TokenHash(token), store.Time(tx.Now)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE staff_session SET raised_at = $2 WHERE token_hash = $1`, secret.TokenHash(token), store.Time(tx.Now))
		return err
	})
}

// confirming is a patient who has given their password again.
func (w *world) confirming(person) state {
	m := w.member()
	token := w.signedIn(m)
	c, _, err := w.app.Gate.Chart(ctx, token, access.ConfirmSelf, "test", visitor())
	if err == nil {
		err = w.app.Accounts.Confirm(ctx, c, account.Again{Password: password, Next: "/home"})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return state{cookies: cookies{web.SessionCookie: token}, send: say("method", w.one(`SELECT id FROM account_factor WHERE account_id = $1 AND kind = 'email'`, string(m.account)))}
}

// firstCode is what the app shows that the owner of a set-up link connected.
func (w *world) firstCode(token string) url.Values {
	_, typed := w.app.Staff.AppSecret(must(w.app.Staff.Opened(ctx, visitor(), token)), token)
	return say("code", secret.TOTP(unBase32(typed), w.c.Now()))
}

func (w *world) staffHalfIn(person) state {
	token := w.setUpHalf(w.own)
	u := must(w.app.Staff.Opened(ctx, visitor(), token))
	if err := w.app.Staff.ConfirmApp(ctx, visitor(), token, w.firstCode(token).Get("code"), lang.En); err != nil {
		w.t.Fatal(err)
	}
	half := must(w.app.Staff.Enter(ctx, visitor(), staff.Entry{Email: u.Email, Password: password}))
	return state{cookies: cookies{stepCookie: half}}
}

// Steps of opening an account.

func (w *world) asked(person) state {
	p := w.newcomer()
	return state{cookies: cookies{web.EnrolCookie: must(w.app.Enroll.TryNumber(ctx, visitor(), enroll.NumberTry{Number: p.number, Birth: p.birth, Lang: lang.En}))}}
}

// opened opens a code and gives the token of the way on.
func (w *world) opened(late bool) string {
	p, r := w.given(enroll.ByHand)
	if late {
		w.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE activation_code SET expires_at = $2 WHERE id = $1`, r.ID, store.Time(tx.Now))
			return err
		})
	}
	return must(w.app.Enroll.OpenCode(ctx, visitor(), enroll.CodeTry{Code: r.Text, Birth: p.birth, Lang: lang.En})).Token
}

func (w *world) late(person) state {
	return state{cookies: cookies{web.EnrolCookie: w.opened(true)}}
}

func (w *world) proven(person) state {
	return state{cookies: cookies{web.EnrolCookie: w.opened(false)}}
}

// then goes one step on.
func (w *world) then(s state, step func(a access.Applicant) error) state {
	w.t.Helper()
	a := must(w.app.Gate.Applicant(ctx, s.cookies[web.EnrolCookie], visitor()))
	if err := step(a); err != nil {
		w.t.Fatalf("a step: %v %+v", err, fault.Problems(err))
	}
	return s
}

func (w *world) named(of person) state {
	return w.then(w.proven(of), func(a access.Applicant) error {
		return w.app.Enroll.ChooseUser(ctx, a, fmt.Sprint("kettle.sings.", next()), password, password, lang.En)
	})
}

func (w *world) choseMail(of person) state {
	return w.then(w.named(of), func(a access.Applicant) error { return w.app.Enroll.ChooseSecond(ctx, a, byMail) })
}

func (w *world) typedContact(of person) state {
	s := w.choseMail(of)
	s.send = say("contact", fmt.Sprintf("second%d@example.com", next()))
	return s
}

func (w *world) withMail(of person) state {
	return w.then(w.choseMail(of), func(a access.Applicant) error {
		_, err := w.app.Enroll.SetContact(ctx, a, fmt.Sprintf("second%d@example.com", next()))
		return err
	})
}

var (
	shownKey = regexp.MustCompile(`(?s)id="app-key"[^>]*>(.*?)</p>`)
	tags     = regexp.MustCompile(`<[^>]*>`)
)

// withApp is somebody who was shown the secret for their app, with its first code.
func (w *world) withApp(of person) state {
	s := w.then(w.named(of), func(a access.Applicant) error { return w.app.Enroll.ChooseSecond(ctx, a, enroll.BySecondApp) })
	page := w.do(ask{method: "GET", path: "/enroll/second/app", cookies: s.cookies})
	m := shownKey.FindStringSubmatch(page.Body.String())
	if m == nil {
		w.t.Fatalf("no secret on the page: %d", page.Code)
	}
	s.send = say("code", secret.TOTP(unBase32(tags.ReplaceAllString(m[1], "")), w.c.Now()))
	return s
}

func unBase32(s string) []byte {
	var out []byte
	var bits, n uint
	for _, c := range s {
		v := strings.IndexRune("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", c)
		if v < 0 {
			continue
		}
		if bits, n = bits<<5|uint(v), n+5; n >= 8 {
			n -= 8
			out = append(out, byte(bits>>n))
		}
	}
	return out
}

func (w *world) shownRecovery(of person) state {
	s := w.withApp(of)
	code := s.send.Get("code")
	s.send = nil
	return w.then(s, func(a access.Applicant) error { return w.app.Enroll.ProveApp(ctx, a, code) })
}

func (w *world) atTerms(of person) state {
	s := w.then(w.shownRecovery(of), func(a access.Applicant) error { return w.app.Enroll.SaveRecovery(ctx, a, true) })
	s.send = say("terms", "yes", "privacy", "yes", "documents", w.documents())
	return s
}

func (w *world) documents() string {
	var out []string
	for _, d := range w.inForce() {
		out = append(out, string(d.ID))
	}
	return strings.Join(out, ",")
}

// mustAccept is a patient who has not accepted the terms in force.
func (w *world) mustAccept(person) state {
	p := w.stranger()
	docs := w.inForce()
	return state{cookies: cookies{web.SessionCookie: w.signedIn(p)}, send: say("terms", "yes", "privacy", "yes", "id-terms", string(docs[0].ID), "id-privacy", string(docs[1].ID), "next", "/home", "to", "/signout", "held", "")}
}

// leaving is a staff user whose session nothing else needs.
func (w *world) leaving(person) state {
	return state{cookies: cookies{web.StaffCookie: w.hire("administrator,auditor,front_desk").token}}
}

func (w *world) invited(person) state {
	return state{send: say("name", "Ivy Invited", "email", fmt.Sprintf("i%d@clinic.example", next()), "roles", "front_desk")}
}

func (w *world) approved(person) state {
	return state{send: say("patient", string(w.newcomer().id), "by", "letter", "number", "")}
}

func (w *world) called(person) state {
	p := w.newcomer()
	contact := w.one(`SELECT id FROM patient_contact WHERE patient_id = $1 AND kind = 'mobile'`, string(p.id))
	return state{send: say("contact", string(p.id)+" "+contact, "outcome", "reached", "evidence", "visit", "note", "Knew the day.")}
}

func (w *world) feed(person) string {
	id, _, err := w.app.Ingest.AddFeedByDuty(ctx, duty, fmt.Sprintf("lab %d", next()))
	return string(must(id, err))
}

func (w *world) newFeed(person) state { return state{send: say("name", fmt.Sprintf("lab %d", next()))} }

// broughtIn is a file of another clinic's about p.
func (w *world) broughtIn(p person) state {
	file := fmt.Sprintf(`{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"1","name":[{"family":%q,"given":["Wanda"]}],"birthDate":%q}},
		{"resource":{"resourceType":"AllergyIntolerance","id":"a%d","code":{"text":"Penicillin"},"patient":{"reference":"urn:uuid:1"}}}]}`,
		w.one(`SELECT family FROM patient WHERE id = $1`, p.id), p.birth, next())
	return state{send: say("number", p.number, "from", "Valley Hospital", uploaded, file)}
}

// importFault is something of a file that could not come in.
func (w *world) importFault(person) string {
	file := fmt.Sprintf("chart %d.json", next())
	if err := w.app.Registry.KeepFaults(ctx, duty, []string{file}, []registry.Refusal{{File: file, Entry: 1, Key: "record.refused.nobody"}}); err != nil {
		w.t.Fatal(err)
	}
	return w.one(`SELECT id FROM import_fault ORDER BY at DESC, id LIMIT 1`)
}
