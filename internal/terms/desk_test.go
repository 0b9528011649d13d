package terms_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"
	"portico/internal/terms"
)

func TestADraftIsWrittenPreviewedAndPublished(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ada, ben := d.as("Ada"), d.as("Ben")
		d.agreesAll("acc_1")
		id, o := d.written(ada, "spring")
		if again, err := d.Begin(ctx, ben, terms.Use); err != nil || again != id {
			t.Errorf("a second draft of the same text: %v %v", again, err)
		}
		if missing(t, d.Terms, "acc_1") {
			t.Error("a draft is asked for")
		}
		d.clock.Move(time.Hour)
		if err := d.Issue(ctx, ben, o); err != nil {
			t.Fatal(err)
		}
		docs, _ := current(t, d.Terms, lang.Es)
		if docs[0].Version != "2.0" || !strings.Contains(docs[0].Body, clinic.Name) || docs[0].SHA256 != (terms.Text{Title: docs[0].Title, Body: docs[0].Body}).Hash() {
			t.Errorf("in force: %+v", docs[0])
		}
		if !missing(t, d.Terms, "acc_1") {
			t.Error("a material version is not asked for")
		}
		shelves, err := d.Shelves(ctx, ada)
		if err != nil {
			t.Fatal(err)
		}
		got := shelves[0].Versions
		if len(got) != 2 || got[0].Standing != terms.InForce || got[1].Standing != terms.Retired || got[1].Accepted != 1 || got[0].SignedBy != d.staff["Ben"] || shelves[0].Draft != "" {
			t.Errorf("%+v", shelves[0])
		}
		for _, again := range []error{d.Issue(ctx, ada, o), d.Drop(ctx, ada, id), d.Save(ctx, ada, terms.Writing{Draft: id, Lang: lang.En, Over: 1})} {
			if !fault.Is(again, fault.Conflict) {
				t.Errorf("an ended draft took %v", again)
			}
		}
		if n := d.count(`SELECT COUNT(*) FROM audit_entry WHERE action IN ('terms.drafted', 'terms.published') AND actor = 'staff'`); n < 4 {
			t.Errorf("%d lines in the audit log", n)
		}
	})
}

// Nothing that is published can be changed or removed, whoever asks.
func TestTheDatabaseRefusesToRewriteTerms(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.agreesAll("acc_1")
		d.written(d.as("Ada"), "spring")
		for _, q := range []string{`UPDATE terms_document SET body = 'x'`, `DELETE FROM terms_document WHERE lang = 'es'`, `UPDATE terms_acceptance SET version = '9'`,
			`DELETE FROM terms_acceptance`, `UPDATE terms_draft_text SET body = 'x'`, `DELETE FROM terms_draft_text`} {
			if err := d.DB.Change(ctx, duty.Did("demo.made", ""), func(tx *store.Tx) error { _, err := tx.Exec(ctx, q); return err }); err == nil {
				t.Errorf("the database did %s", q)
			}
		}
	})
}

func TestTwoAdministratorsLoseNothing(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ada, ben := d.as("Ada"), d.as("Ben")
		id, _ := d.written(ada, "first")
		text := func(s string) terms.Text { return terms.Text{Title: "T", Body: s, Change: "C"} }
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			who := ada
			if i%2 == 1 {
				who = ben
			}
			wg.Go(func() {
				errs[i] = d.Save(ctx, who, terms.Writing{Draft: id, Lang: lang.En, Over: 1, Text: text("by " + string(rune('a'+i)))})
			})
		}
		wg.Wait()
		kept := 0
		for _, err := range errs {
			if err == nil {
				kept++
			} else if !fault.Is(err, fault.Conflict) {
				t.Errorf("the loser hears %v", err)
			}
		}
		if kept != 1 {
			t.Errorf("%d of 8 saved over the same state", kept)
		}
		// Who publishes what they have not seen is told so.
		stale := terms.Order{Draft: id, Seen: map[lang.Lang]int64{lang.En: 1, lang.Es: 1}}
		if err := d.Issue(ctx, ben, stale); !fault.Is(err, fault.Conflict) {
			t.Errorf("published unseen: %v", err)
		}
		if n := d.count(`SELECT COUNT(*) FROM terms_draft_text WHERE draft_id = $1 AND lang = 'en'`, id); n != 3 {
			t.Errorf("%d states are kept, not 3", n)
		}
		// Of two who publish at once, one does.
		now := terms.Order{Draft: id, Seen: map[lang.Lang]int64{lang.En: 2, lang.Es: 1}}
		twice := make([]error, 2)
		for i, who := range []access.Desk{ada, ben} {
			wg.Go(func() { twice[i] = d.Issue(ctx, who, now) })
		}
		wg.Wait()
		if (twice[0] == nil) == (twice[1] == nil) {
			t.Errorf("published %v and %v", twice[0], twice[1])
		}
		if n := d.count(`SELECT COUNT(*) FROM terms_document WHERE kind = 'terms'`); n != 4 {
			t.Errorf("%d documents", n)
		}
	})
}

