package trail

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/explain"
	"portico/internal/fault"
	"portico/internal/fhir"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

const (
	ana = ids.Patient("pat_ana")
	ben = ids.Patient("pat_ben")
)

// Every action is either told to the patient in both languages or listed as
// untold with the reason; none is both, none is made up.
func TestEveryActionIsToldOrHasAReason(t *testing.T) {
	for _, g := range Groups() {
		for _, l := range lang.All {
			if _, ok := lang.Keys(l)["office.kind."+string(g)]; !ok {
				t.Errorf("%s: the group %s has no words", l, g)
			}
		}
	}
	for a := range audit.Sentences {
		how, told := shown[a]
		why, untold := unshown[a]
		if told == untold || untold && len(why) < 10 {
			t.Errorf("%s: told %v, untold %v %q", a, told, untold, why)
		}
		if !told {
			continue
		}
		if !slices.Contains(Topics, how.topic) {
			t.Errorf("%s has the topic %q", a, how.topic)
		}
		for _, l := range lang.All {
			if _, ok := lang.Keys(l)["trail.did."+string(a)]; !ok {
				t.Errorf("%s has no words in %s", a, l)
			}
			if _, ok := lang.Keys(l)["trail.many."+string(a)]; ok != how.folded {
				t.Errorf("%s is folded: %v, but has words for many in %s: %v", a, how.folded, l, ok)
			}
		}
	}
	for k := range lang.Keys(lang.En) {
		if a, ok := strings.CutPrefix(k, "trail.did."); ok && !slices.ContainsFunc(actionsOf(""), func(b audit.Action) bool { return a == string(b) || strings.HasPrefix(a, string(b)+".") }) {
			t.Errorf("the words %s are of no action", k)
		}
	}
	for a := range shown {
		if _, ok := audit.Sentences[a]; !ok {
			t.Errorf("%s is no action", a)
		}
	}
	for a := range unshown {
		if _, ok := audit.Sentences[a]; !ok {
			t.Errorf("%s is no action", a)
		}
	}
}

func TestOwnViewsAreFoldedAndOthersStandOut(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := newTrail(t, db)
		mine := chart(t, db, ana, access.SeeAccess) // one view
		clerk := desk(t, db, "front_desk", access.FindPatients)
		for range 5 {
			c.Move(time.Minute)
			write(t, db, view(ana), view(ben))
		}
		c.Move(time.Minute)
		write(t, db, clerk.Did(audit.PatientSeen, string(ana)).On(string(ana)))
		write(t, db, by(audit.ByAccount, "acc_other", audit.ChartOpened, ana, "GET /home"), by(audit.ByDuty, "app.sweep", audit.NoticeQueued, ana, ""))
		c.Move(time.Minute)
		write(t, db, view(ana))
		c.Move(24 * time.Hour)
		write(t, db, view(ana))
		out := reads(t, tr, mine, Wish{})
		if len(out.Events) != 4 || out.Next != "" {
			t.Fatalf("%d events, next %q: %+v", len(out.Events), out.Next, out.Events)
		}
		today, views := out.Events[0], out.Events[1]
		if today.Times != 1 || !today.Mine || views.Times != 7 || !views.First.Equal(testkit.Noon) || views.At.Sub(views.First) != 7*time.Minute {
			t.Errorf("today %+v, yesterday %+v", today, views)
		}
		if n := out.Events[2:]; !slices.ContainsFunc(n, func(e Event) bool {
			return e.Name == "Ana Clerk" && slices.Equal(e.Roles, []access.Role{access.FrontDesk})
		}) ||
			!slices.ContainsFunc(n, func(e Event) bool { return e.ActorID == "acc_other" && stranger(e) && e.Times == 1 }) {
			t.Errorf("others: %+v", n)
		}
		for name, w := range map[string]struct {
			Wish
			want int
		}{
			"clinic":  {Wish{People: Clinic}, 1},
			"me":      {Wish{People: Me}, 2},
			"shares":  {Wish{People: Links}, 0},
			"neither": {Wish{People: Links, Topic: TopicLooked}, 0},
			"looked":  {Wish{Topic: TopicLooked}, 4},
			"changed": {Wish{Topic: TopicChanged}, 0},
			"today":   {Wish{From: testkit.Noon.Add(12 * time.Hour)}, 1},
			"before":  {Wish{To: testkit.Noon.Add(12 * time.Hour)}, 3},
			"odd":     {Wish{After: "x_y"}, 4},
		} {
			if got := reads(t, tr, mine, w.Wish); len(got.Events) != w.want {
				t.Errorf("%s: %d events, want %d", name, len(got.Events), w.want)
			}
		}
		if _, err := tr.Mine(ctx, chart(t, db, ana, access.SeeHome), Wish{}); !fault.Is(err, fault.Denied) {
			t.Errorf("a chart opened for something else: %v", err)
		}
		if _, err := tr.ExportMine(ctx, chart(t, db, ana, access.SeeHome), Wish{}, Words{}); !fault.Is(err, fault.Denied) {
			t.Errorf("exported with a chart opened for something else: %v", err)
		}
		if _, err := tr.Guard(ctx, access.Chart{}); !fault.Is(err, fault.Denied) {
			t.Errorf("guard without a chart: %v", err)
		}
		for _, e := range reads(t, tr, chart(t, db, ben, access.SeeAccess), Wish{}).Events {
			if !e.Mine {
				t.Errorf("ben reads %+v", e)
			}
		}
	})
}

