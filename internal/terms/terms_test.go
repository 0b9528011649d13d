package terms_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/store"
	"portico/internal/terms"
	"portico/internal/testkit"
	"portico/internal/web"
)

var (
	ctx    = context.Background()
	duty   = access.NewDuty("test")
	clinic = &page.Clinic{Name: "Riverside Family Clinic", Phone: "555-010-0123", PhoneLink: "+15550100123", Zone: time.UTC}
)

func seeded(t *testing.T, db *store.DB) *terms.Terms {
	t.Helper()
	r := &terms.Terms{DB: db, Gate: &access.Gate{DB: db}, Clinic: clinic}
	for range 2 { // the second start publishes nothing
		if err := r.Seed(ctx, duty); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func current(t *testing.T, r *terms.Terms, l lang.Lang) (docs []terms.Document, names []ids.Document) {
	t.Helper()
	if err := r.DB.View(ctx, func(tx *store.Tx) (err error) { docs, err = r.Current(ctx, tx, l); return err }); err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		names = append(names, d.ID)
	}
	return docs, names
}

func missing(t *testing.T, r *terms.Terms, a ids.Account) bool {
	t.Helper()
	var m []terms.Kind
	if err := r.DB.View(ctx, func(tx *store.Tx) (err error) { m, err = r.Missing(ctx, tx, a); return err }); err != nil {
		t.Fatal(err)
	}
	return len(m) > 0
}

func acceptAll(r *terms.Terms, a ids.Account, docs []ids.Document) error {
	return r.DB.Change(ctx, duty.Did("terms.accepted", "x"), func(tx *store.Tx) error {
		return r.Accept(ctx, tx, terms.Acceptance{Account: a, Agent: "Firefox · Linux", Source: "192.0.2.1"}, docs)
	})
}

func TestBlocks(t *testing.T) {
	got := terms.Blocks("One\nline.\n\n## Head\n\n- a\n- b\n\n- not\na list\n\n<b>x</b>\n\n\n")
	if len(got) != 5 || got[0].Para != "One line." || got[1].Heading != "Head" || len(got[2].Items) != 2 || got[3].Para != "- not a list" || got[4].Para != "<b>x</b>" {
		t.Errorf("%+v", got)
	}
}

func TestBuiltInTextsAreWholeInEachLanguage(t *testing.T) {
	drafts, err := terms.BuiltIn(clinic)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range drafts {
		var shape []int
		for _, l := range lang.All {
			text := d.Text[l]
			if strings.ContainsAny(text.Title+text.Body, "{}!") || !strings.Contains(text.Body, clinic.Name) || !strings.Contains(text.Body, clinic.Phone) {
				t.Errorf("%s %s: a blank is left, or an exclamation", d.Kind, l)
			}
			n := 0
			for _, b := range terms.Blocks(text.Body) {
				n += 1 + 100*len(b.Items)
				if b.Heading != "" {
					n += 10_000
				}
			}
			shape = append(shape, n)
		}
		if shape[0] != shape[1] {
			t.Errorf("%s: the languages differ in headings, paragraphs or list items: %v", d.Kind, shape)
		}
	}
	// 45 CFR 164.520(b)(1)(i) prescribes this statement.
	if !strings.HasPrefix(drafts[1].Text[lang.En].Body, "This notice describes how medical information about you may be used and disclosed and how you can get access to this information. Please review it carefully.") {
		t.Error("the prescribed first sentence is missing")
	}
}

func TestAcceptanceHoldsUntilAMaterialVersion(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		r := seeded(t, db)
		_, docs := current(t, r, lang.Es)
		if !missing(t, r, "acc_1") {
			t.Error("nothing accepted, nothing missing")
		}
		if err := acceptAll(r, "acc_1", docs[:1]); !fault.Is(err, fault.Conflict) {
			t.Errorf("one of two accepted: %v", err)
		}
		if err := acceptAll(r, "acc_1", []ids.Document{"doc_x", docs[1]}); !fault.Is(err, fault.NotFound) {
			t.Errorf("an unknown text accepted: %v", err)
		}
		if !missing(t, r, "acc_1") {
			t.Error("a refused acceptance was kept")
		}
		for range 2 { // twice does no harm
			if err := acceptAll(r, "acc_1", docs); err != nil {
				t.Fatal(err)
			}
		}
		if missing(t, r, "acc_1") || !missing(t, r, "acc_2") {
			t.Error("acceptance is not per account")
		}
		publish := func(version string, material bool) error {
			c.Move(time.Hour)
			text := terms.Text{Title: "Terms", Body: "Be kind. " + version, Change: "Kindness."}
			return r.Publish(ctx, duty, terms.Edition{Kind: terms.Use, Version: version, Material: material, Text: map[lang.Lang]terms.Text{lang.En: text, lang.Es: text}})
		}
		if err := publish("1.1", false); err != nil || missing(t, r, "acc_1") {
			t.Errorf("a small change asks again (%v)", err)
		}
		if err := acceptAll(r, "acc_2", docs); !fault.Is(err, fault.Conflict) {
			t.Errorf("an old version accepted: %v", err)
		}
		if err := publish("2.0", true); err != nil || !missing(t, r, "acc_1") {
			t.Errorf("a material change does not ask again (%v)", err)
		}
		_, docs = current(t, r, lang.En)
		if err := acceptAll(r, "acc_1", docs); err != nil || missing(t, r, "acc_1") {
			t.Errorf("the new version cannot be accepted: %v", err)
		}
		var h []terms.Accepted
		if err := db.View(ctx, func(tx *store.Tx) (err error) { h, err = r.History(ctx, tx, "acc_1"); return err }); err != nil || len(h) != 3 || h[0].Version != "2.0" {
			t.Errorf("history %+v %v", h, err)
		}
	})
}