func TestWhatCannotBePublished(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ada := d.as("Ada")
		id, err := d.Begin(ctx, ada, terms.Privacy)
		if err != nil {
			t.Fatal(err)
		}
		o := terms.Order{Draft: id, Seen: map[lang.Lang]int64{lang.En: 0, lang.Es: 0}}
		if err := d.Issue(ctx, ada, o); !fault.Fixable(err) {
			t.Errorf("published without saying what is new: %v", err)
		}
		if err := d.Save(ctx, ada, terms.Writing{Draft: id, Lang: lang.En, Text: terms.Text{Title: "T", Body: "B", Change: "C"}}); err != nil {
			t.Fatal(err)
		}
		o.Seen[lang.En] = 1
		if err := d.Issue(ctx, ada, o); !fault.Fixable(err) {
			t.Errorf("published with one language whole: %v", err)
		}
		if err := d.Save(ctx, ada, terms.Writing{Draft: id, Lang: lang.Es, Text: terms.Text{Title: "T", Body: "B {nurse}", Change: "C"}}); err != nil {
			t.Fatal(err)
		}
		o.Seen[lang.Es] = 1
		if err := d.Issue(ctx, ada, o); !fault.Fixable(err) {
			t.Errorf("published with an unknown blank: %v", err)
		}
		_, whole := d.written(ada, "x")
		for _, from := range []time.Time{d.clock.Now(), d.clock.Now().Add(3 * 365 * 24 * time.Hour)} {
			whole.From = from
			if err := d.Issue(ctx, ada, whole); !fault.Fixable(err) {
				t.Errorf("published for %s: %v", from, err)
			}
		}
		if _, err := d.Begin(ctx, ada, "rules"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a draft of nothing: %v", err)
		}
		if _, err := d.Read(ctx, ada, "dft_none"); !fault.Is(err, fault.NotFound) {
			t.Errorf("read nothing: %v", err)
		}
		if err := d.Drop(ctx, ada, "dft_none"); !fault.Is(err, fault.NotFound) {
			t.Errorf("dropped nothing: %v", err)
		}
		if err := d.Drop(ctx, ada, id); err != nil {
			t.Error(err)
		}
	})
}

func TestAVersionWaitsForItsDay(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ada := d.as("Ada")
		d.agreesAll("acc_1")
		c, token := d.patient("acc_1")
		if owing, err := d.Owing(ctx, c); owing || err != nil {
			t.Fatalf("owing %v %v", owing, err)
		}
		_, o := d.written(ada, "winter")
		o.From = d.clock.Now().Add(10 * time.Minute)
		if err := d.Issue(ctx, ada, o); err != nil {
			t.Fatal(err)
		}
		if docs, _ := current(t, d.Terms, lang.En); docs[0].Version != "1.0" || d.chart(token).Behind() {
			t.Error("a version is in force before its day")
		}
		_, second := d.written(ada, "other")
		if err := d.Issue(ctx, ada, second); !fault.Fixable(err) {
			t.Errorf("published beside one that waits: %v", err)
		}
		d.clock.Move(10*time.Minute - time.Second)
		if d.chart(token).Behind() {
			t.Error("a second too early")
		}
		d.clock.Move(time.Second)
		if c = d.chart(token); !c.Behind() {
			t.Error("in force, and the session is not behind")
		}
		if owing, _ := d.Owing(ctx, c); !owing {
			t.Error("in force, and nothing owed")
		}
		if err := d.Retract(ctx, ada, terms.Use); !fault.Is(err, fault.Conflict) {
			t.Errorf("taken back when in force: %v", err)
		}
	})
}

