package emergency_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

// A clinician's emergency from the patient's page to the review and the patient's own log.
func TestAnEmergencyByItsPages(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		doctor, admin := k.hire("Priya Raman", "clinician"), k.hire("Sam Whitfield", "administrator")
		b, path := doctor.browser(), "/staff/patients/"+string(k.patient)
		ask := b.Get(b.Get(path).Want(200, "Maria Alvarez").Attr(`a[href$="/emergency"]`, "href")).Want(200, "Open a chart without a task")
		if bad := ask.Submit("main form", "reason", "urgent"); bad.Status != 422 || !bad.Has("#reason-error") || !bad.Has("#code-error") || !strings.Contains(bad.Text("#reason"), "urgent") {
			t.Errorf("%d %q", bad.Status, bad.Text(".errsum"))
		}
		chart := b.Get(path+"/emergency").Submit("main form", "reason", why, "code", k.code())
		if !strings.HasPrefix(chart.Path, "/staff/chart/emg_") || !strings.Contains(chart.Text("main"), "Maria Alvarez") || strings.Contains(chart.Text("main"), "Penicillin") {
			t.Fatalf("%s %q", chart.Path, chart.Text("main"))
		}
		for part, want := range map[string]string{"results": "6.4 mmol/L (Very high)", "vitals": "88", "allergies": "Active"} {
			p := b.Get(chart.Path + "?of=" + part)
			if got := strings.ReplaceAll(p.Text("#chartlist"), "\u00a0", " "); p.Status != 200 || !strings.Contains(got, want) {
				t.Errorf("%s: %d %q", part, p.Status, got)
			}
		}
		if p := b.Get(chart.Path + "?of=made-up"); p.Status != 404 {
			t.Errorf("a part there is none of: %d", p.Status)
		}
		if back := b.Get(b.Get(path).Attr(`.rail a[href="/staff/chart"]`, "href")); back.Path != chart.Path {
			t.Errorf("the rail leads to %s", back.Path)
		}
		other := k.hire("Lee Ortiz", "clinician").browser()
		if p := other.Get("/staff"); p.Has(`.rail a[href="/staff/chart"]`) || !strings.Contains(other.Get("/staff/chart").Text("main"), "no chart open") {
			t.Error("a colleague's rail leads to a chart they have not opened")
		}
		if p := admin.browser().Get(chart.Path); p.Status != 404 {
			t.Errorf("an administrator reads along: %d", p.Status)
		}
		k.reviews(t, admin)
		k.reads(t)
		ended := chart.Submit(`form[action$="/end"]`)
		if ended.Path != path+"/emergency" || !strings.Contains(ended.Text(".note-ok"), "closed") {
			t.Errorf("%s %q", ended.Path, ended.Text("main"))
		}
		if b.Get("/staff").Has(`.rail a[href="/staff/chart"]`) {
			t.Error("the rail still leads to it")
		}
		if late := b.Get(chart.Path); late.Path != path+"/emergency" || !strings.Contains(late.Text("main"), "The hour is over") {
			t.Errorf("afterwards %s %q", late.Path, late.Text("main"))
		}
	})
}

// reviews walks what an administrator does about it.
func (k *clinic) reviews(t *testing.T, admin colleague) {
	b := admin.browser()
	home := b.Get("/staff").Want(200, "Desk")
	list := b.Get(home.Attr(`main a[href="/staff/emergencies"]`, "href")).Want(200, "Charts opened without a task")
	for _, want := range []string{"Priya Raman", "Maria Alvarez", "MR-1001", why} {
		if !strings.Contains(list.Text("main"), want) {
			t.Errorf("the case says %q", list.Text("main"))
		}
	}
	if strings.Contains(list.Text("main"), string(k.patient)) {
		t.Error("the case shows an identifier of the inside")
	}
	id := k.one(`SELECT id FROM chart_opening`)
	if bad := list.Submit("main form"); bad.Status != 422 || !strings.Contains(bad.Text(".errsum"), "Choose") {
		t.Errorf("no verdict: %d %q", bad.Status, bad.Text(".errsum"))
	}
	done := b.Get("/staff/emergencies").Submit("main form", "verdict-"+id, "justified")
	if done.Status != 200 || done.Text(".note-ok") == "" || done.Has("main form") {
		t.Errorf("%d %q", done.Status, done.Text("main"))
	}
	if p := b.Get("/staff/emergencies?tab=done"); !strings.Contains(p.Text("main"), "It was justified") {
		t.Errorf("reviewed: %q", p.Text("main"))
	}
	if p := b.Get("/staff"); p.Has(`main a[href="/staff/emergencies"]`) {
		t.Error("the desk still says that one waits")
	}
}

