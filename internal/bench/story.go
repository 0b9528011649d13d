package bench

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/audit"
	"portico/internal/demo"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/staff"
	"portico/internal/store"
)

// What people do before they get to a page.

const newPassword = "orchard kettle seven 42"

func born(card demo.PersonCard) []string {
	d := strings.Split(card.Birth, "-")
	return []string{"birth_year", d[0], "birth_month", strings.TrimPrefix(d[1], "0"), "birth_day", strings.TrimPrefix(d[2], "0")}
}

// named finds somebody of the cast by what is special about them.
func (w *walk) named(why string) demo.PersonCard {
	for _, p := range w.cards.Patients {
		if p.Why == why {
			return p
		}
	}
	return demo.PersonCard{}
}

func enterPassword(_ context.Context, w *walk, g *guest) error {
	a := w.cards.Accounts[1]
	return g.post("/signin", "/signin", "username", a.UserName, "password", a.Password)
}

func confirmPassword(_ context.Context, w *walk, g *guest) error {
	return g.post(access.ConfirmPath, access.ConfirmPath, "password", w.cards.Accounts[0].Password)
}

// raiseDesk proves again who somebody at the desk is.
func raiseDesk(p who) func(context.Context, *walk, *guest) error {
	return func(_ context.Context, w *walk, g *guest) error {
		w.later(time.Minute)
		code, err := w.totp(w.colleague(p).Secret)
		if err != nil {
			return err
		}
		return g.post(access.StaffConfirmPath, access.StaffConfirmPath, "code", code)
	}
}

func addApp(_ context.Context, _ *walk, g *guest) error {
	return g.post("/account/steps/add", "/account/steps/add", "how", "totp")
}

func makeCodes(_ context.Context, _ *walk, g *guest) error {
	return g.post("/account/recovery", "/account/recovery")
}

func newEmail(_ context.Context, _ *walk, g *guest) error {
	return g.post("/account/contacts/email", "/account/contacts/email", "contact", "new.address@example.org")
}

func newPhone(_ context.Context, _ *walk, g *guest) error {
	return g.post("/account/contacts/phone", "/account/contacts/phone", "contact", "413-555-0188")
}

func enterStaff(_ context.Context, w *walk, g *guest) error {
	s := w.cards.Staff[1]
	return g.post("/staff/signin", "/staff/signin", "email", s.Email, "password", s.Password)
}

func tryNumber(_ context.Context, w *walk, g *guest) error {
	p := w.named("knows only the number")
	return g.post("/enroll/number", "/enroll/number", append(born(p), "number", p.Number)...)
}

func askClinic(_ context.Context, w *walk, g *guest) error {
	p := w.named("has no contact on file")
	return g.post("/enroll/request", "/enroll/request", append(born(p), "given", p.Given, "family", p.Family, "sex", "female",
		"address_street", "1 River Road", "address_city", "Riverside", "address_state", "MA", "address_zip", "01001",
		"email", "ruth.new@example.org", "phone", "413-555-0177", "reach", "phone")...)
}

func openCode(_ context.Context, w *walk, g *guest) error {
	c := w.cards.Codes[0]
	return g.post("/enroll/code", "/enroll/code", append(born(c.PersonCard), "code", c.Code)...)
}

func chooseUser(_ context.Context, _ *walk, g *guest) error {
	return g.post("/enroll/user", "/enroll/user", "username", "walter.river", "password", newPassword, "again", newPassword)
}

func chooseMail(_ context.Context, _ *walk, g *guest) error {
	return g.post("/enroll/second", "/enroll/second", "how", "email")
}

func giveMail(_ context.Context, _ *walk, g *guest) error {
	return g.post("/enroll/second/contact", "/enroll/second/contact", "contact", "walter.new@example.org")
}

func chooseApp(_ context.Context, _ *walk, g *guest) error {
	return g.post("/enroll/second", "/enroll/second", "how", "totp")
}

// typed finds an authenticator's secret, shown for typing in groups.
var typed = regexp.MustCompile(`<span>([A-Z2-7]{4})\s*</span>`)

func proveApp(_ context.Context, w *walk, g *guest) error {
	v, err := g.get("/enroll/second/app")
	if err != nil {
		return err
	}
	key := ""
	for _, m := range typed.FindAllSubmatch(v.body, -1) {
		key += string(m[1])
	}
	code, err := w.totp(key)
	if err != nil {
		return err
	}
	return g.post("/enroll/second/app", "/enroll/second/app", "code", code)
}