func TestAWaitingVersionIsTakenBack(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ada := d.as("Ada")
		d.agreesAll("acc_1")
		_, token := d.patient("acc_1")
		if _, err := d.Owing(ctx, d.chart(token)); err != nil {
			t.Fatal(err)
		}
		_, o := d.written(ada, "winter")
		o.From = d.clock.Now().Add(5 * time.Minute)
		if err := d.Issue(ctx, ada, o); err != nil {
			t.Fatal(err)
		}
		if err := d.Retract(ctx, ada, terms.Use); err != nil {
			t.Fatal(err)
		}
		if err := d.Retract(ctx, ada, terms.Use); !fault.Is(err, fault.Conflict) {
			t.Errorf("taken back twice: %v", err)
		}
		d.work() // the notice is no longer wanted
		d.clock.Move(6 * time.Minute)
		if docs, _ := current(t, d.Terms, lang.En); docs[0].Version != "1.0" || d.chart(token).Behind() || missing(t, d.Terms, "acc_1") || len(d.told.sent) > 0 {
			t.Errorf("taken back, and in force or told: %s %v", docs[0].Version, d.told.sent)
		}
		d.issued(ada, "again", true)
		if docs, _ := current(t, d.Terms, lang.En); docs[0].Version != "3.0" {
			t.Errorf("the number was used again: %s", docs[0].Version)
		}
	})
}

func TestEverybodyIsToldOnce(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		d.issued(d.as("Ada"), "spring", true)
		d.work()
		d.work()
		for _, a := range d.told.all {
			if n := d.told.sent[a]; len(n) != 1 || !n[0].Material || n[0].Ahead || n[0].Read != "/terms?version=2.0" {
				t.Errorf("%s was told %+v", a, n)
			}
		}
	})
}

// A session is looked at once after each publishing, and never again.
func TestOwingIsAskedOnce(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ada := d.as("Ada")
		d.agreesAll("acc_1")
		c, token := d.patient("acc_1")
		if !c.Behind() {
			t.Error("a new session was never looked at and is not behind")
		}
		if owing, err := d.Owing(ctx, c); owing || err != nil {
			t.Fatal(owing, err)
		}
		d.issued(ada, "quiet", false)
		if d.chart(token).Behind() {
			t.Error("a small change makes sessions be looked at")
		}
		d.clock.Move(time.Minute)
		d.issued(ada, "loud", true)
		if c = d.chart(token); !c.Behind() {
			t.Fatal("a material change does not")
		}
		docs, names := current(t, d.Terms, lang.En)
		if err := d.AcceptOwn(ctx, c, names[1:]); !fault.Is(err, fault.Conflict) {
			t.Errorf("accepted the wrong one: %v", err)
		}
		if err := d.AcceptOwn(ctx, c, names[:1]); err != nil || d.chart(token).Behind() {
			t.Errorf("accepted %s and still behind (%v)", docs[0].Version, err)
		}
		if _, other := d.patient("acc_1"); !d.chart(other).Behind() {
			t.Error("another session was taken for looked at")
		}
	})
}