// reads opens the patient's own log, in both languages.
func (k *clinic) reads(t *testing.T) {
	var token string
	k.change(func(tx *store.Tx) (err error) {
		token, _, err = k.app.Gate.StartSession(ctx, tx, access.SignedIn{Account: k.account, Patient: k.patient, Source: "198.51.100.4"})
		return err
	})
	b := k.b.Other()
	b.SetCookie(web.SessionCookie, token)
	for _, l := range lang.All {
		p := b.Get("/records/access?lang=" + string(l))
		for _, key := range []string{"trail.did.emergency.opened", "trail.did.record.opened.emergency", "trail.did.emergency.reviewed"} {
			if !strings.Contains(p.Text("main"), l.T(key)) {
				t.Errorf("%s: %d: no %q in %.2000q", l, p.Status, l.T(key), p.Text("main"))
			}
		}
		if !strings.Contains(p.Text("main"), "Priya Raman") || strings.Contains(p.Text("main"), "fell") {
			t.Errorf("%s: the patient does not learn who, or learns the reason", l)
		}
	}
}

// Who may not open charts without a task is not led there and finds nothing.
func TestOthersAreNotLedToAnEmergency(t *testing.T) {
	k := open(t, testkit.MigratedSQLite(t))
	path := "/staff/patients/" + string(k.patient)
	for role, want := range map[string]int{"front_desk": 404, "auditor": 404, "administrator": 404, "records": 200} {
		b := k.hire("Somebody", role).browser()
		if p := b.Get(path + "/emergency"); p.Status != want {
			t.Errorf("%s: %d", role, p.Status)
		}
		if p := b.Get(path); p.Status == http.StatusOK && p.Has(`a[href$="/emergency"]`) != (want == 200) {
			t.Errorf("%s is led otherwise than they may go", role)
		}
	}
	k.change(func(tx *store.Tx) error { // who has an account needs no code
		_, err := tx.Exec(ctx, `UPDATE account SET state = 'closed' WHERE id = $1`, k.account)
		return err
	})
	k.clinicianIsNotLedToCodes(t, path)
}

// Who may not make codes sees neither the button nor the codes.
func (k *clinic) clinicianIsNotLedToCodes(t *testing.T, path string) {
	for role, may := range map[string]bool{"clinician": false, "records": false, "front_desk": true} {
		b := k.hire("Somebody", role).browser()
		p := b.Get(path).Want(200, "Maria Alvarez")
		if p.Has(`a[href$="/issue"]`) != may || p.Has("#codes") != may {
			t.Errorf("%s: button %v, codes %v", role, p.Has(`a[href$="/issue"]`), p.Has("#codes"))
		}
		for _, a := range links(p) {
			if got := b.Get(a); got.Status != 200 {
				t.Errorf("%s is led to %s, which answers %d", role, a, got.Status)
			}
		}
	}
}

func links(p *testkit.Page) (out []string) {
	for _, n := range p.All("main a[href^='/staff']") {
		for _, a := range n.Attr {
			if a.Key == "href" {
				out = append(out, a.Val)
			}
		}
	}
	return out
}

// Whoever signs in elsewhere has no code: they prove there anew who they are, and
// what they typed meanwhile is kept.
func TestStaffWhoSignInElsewhere(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		doctor := k.hire("Priya Raman", "clinician")
		k.hire("Sam Whitfield", "administrator")
		doctor.elsewhere()
		b, path := doctor.browser(), "/staff/patients/"+string(k.patient)+"/emergency"
		ask := b.Get(path).Want(200, "Open a chart without a task")
		if ask.Has("main form") || ask.Attr(`main a[href^="/staff/signon/again"]`, "href") != "/staff/signon/again?next="+path {
			t.Errorf("before proving: %q", ask.Text("main"))
		}
		if _, err := k.Open(ctx, doctor.desk(access.OpenCharts), k.patient, why, k.code()); err == nil || k.openings() != "0" {
			t.Errorf("opened with a code of an authenticator that is gone: %v", err)
		}
		k.change(func(tx *store.Tx) (err error) {
			doctor.token, err = k.app.Gate.RaiseStaff(ctx, tx, doctor.token, doctor.id, "")
			return err
		})
		b = doctor.browser()
		page := b.Get(path)
		if page.Has("#code") || page.Has(`main a[href^="/staff/signon/again"]`) {
			t.Errorf("asked again: %q", page.Text("main"))
		}
		k.c.Move(access.RaisedFor)
		if bad := page.Submit("main form", "reason", why); bad.Status != 422 || !strings.Contains(bad.Text("#reason"), why) || !bad.Has(`main a[href^="/staff/signon/again"]`) {
			t.Errorf("after ten minutes: %d %q", bad.Status, bad.Text("main"))
		}
		k.change(func(tx *store.Tx) (err error) {
			doctor.token, err = k.app.Gate.RaiseStaff(ctx, tx, doctor.token, doctor.id, "")
			return err
		})
		b = doctor.browser()
		if chart := b.Get(path).Submit("main form", "reason", why); !strings.HasPrefix(chart.Path, "/staff/chart/emg_") {
			t.Errorf("%s %q", chart.Path, chart.Text("main"))
		}
	})
}