func saveRecovery(_ context.Context, _ *walk, g *guest) error {
	return g.post("/enroll/recovery", "/enroll/recovery", "saved", "yes")
}

func acceptTerms(_ context.Context, _ *walk, g *guest) error {
	return g.post("/enroll/terms", "/enroll/terms", "terms", "yes", "privacy", "yes")
}

func comeLate(_ context.Context, w *walk, g *guest) error {
	if w.clock == nil {
		return errors.New("the clock of this clinic cannot be turned")
	}
	w.later(400 * 24 * time.Hour)
	c := w.cards.Codes[2]
	return g.post("/enroll/code", "/enroll/code", append(born(c.PersonCard), "code", c.Code)...)
}

var documentID = regexp.MustCompile(`name="id-terms" value="([^"]+)"`)

// document gives the address of the terms as somebody accepted them.
func document(_ context.Context, w *walk) (string, error) {
	g, err := w.person(patient)
	if err != nil {
		return "", err
	}
	v, err := g.get("/terms/accept")
	if err != nil {
		return "", err
	}
	m := documentID.FindSubmatch(v.body)
	if m == nil {
		return "", errors.New("the terms name no document")
	}
	return "/documents/" + html.UnescapeString(string(m[1])), nil
}

func codeLink(_ context.Context, w *walk) (string, error) { return pathOf(w.cards.Codes[3].Link) }

func pathOf(link string) (string, error) {
	u, err := url.Parse(link)
	if err != nil || u.Path == "" {
		return "", errors.New("there is no link")
	}
	return u.Path, nil
}

// setUpLink gives the link with which a new colleague begins.
func setUpLink(ctx context.Context, w *walk) (string, error) {
	if w.setUp == "" {
		_, link, err := w.app.Staff.Add(ctx, access.NewDuty("bench"), staff.Newcomer{Name: "Robin Vale", Email: "robin@riverside.example", Roles: []access.Role{access.FrontDesk}, Lang: lang.En})
		if err != nil {
			return "", err
		}
		w.setUp = link.Path
	}
	return w.setUp, nil
}

func choosePassword(ctx context.Context, w *walk, g *guest) error {
	path, err := setUpLink(ctx, w)
	if err != nil {
		return err
	}
	return g.post(path, path, "password", newPassword)
}

func setUpApp(ctx context.Context, w *walk) (string, error) {
	path, err := setUpLink(ctx, w)
	return path + "/app", err
}

func setUpImage(ctx context.Context, w *walk) (string, error) {
	path, err := setUpLink(ctx, w)
	return path + "/qr", err
}

// patientPage gives the page of somebody who holds no code yet.
func patientPage(ctx context.Context, w *walk) (string, error) {
	id, err := w.app.Registry.Numbered(ctx, access.NewDuty("bench"), w.named("was called Carter before").Number)
	return "/staff/patients/" + string(id), err
}

func issuePage(ctx context.Context, w *walk) (string, error) {
	path, err := patientPage(ctx, w)
	return path + "/issue", err
}

// notMeLink finds the link that the new account's owner was sent.
func notMeLink(ctx context.Context, w *walk) (string, error) {
	err := w.mailed(ctx, func(_ string, links []string) bool {
		for _, l := range links {
			if strings.Contains(l, "/not-me/") {
				w.notMe, _ = pathOf(l)
			}
		}
		return w.notMe != ""
	})
	if err != nil {
		return "", fmt.Errorf("a link to say that it was somebody else: %w", err)
	}
	return w.notMe, nil
}

// heldBack is the account that joinRecords has held back.
const heldBack = `SELECT account_id FROM account_twin WHERE settled_at IS NULL`

// joinRecords makes two people with accounts one, as far as accounts can tell.
func joinRecords(ctx context.Context, w *walk, _ *guest) error {
	duty, all := access.NewDuty("bench"), w.cards.Accounts
	var who [2]ids.Patient
	for i := range who {
		var err error
		if who[i], err = w.app.Registry.Numbered(ctx, duty, all[len(all)-1-i].Number); err != nil {
			return err
		}
	}
	return w.app.DB.Change(ctx, duty.Did(audit.PatientsMerged, string(who[0])), func(tx *store.Tx) error {
		return w.app.Registry.Follower.Follow(ctx, tx, who[0], who[1])
	})
}