func TestWhoAcceptedWhat(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ada := d.as("Ada")
		for i := range 60 {
			d.clock.Move(time.Second)
			d.agreesAll(ids.Account("acc_" + string(rune('A'+i/26)) + string(rune('A'+i%26))))
		}
		d.agreesAll("acc_1")
		seen, after := map[string]bool{}, ""
		for range 4 {
			list, err := d.Signatures(ctx, ada, terms.Filter{After: after})
			if err != nil || list.Count != 122 {
				t.Fatalf("%d of %d: %v", len(list.Rows), list.Count, err)
			}
			for _, s := range list.Rows {
				if k := string(s.Account) + string(s.Kind); seen[k] {
					t.Errorf("%s twice", k)
				} else {
					seen[k] = true
				}
			}
			if after = list.Next; after == "" {
				break
			}
		}
		if len(seen) != 122 {
			t.Errorf("%d seen", len(seen))
		}
		one, err := d.Signatures(ctx, ada, terms.Filter{Account: "acc_1", Kind: terms.Use, Version: "1.0", Lang: lang.En, To: d.clock.Now().Add(time.Second)})
		if err != nil || one.Count != 1 || one.Rows[0].Number != "MR-1" || one.Rows[0].Agent != "Firefox · Linux" || one.Rows[0].SHA256 == "" {
			t.Errorf("%+v %v", one, err)
		}
		for _, f := range []terms.Filter{{Lang: lang.Es}, {Version: "9"}, {From: d.clock.Now().Add(time.Hour)}, {Account: "acc_none"}} {
			if none, err := d.Signatures(ctx, ada, f); err != nil || none.Count != 0 || len(none.Rows) != 0 {
				t.Errorf("%+v found %+v %v", f, none, err)
			}
		}
		if _, err := d.Signatures(ctx, ada, terms.Filter{After: "x"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("a made-up place: %v", err)
		}
		if id, err := d.Signer(ctx, ada, "MR-1"); id != "acc_1" || err != nil {
			t.Error(id, err)
		}
		if _, err := d.Signer(ctx, ada, "MR-9"); !fault.Fixable(err) {
			t.Error(err)
		}
		b, err := d.Export(ctx, ada, terms.Filter{})
		if lines := strings.Count(string(b), "\r\n"); err != nil || lines != 123 {
			t.Errorf("%d lines, %v", lines, err)
		}
		if n := d.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'terms.listed' AND detail = 'exported'`); n != 1 {
			t.Errorf("%d exports in the log", n)
		}
	})
}

func TestExportedCellsAreInert(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		_, docs := current(t, d.Terms, lang.En)
		d.change(func(tx *store.Tx) error {
			return d.Accept(ctx, tx, terms.Acceptance{Account: "acc_1", Agent: `=HYPERLINK("http://evil","x")`, Source: "+1"}, docs)
		})
		b, err := d.Export(ctx, d.as("Ada"), terms.Filter{})
		if err != nil || !strings.Contains(string(b), `"'=HYPERLINK`) || !strings.Contains(string(b), ",'+1,") {
			t.Errorf("%s %v", b, err)
		}
	})
}

// Who may not manage terms does nothing here, whatever else they may do.
func TestTermsAreForAdministrators(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		id, o := d.written(d.as("Ada"), "x")
		clerk, _, err := d.gate.Desk(ctx, d.token("Cleo"), access.FindPatients, "test", access.NewVisitor("192.0.2.9", "test"))
		if err != nil {
			t.Fatal(err)
		}
		_, begin := d.Begin(ctx, clerk, terms.Use)
		_, read := d.Read(ctx, clerk, id)
		_, shelves := d.Shelves(ctx, clerk)
		_, list := d.Signatures(ctx, clerk, terms.Filter{})
		_, export := d.Export(ctx, clerk, terms.Filter{})
		_, signer := d.Signer(ctx, clerk, "MR-1")
		for name, err := range map[string]error{"begin": begin, "read": read, "shelves": shelves, "list": list, "export": export, "signer": signer,
			"save": d.Save(ctx, clerk, terms.Writing{Draft: id, Lang: lang.En, Over: 1}), "drop": d.Drop(ctx, clerk, id), "issue": d.Issue(ctx, clerk, o), "retract": d.Retract(ctx, clerk, terms.Use)} {
			if !fault.Is(err, fault.Denied) {
				t.Errorf("%s: %v", name, err)
			}
		}
		looking, _, err := d.gate.Chart(ctx, func() string { _, tok := d.patient("acc_1"); return tok }(), access.SeeHome, "test", access.NewVisitor("192.0.2.1", ""))
		if err != nil {
			t.Fatal(err)
		}
		if err := d.AcceptOwn(ctx, looking, nil); !fault.Is(err, fault.Denied) || errors.Is(err, store.ErrNone) {
			t.Errorf("a chart opened for looking accepted: %v", err)
		}
	})
}