// Where nobody else could review it, that is said: before it is opened, and where
// people are set up.
func TestNobodyToReviewIsSaid(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		doctor := k.hire("Priya Raman", "clinician,administrator")
		path, says := "/staff/patients/"+string(k.patient)+"/emergency", lang.En.T("emergency.ask.alone")
		gap := func() bool {
			alone, err := k.app.Staff.NobodyReviews(ctx, duty)
			if err != nil {
				t.Error(err)
			}
			return alone
		}
		if b := doctor.browser(); !strings.Contains(b.Get(path).Text("main"), says) || !strings.Contains(b.Get("/staff/people").Text("main"), lang.En.T("emergency.people.alone")) || !gap() {
			t.Error("nothing is said of nobody to review")
		}
		auditor := k.hire("Ida Moss", "auditor")
		if b := doctor.browser(); strings.Contains(b.Get(path).Text("main"), says) || strings.Contains(b.Get("/staff/people").Text("main"), lang.En.T("emergency.people.alone")) || gap() {
			t.Error("with an auditor it is still said")
		}
		doctor.opens()
		if k.told(auditor.email, "without a task") != 1 || k.told(doctor.email, "without a task") != 0 {
			t.Error("the alarm reached others than the auditor")
		}
	})
}

// Staff are written to in the language they read the console in.
func TestStaffAreToldInTheirLanguage(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		doctor, admin, auditor := k.hire("Priya Raman", "clinician"), k.hire("Sam Whitfield", "administrator"), k.hire("Ida Moss", "auditor")
		admin.browser().Get("/staff?lang=es")
		doctor.opens()
		k.change(func(tx *store.Tx) error {
			return errors.Join(k.app.Staff.Tell(ctx, tx, admin.id, notify.StaffPasskey{At: tx.Now, What: "added"}), k.app.Staff.Tell(ctx, tx, auditor.id, notify.StaffPasskey{At: tx.Now, What: "added"}))
		})
		for to, l := range map[string]lang.Lang{admin.email: lang.Es, auditor.email: lang.En} {
			if k.told(to, l.T("emergency.mail.alarm.title")) != 1 || k.told(to, l.T("staff.mail.passkey.title")) != 1 {
				t.Errorf("%s is not written to in %s", to, l)
			}
		}
	})
}

// A note and what came with it are read within the hour, by nobody else, each with
// its line; its bytes are handed out inert.
func TestNotesInAnEmergency(t *testing.T) {
	each(t, func(t *testing.T, k *clinic) {
		doctor, colleague := k.hire("Priya Raman", "clinician"), k.hire("Jo Reyes", "clinician")
		chart := "/staff/chart/" + string(doctor.opens())
		b := doctor.browser()
		note := b.Get(chart+"?of=notes").Want(200, "Chart opened in an emergency").Attr("#chartlist a", "href")
		read := k.lines("record.opened", "done")
		p := b.Get(note).Want(200, "Discharge summary")
		if !strings.Contains(p.Text("main"), "Takes warfarin.") || k.lines("record.opened", "done") == read {
			t.Errorf("no text, or no line: %q", p.Text("main"))
		}
		for n, mime := range map[string]string{"0": "text/plain; charset=utf-8", "1": "application/octet-stream"} {
			f := b.Get(note + "/file?n=" + n)
			if f.Status != 200 || f.Header.Get("Content-Type") != mime || !strings.HasPrefix(f.Header.Get("Content-Disposition"), "attachment") || !strings.Contains(f.Header.Get("Content-Security-Policy"), "sandbox") {
				t.Errorf("file %s: %d %v", n, f.Status, f.Header)
			}
		}
		for path, who := range map[string]*testkit.Browser{note + "/file?n=2": b, note + "/file?n=x": b, chart + "/entry/res_none": b, note: colleague.browser(), note + "/file": colleague.browser()} {
			if got := who.Get(path); got.Status != 404 {
				t.Errorf("%s: %d", path, got.Status)
			}
		}
		k.c.Move(access.EmergencyFor)
		k.change(func(tx *store.Tx) (err error) {
			doctor.token, err = k.app.Gate.StartStaffSession(ctx, tx, doctor.id, access.NewVisitor("127.0.0.1", "test"))
			return err
		})
		b = doctor.browser()
		for _, path := range []string{note, note + "/file?n=0"} {
			if late := b.Get(path); !strings.HasSuffix(late.Path, "/emergency") || strings.Contains(late.Text("main"), "warfarin") {
				t.Errorf("after the hour %s answers %d at %s", path, late.Status, late.Path)
			}
		}
	})
}