func TestPublishedWordsNeverChange(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		r := seeded(t, db)
		text := terms.Text{Title: "Other", Body: "Other words."}
		err := r.Publish(ctx, duty, terms.Edition{Kind: terms.Use, Version: "1.0", Text: map[lang.Lang]terms.Text{lang.En: text, lang.Es: text}})
		if !fault.Is(err, fault.Conflict) {
			t.Errorf("published over: %v", err)
		}
		if err := r.Publish(ctx, duty, terms.Edition{Kind: terms.Use, Version: "3", Text: map[lang.Lang]terms.Text{lang.En: text}}); err == nil {
			t.Error("published in one language only")
		}
		docs, _ := current(t, r, lang.En)
		if docs[0].Version != "1.0" || docs[0].SHA256 != (terms.Text{Title: docs[0].Title, Body: docs[0].Body}).Hash() {
			t.Errorf("in force: %s %s", docs[0].Version, docs[0].SHA256)
		}
	})
}

func TestPages(t *testing.T) {
	db, c := testkit.SQLite(t)
	r := seeded(t, db)
	gate := &access.Gate{DB: db}
	b := testkit.Serve(t, func(base *url.URL) http.Handler {
		router := web.New(web.Settings{Base: base, Clinic: clinic}, db, gate, testkit.Keys(t), slog.New(slog.DiscardHandler))
		r.Mount(router)
		router.Patient("GET /home", access.SeeHome, func(*web.Request, access.Chart) (web.Reply, error) { return web.Empty(200), nil })
		return router.Handler()
	})
	for path, heading := range map[string]string{"/terms?lang=en": "Terms of use", "/privacy?lang=en": "Privacy practices", "/terms?lang=es": "Condiciones de uso"} {
		p := b.Get(path).Want(200, heading)
		if !strings.Contains(p.Text("main"), clinic.Name) || len(p.All("main h2")) < 5 {
			t.Errorf("%s shows %.200s", path, p.Text("main"))
		}
	}
	b.Get("/documents/doc_nothing").Want(404, "")
	b.Get("/terms?lang=en")
	old, _ := current(t, r, lang.En)
	c.Move(time.Hour)
	text := terms.Text{Title: "Terms of use", Body: "<script>alert(1)</script>", Change: "All new."}
	if err := r.Publish(ctx, duty, terms.Edition{Kind: terms.Use, Version: "2.0", Material: true, Text: map[lang.Lang]terms.Text{lang.En: text, lang.Es: text}}); err != nil {
		t.Fatal(err)
	}
	if p := b.Get("/documents/"+string(old[0].ID)).Want(200, "Terms of use"); !strings.Contains(p.Text("main"), "older version") {
		t.Error("an old version does not say so")
	}
	if p := b.Get("/terms"); strings.Contains(p.Body, "<script>alert") {
		t.Error("a text was taken for HTML")
	}
	if p := b.Get("/terms/accept"); p.Path == "/terms/accept" {
		t.Error("a visitor may accept")
	}
	var token string
	if err := db.Change(ctx, duty.Did("signin.done", "x"), func(tx *store.Tx) (err error) {
		token, _, err = gate.StartSession(ctx, tx, access.SignedIn{Account: "acc_1", Patient: "pat_1", Source: "192.0.2.1"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	b.SetCookie(web.SessionCookie, token)
	p := b.Get("/terms/accept").Want(200, "read what is new")
	p = p.Submit("form[action='/terms/accept']", "terms", "yes").Want(422, "read what is new")
	if !p.Has("#privacy-error") || p.Has("#terms-error") || !p.Has("#terms[checked]") || !missing(t, r, "acc_1") {
		t.Error("half an acceptance")
	}
	if p = p.Submit("form[action='/terms/accept']", "terms", "yes", "privacy", "yes", "next", "//evil.example"); p.Path != "/home" || missing(t, r, "acc_1") {
		t.Errorf("accepted, led to %s (%d)", p.Path, p.Status)
	}
}
