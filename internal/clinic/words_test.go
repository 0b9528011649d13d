package clinic_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/clinic"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

const lead, subject = "notify.opened.lead", "notify.opened.subject"

func opened() notify.Sample {
	return notify.Samples[slices.IndexFunc(notify.Samples, func(x notify.Sample) bool { return x.ID == "account_opened" })]
}

func TestWordsOfMessagesAreChangedAndTakenBack(t *testing.T) {
	eachDesk(t, func(t *testing.T, d *desk) {
		ada, ben, other := d.admin("Ada"), d.admin("Ben"), server(t, d.DB)
		x := opened()
		put := func(words string, over int64) error {
			return d.Reword(ctx, ada, x, lang.En, []clinic.Rewrite{{Key: lead, Words: words, Over: over}})
		}
		if err := put("At {0} you have an account since {1}.", 0); err != nil {
			t.Fatal(err)
		}
		other.Seen(1)
		for _, r := range []*clinic.Room{d.Room, other} {
			if r.Wording(lang.En, lead) == "" || r.Wording(lang.Es, lead) != "" {
				t.Errorf("in force: %q", r.Wording(lang.En, lead))
			}
		}
		if err := d.Reword(ctx, ben, x, lang.En, []clinic.Rewrite{{Key: lead, Words: "{0}, {1}", Over: 0}, {Key: subject, Words: "Hello", Over: 0}}); !fault.Is(err, fault.Conflict) || d.Wording(lang.En, subject) != "" {
			t.Errorf("the second saved over the first: %v", err)
		}
		for _, bad := range [][]clinic.Rewrite{{{Key: lead, Words: "Hello", Over: 1}, {Key: subject, Words: "Hello"}}, {{Key: "notify.notme.why", Words: "Do nothing."}},
			{{Key: "notify.tried.lead", Words: "{0}"}}} {
			if err := d.Reword(ctx, ada, x, lang.En, bad); !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.NotFound) || d.Wording(lang.En, subject) != "" {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		if err := put("", 1); err != nil || d.Wording(lang.En, lead) != "" {
			t.Errorf("the shipped words are not back: %q %v", d.Wording(lang.En, lead), err)
		}
		texts, err := d.Texts(ctx, ada, x, lang.En)
		if i := slices.IndexFunc(texts, func(t clinic.Text) bool { return t.Key == lead }); err != nil || i < 0 || texts[i].Rev != 2 || texts[i].Words != texts[i].Shipped || texts[i].By != "Ada" {
			t.Errorf("texts: %+v %v", texts, err)
		}
		if all, err := d.Versions(ctx, ada); err != nil || len(all) != 2 || all[0].By != "Ada" {
			t.Errorf("versions: %+v %v", all, err)
		}
		if n := d.count(`SELECT COUNT(*) FROM audit_entry WHERE action = 'clinic.changed' AND object = 'account_opened'`); n != 2 {
			t.Errorf("%d lines in the audit log", n)
		}
		// After an upgrade the stored words may lack what the shipped ones have.
		d.change(func(tx *store.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO clinic_wording (lang, name, rev, words, changed_by, changed_at) VALUES ('en', $1, 9, 'An older text', 'x', $2)`, lead, store.Time(tx.Now))
			return err
		})
		if got := server(t, d.DB).Wording(lang.En, lead); got != "" {
			t.Errorf("words without their blanks are in force: %s", got)
		}
	})
}

func TestThePagesOfWords(t *testing.T) {
	db, c := testkit.SQLite(t)
	d := newDesk(t, db, c)
	ada := d.serve()
	ben, clerk := ada.Other(), ada.Other()
	ada.SetCookie(web.StaffCookie, d.token("Ada"))
	ben.SetCookie(web.StaffCookie, d.token("Ben"))
	clerk.SetCookie(web.StaffCookie, d.token("Cleo"))
	const path, form = "/staff/clinic/messages/account_opened/en", "form[action='/staff/clinic/messages/account_opened/en']"
	ada.Get("/staff/clinic/messages").Want(200, "Words of messages")
	for _, x := range notify.Samples {
		for _, l := range lang.All {
			if p := ada.Get("/staff/clinic/messages/" + x.ID + "/" + string(l)); p.Status != 200 || !p.Has("[data-live] .pre") {
				t.Errorf("%s in %s: %d", x.ID, l, p.Status)
			}
		}
	}
	if p := ada.Get("/staff/clinic/messages/none/en"); p.Status != 404 {
		t.Errorf("an absent message: %d", p.Status)
	}
	if p := clerk.Get(path); p.Status != 404 {
		t.Errorf("a clerk: %d", p.Status)
	}
	p, late := ada.Get(path), ben.Get(path)
	p = p.Submit(form, subject, "Welcome <b>", "do", "look")
	if got := p.Text("[data-live]"); p.Status != 200 || !strings.Contains(got, "Welcome <b>") || !strings.Contains(got, "Goes as") || d.Wording(lang.En, subject) != "" {
		t.Errorf("a look at %s (%d)", got, p.Status)
	}
	p = p.Submit(form, "do", "save")
	if p.Status != 422 || p.Attr("title", "") != "" || !strings.Contains(p.Text("main"), "Welcome <b>") {
		t.Errorf("signs: %d", p.Status)
	}
	p = p.Submit(form, subject, "Welcome to us", "do", "save")
	if p.Status != 200 || d.Wording(lang.En, subject) != "Welcome to us" || !strings.Contains(p.Text("main"), "Changed by Ada") {
		t.Errorf("saved: %d %q", p.Status, d.Wording(lang.En, subject))
	}
	late = late.Submit(form, subject, "Ben's words", "do", "save")
	if late.Status != 422 || !strings.Contains(late.Text("main"), "Somebody else changed") || !strings.Contains(late.Text("main"), "Changed by Ada") || !strings.Contains(late.Text("textarea"), "Ben's words") {
		t.Errorf("the second is told %s (%d)", late.Text("main"), late.Status)
	}
	if p := ada.Get(path + "?" + subject + "=While+typing"); !strings.Contains(p.Text("[data-live]"), "While typing") {
		t.Errorf("while typing: %s", p.Text("[data-live]"))
	}
	if p := ada.Get("/staff/clinic/messages/letter.pdf?in=es"); !strings.HasPrefix(p.Body, "%PDF") {
		t.Errorf("the letter: %.20s", p.Body)
	}
	c.Move(time.Minute)
	ada.Get(path).Submit(form, "do", "reset")
	if d.Wording(lang.En, subject) != "" {
		t.Error("not reset")
	}
	if p := ada.Get("/staff/clinic/messages/history").Want(200, "Changes so far"); !strings.Contains(p.Text("main"), "Welcome to us") || !strings.Contains(p.Text("main"), "The shipped words again") {
		t.Errorf("history: %s", p.Text("main"))
	}
}