func TestPagesFollowWithoutGapsOrRepeats(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := newTrail(t, db)
		mine := chart(t, db, ana, access.SeeAccess)
		want := map[string]bool{}
		for i := range 2*mostEvents + 5 {
			if i%3 == 0 {
				c.Move(time.Second) // some lines share their moment
			}
			id := fmt.Sprint("line ", i)
			want[id] = true
			write(t, db, by(audit.ByStaff, "stf_x", audit.PatientSeen, ana, id))
			write(t, db, view(ana))
		}
		views, pages := 0, 0
		for w := (Wish{}); ; pages++ {
			got := reads(t, tr, mine, w)
			for _, e := range got.Events {
				switch {
				case e.Mine:
					views += e.Times
				case !want[e.Object]:
					t.Fatalf("%s twice", e.Object)
				}
				delete(want, e.Object)
			}
			if w.After = got.Next; w.After == "" {
				break
			}
		}
		if len(want) != 0 || pages != 2 || views != 2*mostEvents+5+1 {
			t.Errorf("%d lines missing, %d views, %d pages", len(want), views, pages+1)
		}
	})
}

// A test is called what its own page calls it.
func TestATestHasItsEverydayName(t *testing.T) {
	sugar, _ := explain.Lookup("2345-7", "es")
	panel, _ := explain.PanelOf("51990-0", "es")
	const sent = "Glucose [Mass/volume]"
	for code, want := range map[string]string{"2345-7": sugar.Name, "51990-0": panel.Name, "": sent, "0-0": sent} {
		if got := (Words{Lang: lang.Es, Zone: time.UTC}).thing(Event{Part: true, Title: sent, Code: code}); got != want || got == "" {
			t.Errorf("%q is called %q, want %q", code, got, want)
		}
	}
}

