package sharing

import (
	"strings"
	"testing"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

// signedIn is a browser of ana's, raised or not.
func (r *rig) signedIn(raised bool) *testkit.Browser {
	r.t.Helper()
	b := r.serve()
	b.SetCookie(web.SessionCookie, r.session("acc_ana", ana, raised))
	return b
}

func TestTheFormSaysWhatIsMissing(t *testing.T) {
	db, c := testkit.SQLite(t)
	r := newRig(t, db, c)
	r.take(a1c("1", "a", "6.4"), condition("2", "a", "Diabetes", "2019"))
	b := r.signedIn(true)
	p := b.Get("/records/download").Want(200, "Download your record")
	if p.Has("input[checked]") {
		t.Error("something is chosen beforehand")
	}
	if !p.Has("#section-all") || !p.Has("#section-results") || !p.Has("#section-conditions") || p.Has("#section-allergies") {
		t.Errorf("the parts: %s", p.Text("#section"))
	}
	p = p.Submit("#ask", "from_day", "31", "from_month", "2", "from_year", "2026", "sensitive", "yes").Want(422, "Download your record")
	for field, want := range map[string]string{"section": "Choose what you want", "format": "Choose a kind of file", "from": "Enter a real day"} {
		if got := p.Text("#" + field + "-error"); !strings.Contains(got, want) {
			t.Errorf("at %s: %q", field, got)
		}
	}
	if p.Attr("#from_day", "value") != "31" || !p.Has("#sensitive[checked]") {
		t.Error("what was typed is gone")
	}
	p.Submit("#ask", "section", "results", "format", "ccd", "from_day", "", "from_month", "", "from_year", "").Want(200, "Your copy")
}

func TestACopyFromAskingToErasing(t *testing.T) {
	db, c := testkit.SQLite(t)
	r := newRig(t, db, c)
	r.take(a1c("1", "a", "6.4"))
	b := r.signedIn(true)
	action, fields := b.Get("/records/download").Fields("#ask")
	fields["section"], fields["format"] = []string{"results", "conditions"}, []string{"pdf"}
	path := b.Post(action, fields).Want(200, "Your copy").Path
	p := b.Get(path).Want(200, "Your copy")
	if !strings.Contains(p.Text("main"), "0 of 2 parts are done") || p.Attr(`a[href="`+path+`"].btn`, "href") != path || p.Has(`a[href$="/file"]`) {
		t.Errorf("being made: %s", p.Text("main"))
	}
	b.Get(path+"/file").Want(404, "")
	action, fields = b.Get("/records/download").Fields("#ask")
	fields["section"], fields["format"] = []string{"all"}, []string{"text"}
	if p := b.Post(action, fields).Want(409, "Download your record"); !strings.Contains(p.Text("main"), "A copy is being made right now") || !p.Has("#section-all[checked]") {
		t.Errorf("a second one: %s", p.Text("main"))
	}
	r.drain()
	p = b.Get(path).Want(200, "Your copy")
	if !strings.Contains(p.Text("main"), "Your copy is ready") || !strings.Contains(p.Text("main"), "March 11, 2026") || !p.Has(`a[href="`+path+`/file"]`) {
		t.Errorf("ready: %s", p.Text("main"))
	}
	f := b.Get(path+"/file").Want(200, "")
	if got := f.Header.Get("Content-Disposition"); got != `attachment; filename="health-record.pdf"` || !strings.HasPrefix(string(f.Body), "%PDF-1.7") {
		t.Errorf("the file: %s %.20s", got, f.Body)
	}
	if f.Header.Get("Cache-Control") != "no-store" || f.Header.Get("Content-Type") != "application/pdf" {
		t.Errorf("%v", f.Header)
	}
	r.clock.Move(kept)
	b = r.signedIn(true)
	b.Get(path+"/file").Want(404, "")
	if p := b.Get(path).Want(200, "Your copy"); !strings.Contains(p.Text("main"), "This copy is gone") {
		t.Errorf("a day later: %s", p.Text("main"))
	}
	if p := b.Get("/records/download"); !strings.Contains(p.Text("main"), "Erased") {
		t.Errorf("the list: %s", p.Text("main"))
	}
}

func TestWhoHasNotConfirmedIsAskedTo(t *testing.T) {
	db, c := testkit.SQLite(t)
	r := newRig(t, db, c)
	id := r.ask(r.chart("acc_ana", ana), whole(PDF))
	b := r.signedIn(false)
	for _, path := range []string{"/records/download", "/records/download/" + string(id), "/records/download/" + string(id) + "/file"} {
		if to := b.Get(path).Path; to != access.ConfirmPath {
			t.Errorf("%s leads to %s", path, to)
		}
	}
}

// What could not be made is said, section by section.
func TestThePageNamesWhatIsMissing(t *testing.T) {
	db, c := testkit.SQLite(t)
	r := newRig(t, db, c)
	id := r.ask(r.chart("acc_ana", ana), whole(CCD))
	r.drain()
	b := r.signedIn(true)
	p := b.Get("/records/download/"+string(id)).Want(200, "Your copy")
	if !strings.Contains(p.Text("main"), "This kind of file has no place for these parts: Notes and documents, Care team, Insurance") {
		t.Errorf("%s", p.Text("main"))
	}
	if p := b.Get("/records/download"); !strings.Contains(p.Text("main"), "Ready, with parts missing") {
		t.Errorf("%s", p.Text("main"))
	}
	r.settle(id, `state = 'failed', missing = 'results:broken,claims:broken'`)
	p = b.Get("/records/download/"+string(id)).Want(200, "Your copy")
	if !strings.Contains(p.Text("main"), "could not be read and are missing: Test results, Bills and claims.") || p.Has(`a[href$="/file"]`) {
		t.Errorf("%s", p.Text("main"))
	}
	b.Get("/records/download/exp_nobodys").Want(404, "")
}

func (r *rig) settle(id ids.Export, set string) {
	r.t.Helper()
	if err := r.db.Change(ctx, duty.Did("account.opened", "test"), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE download SET `+set+` WHERE id = $1`, id)
		return err
	}); err != nil {
		r.t.Fatal(err)
	}
}