func twinPage(ctx context.Context, w *walk) (path string, err error) {
	err = w.app.DB.View(ctx, func(tx *store.Tx) error {
		id, err := store.Get(ctx, tx, store.One[string], heldBack)
		path = "/staff/twins/" + id
		return err
	})
	return path, err
}

func disown(_ context.Context, w *walk, _ *guest) error {
	g, err := w.person(visitor)
	if err != nil {
		return err
	}
	return g.post(w.notMe, w.notMe)
}

// notePage finds the page of the newest note of the patient's record.
func notePage(w *walk) (*guest, string, error) {
	g, err := w.person(patient)
	if err != nil {
		return nil, "", err
	}
	v, err := g.get("/records/part?of=notes")
	if err != nil {
		return nil, "", err
	}
	href := v.link("/records/item/{id}", "")
	if href == "" {
		err = errors.New("the patient has no note")
	}
	return g, href, err
}

func noteFile(_ context.Context, w *walk) (string, error) {
	_, href, err := notePage(w)
	return href + "/file?n=0", err
}

func correctNote(_ context.Context, w *walk) (string, error) {
	_, href, err := notePage(w)
	return href + "/correct", err
}

func askCorrection(_ context.Context, w *walk, g *guest) error {
	_, href, err := notePage(w)
	if err != nil {
		return err
	}
	return g.post(href+"/correct", href+"/correct", "wanted", "I came in the morning, not in the evening.")
}

func shareByLink(_ context.Context, _ *walk, g *guest) error {
	v, err := g.get("/records/share")
	if err != nil {
		return err
	}
	form := v.hidden("/records/share")
	form.Set("what", "summary")
	form.Set("life", "day")
	made, err := g.send(http.MethodPost, "/records/share", form) // answers with the link itself
	if err == nil && made.status != http.StatusOK {
		err = fmt.Errorf("the form of links answered %d", made.status)
	}
	return err
}

func askForACopy(ctx context.Context, w *walk, g *guest) error {
	if err := g.post("/records/download", "/records/download", "section", "all", "format", "text"); err != nil {
		return err
	}
	return w.app.Jobs.Drain(ctx)
}

// finishedCopy is the file of the copy that was asked for.
func finishedCopy(_ context.Context, w *walk) (string, error) {
	g, err := w.person(confirmed)
	if err != nil {
		return "", err
	}
	v, err := g.get("/records/download")
	if err != nil {
		return "", err
	}
	return v.link("/records/download/{id}", "") + "/file", nil
}

// textedCode is the end of a text message with a code, which phones read.
var textedCode = regexp.MustCompile(`#(\d{6})\s*$`)

// provePhone confirms the phone number that was given last: it waits for the
// desk then.
func provePhone(ctx context.Context, w *walk, _ *guest) error {
	g, err := w.person(confirmed)
	if err != nil {
		return err
	}
	code := ""
	if err := w.mailed(ctx, func(text string, _ []string) bool {
		if m := textedCode.FindStringSubmatch(text); m != nil {
			code = m[1]
		}
		return code != ""
	}); err != nil {
		return err
	}
	return g.post("/account/contacts/phone/confirm", "/account/contacts/phone/confirm", "code", code)
}

func noPasskey(context.Context, *walk) (string, error) { return "/account/passkeys/psk_none", nil }

// colleaguesPasskeys is the page about a colleague's passkeys.
func colleaguesPasskeys(_ context.Context, w *walk) (string, error) {
	g, err := w.person(administrator)
	if err != nil {
		return "", err
	}
	v, err := g.get("/staff/people")
	if err != nil {
		return "", err
	}
	return v.link("/staff/people/{id}", "Jordan Kim") + "/passkeys", nil
}

// loseMessage lets a text fail: the day's cap is used up.
func loseMessage(ctx context.Context, w *walk, _ *guest) error {
	most := w.app.Outbox.DailyCap
	w.app.Outbox.DailyCap = 0
	defer func() { w.app.Outbox.DailyCap = most }()
	for _, c := range w.cards.Accounts {
		p, err := w.app.Registry.Numbered(ctx, access.NewDuty("bench"), c.Number)
		if err != nil {
			return err
		}
		if err := w.app.DB.Change(ctx, access.NewDuty("bench").Did(audit.NoticeQueued, string(p)), func(tx *store.Tx) error {
			_, err := w.app.Accounts.Tell(ctx, tx, account.Told{Patient: p, Notice: notify.RequestAnswered{}, Key: "bench:lost"})
			return err
		}); err != nil {
			return err
		}
	}
	return w.work(ctx)
}