// A title is told only if the patient may read the part, and never another's.
func TestTitlesAreThePatientsOwnAndReleased(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := newTrail(t, db)
		parts := map[string]string{}
		for who, title := range map[ids.Patient]string{ana: "Asthma", ben: "Gout"} {
			b := record.Batch{Source: "River Lab", People: map[string]ids.Patient{"Patient/p": who}}
			for _, n := range []string{"", " held"} {
				for r, err := range fhir.Read("x.json", strings.NewReader(`{"resourceType":"Condition","id":"`+string(who)+strings.TrimSpace(n)+`","code":{"text":"`+title+n+`"},"subject":{"reference":"Patient/p"}}`), fhir.ForHTTP) {
					if err != nil {
						t.Fatal(err)
					}
					b.Resources = append(b.Resources, r)
				}
			}
			if rep, err := (&record.Records{DB: db}).Take(ctx, duty, b); err != nil || rep.New != 2 {
				t.Fatal(rep, err)
			}
			if err := db.Change(ctx, duty.Did(audit.ResultHeld, ""), func(tx *store.Tx) error {
				rows, _, err := record.List(ctx, tx, duty.Whole(who), record.Query{})
				for _, r := range rows {
					parts[r.Title] = string(r.ID)
					if strings.HasSuffix(r.Title, "held") && err == nil {
						err = record.SetRelease(ctx, tx, duty.Whole(who), r.ID, record.Release{At: r.ReleaseAt, Why: r.ReleaseWhy, Sensitive: r.Sensitive}, record.Release{At: c.Now().Add(time.Hour), Why: "review"})
					}
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		for _, title := range []string{"Asthma", "Asthma held", "Gout"} {
			write(t, db, by(audit.ByStaff, "stf_x", audit.ResultCommented, ana, parts[title]))
		}
		w := Words{Lang: lang.En, Zone: time.UTC}
		var got []string
		for _, e := range reads(t, tr, chart(t, db, ana, access.SeeAccess), Wish{}).Events {
			got = append(got, w.what(e))
		}
		slices.Sort(got)
		part := "Wrote a comment on a result: a part of your record"
		want := []string{"Looked at 1 page", "Took in health records of yours: River Lab", "Wrote a comment on a result: Asthma", part, part}
		if !slices.Equal(got, want) {
			t.Errorf("%q, want %q", got, want)
		}
	})
}

func TestWhoIsSaidInWords(t *testing.T) {
	w := Words{Lang: lang.En, Zone: time.UTC, Session: "ses_1"}
	me := view(ana)
	me.Session = "ses_1"
	for _, c := range []struct {
		e               Event
		who, what, from string
	}{
		{Event{Entry: me, Mine: true, Times: 1}, "You", "Looked at 1 page", "This device (198.51.100.4)"},
		{Event{Entry: me, Mine: true, Times: 12}, "You", "Looked at 12 pages", "Internet address 198.51.100.4"},
		{Event{Entry: me, Times: 1}, "Another sign-in to your record", "Looked at 1 page", "Internet address 198.51.100.4"},
		{Event{Entry: by(audit.ByStaff, "stf_1", audit.PatientSeen, ana, string(ben)), Name: "Kim", Roles: []access.Role{access.FrontDesk, access.Clinician}}, "Kim, front desk, clinician", "Opened your page in the patient list", "Staff pages"},
		{Event{Entry: by(audit.ByStaff, "stf_1", audit.PatientSeen, ana, "")}, "Someone at the clinic", "Opened your page in the patient list", "Staff pages"},
		{Event{Entry: by(audit.ByStaff, "stf_1", audit.RecordOpened, ana, string(ana)).With("corrections.review")}, "Someone at the clinic", "Opened your health record to answer a correction you asked for", "Staff pages"},
		{Event{Entry: by(audit.ByDuty, "notify.send", audit.NoticeSent, ana, "msg_1").With("account_opened.email")}, "The portal", "Sent you a message: Account opened by e-mail", "The portal"},
		{Event{Entry: by(audit.ByDuty, "notify.send", audit.NoticeSent, ana, "msg_1").With("made_up.pigeon")}, "The portal", "Sent you a message", "The portal"},
		{Event{Entry: by(audit.ByDuty, "feed fed_1", audit.RecordsTaken, ana, "fed_1"), From: "Riverside laboratory"}, "The clinic's computers", "Took in health records of yours: Riverside laboratory", "The portal"},
		{Event{Entry: by(audit.ByDuty, "import fhir", audit.RecordsTaken, ana, "import"), From: "import"}, "The clinic's computers", "Took in health records of yours", "The portal"},
		{Event{Entry: by(audit.ByDuty, "registry.join", audit.PatientsMerged, ana, string(ben))}, "The portal", "Joined two patient numbers of yours into one", "The portal"},
		{Event{Entry: by(audit.ByVisitor, "", audit.SignInTried, ana, "acc_1").As(audit.Refused)}, "Someone not signed in", "Tried to sign in to your account and failed", "Internet address 10.9.8.7"},
		{Event{Entry: by(audit.ByVisitor, "", audit.SignedIn, ana, "acc_1")}, "You, or someone with your password", "Signed in", "Internet address 10.9.8.7"},
		{Event{Entry: by(audit.ByVisitor, "", audit.PasswordPassed, ana, "acc_1")}, "You, or someone with your password", "Gave your user name and the right password", "Internet address 10.9.8.7"},
		{Event{Entry: by(audit.ByVisitor, "", audit.SecondStep, ana, "totp").As(audit.Refused)}, "Someone not signed in", "Tried the second step of signing in and failed", "Internet address 10.9.8.7"},
		{Event{Entry: by(audit.ByApplicant, "ver_1", audit.AccountOpened, ana, "acc_1")}, "Someone opening an account for you", "Opened the account for your record", "Internet address 10.9.8.7"},
		{Event{Entry: by(audit.ByVisitor, "", audit.ShareOpened, ana, "shr_1"), For: "Rosa"}, "Rosa", "Opened your record with a link you shared", "Internet address 10.9.8.7"},
		{Event{Entry: by(audit.ByVisitor, "", audit.ShareOpened, ana, "shr_1").As(audit.Refused)}, "Someone with your link", "Tried to open your record with a link and could not", "Internet address 10.9.8.7"},
		{Event{Entry: by(audit.ByAccount, "acc_1", audit.ShareMade, ana, "shr_1"), Mine: true, For: "Rosa"}, "You", "Made a link that shares the record: for Rosa", "Internet address 10.9.8.7"},
	} {
		c.e.At, c.e.First = testkit.Noon, testkit.Noon
		if c.e.Times == 0 {
			c.e.Times = 1
		}
		if c.e.Outcome == "" {
			c.e.Outcome = audit.Done
		}
		if a, b, f := w.who(c.e), w.what(c.e), w.from(c.e); a != c.who || b != c.what || f != c.from {
			t.Errorf("%s: %q %q %q, want %q %q %q", c.e.Action, a, b, f, c.who, c.what, c.from)
		}
	}
}

func TestTheAccessLogPage(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		tr := newTrail(t, db)
		tr.Shares = named{"shr_1": `Rosa <img src=x onerror=alert(2)>`}
		clerk := desk(t, db, "front_desk", access.FindPatients)
		if err := db.Change(ctx, duty.Did(audit.StaffChanged, ""), func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE staff SET name = $2 WHERE id = $1`, clerk.Staff(), `=Kim<script>alert(1)</script>`)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		write(t, db, clerk.Did(audit.PatientSeen, string(ana)).On(string(ana)), view(ana), view(ben), by(audit.ByDuty, "registry.join", audit.PatientsMerged, ana, string(ben)),
			by(audit.ByVisitor, "", audit.ShareOpened, ana, "shr_1"), by(audit.ByVisitor, "", audit.SignInTried, ana, "acc_1").As(audit.Refused),
			clerk.Did(audit.PatientSeen, string(ben)).On(string(ben)))
		b := served(t, db, tr)
		p := b.Get("/records/access").Want(200, "Who looked at your record")
		if p.Has("script:not([src])") || p.Has("img[onerror]") || strings.Contains(p.Body, "<script>alert") {
			t.Error("a name became markup")
		}
		for _, secret := range []string{string(ben), string(ana), "192.0.2.9", string(clerk.Staff()), "shr_1", "acc_"} {
			if strings.Contains(p.Text("main"), secret) {
				t.Errorf("the page shows %s", secret)
			}
		}
		if n := len(p.All("table[id^=day-] tbody tr")); n != 5 {
			t.Errorf("%d lines, want 5", n)
		}
		for _, words := range []string{"=Kim<script>alert(1)</script>, front desk", "Looked at 2 pages", "Joined two patient numbers", "Rosa <img", "Staff pages"} {
			if !strings.Contains(p.Text("main"), words) {
				t.Errorf("the page does not say %q", words)
			}
		}
		if !strings.Contains(p.Text("#guard"), "will be sealed soon") || !p.Has(`.note a[href^="tel:"], .note .helpline`) {
			t.Errorf("guard %q", p.Text("#guard"))
		}

		staff := p.Submit("#choose", "people", "clinic")
		if strings.Contains(staff.Path, "clinic") || len(staff.All("table[id^=day-] tbody tr")) != 1 || !staff.Has(`select[name=people] option[value=clinic][selected]`) {
			t.Errorf("the clinic's doings: %s %d", staff.Path, len(staff.All("table[id^=day-] tbody tr")))
		}
		for field, bad := range map[string]string{"people": "you", "kind": "eaten", "from": "31/12/2026"} {
			if q := b.Get("/records/access").Submit("#choose", field, bad); q.Status != 422 || !q.Has(".errsum") {
				t.Errorf("%s=%s answered %d", field, bad, q.Status)
			}
		}
		if q := b.Get("/records/access").Submit("#choose", "from", "2026-03-02", "to", "2026-03-01"); q.Status != 422 {
			t.Errorf("an end before its beginning answered %d", q.Status)
		}
		sealed := staff.Attr(`a[href^="/records/access.csv"]`, "href")
		rows, err := csv.NewReader(strings.NewReader(b.Get(sealed).Body)).ReadAll()
		if err != nil || len(rows) != 2 || !strings.HasPrefix(rows[1][1], "'=Kim") {
			t.Errorf("%q, %v", rows, err)
		}
		if n := count(t, db, `SELECT COUNT(*) FROM audit_entry WHERE action = 'access.read' AND patient_id = $1`, string(ana)); n != 1 {
			t.Errorf("the export wrote %d lines", n)
		}

		c.Move(2 * time.Minute)
		if _, err := tr.Seal(ctx, duty); err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Check(ctx, access.NewDuty(Checker), ""); err != nil {
			t.Fatal(err)
		}
		if g := b.Get("/records/access").Text("#guard"); !strings.Contains(g, "Last sealed: ") || !strings.Contains(g, "with nothing wrong") {
			t.Errorf("guard %q", g)
		}

		other := b.Other()
		other.SetCookie(web.SessionCookie, session(t, db, ben))
		for _, path := range []string{"/records/access", sealed, "/records/access?" + strings.SplitN(sealed, "?", 2)[1]} {
			q := other.Get(path)
			if q.Status != 200 || strings.Contains(q.Body, "Rosa") || strings.Contains(q.Body, string(ana)) {
				t.Errorf("another patient's %s: %d %s", path, q.Status, q.Body)
			}
		}
		if q := b.Other().Get("/records/access.csv"); q.Status == 200 && strings.Contains(q.Body, "Kim") {
			t.Error("the export needs no session")
		}
	})
}
