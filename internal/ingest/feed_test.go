package ingest_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/clock"
	"portico/internal/ids"
	"portico/internal/ingest"
	"portico/internal/record"
	"portico/internal/store"
	"portico/internal/testkit"
	"portico/internal/web"
)

// portal is a door with its pages.
type portal struct {
	t       testing.TB
	door    *ingest.Door
	gate    *access.Gate
	handler http.Handler
}

func eachPortal(t *testing.T, f func(t *testing.T, p *portal, c *clock.Fake)) {
	t.Helper()
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		p := &portal{t: t, door: newDoor(t, db), gate: &access.Gate{DB: db}}
		p.handler = p.mount(&url.URL{Scheme: "https", Host: "portal.example"})
		f(t, p, c)
	})
}

func (p *portal) mount(base *url.URL) http.Handler {
	r := web.New(web.Settings{Base: base, Clinic: p.door.Clinic}, p.door.DB, p.gate, testkit.Keys(p.t), slog.New(slog.DiscardHandler))
	p.door.Mount(r)
	r.Staff("GET /staff", access.SeeDesk, func(*web.Request, access.Desk) (web.Reply, error) { return web.Empty(200), nil })
	return r.Handler()
}

// token makes a feed and gives its token.
func (p *portal) token(name string) string {
	p.t.Helper()
	_, token, err := p.door.AddFeedByDuty(ctx, duty, name)
	if err != nil {
		p.t.Fatal(err)
	}
	return token
}

// send sends a message; headers are pairs that come on top.
func (p *portal) send(token, kind string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest("POST", "https://portal.example/feeds/fhir", body)
	req.Header.Set("Content-Type", kind)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	p.handler.ServeHTTP(rec, req)
	return rec
}

func (p *portal) fhir(token, body string) *httptest.ResponseRecorder {
	return p.send(token, "application/fhir+json", strings.NewReader(body))
}

// issues reads the codes of an answer.
func issues(t *testing.T, rec *httptest.ResponseRecorder) (codes []string) {
	t.Helper()
	var o struct {
		ResourceType string
		Issue        []struct{ Code, Severity string }
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &o); err != nil || o.ResourceType != "OperationOutcome" || rec.Header().Get("Content-Type") != "application/fhir+json" {
		t.Fatalf("%d %s: %s", rec.Code, rec.Header().Get("Content-Type"), rec.Body)
	}
	for _, i := range o.Issue {
		if i.Severity == "error" {
			codes = append(codes, i.Code)
		}
	}
	return codes
}

func TestAMessageComesInOnce(t *testing.T) {
	eachPortal(t, func(t *testing.T, p *portal, c *clock.Fake) {
		token := p.token("Lab")
		body := bundle("collection", patient("a", "1001"), observation("o1", "Patient/a", "6.1"))
		if rec := p.fhir(token, body); rec.Code != 200 || len(issues(t, rec)) != 0 {
			t.Fatalf("%d %s", rec.Code, rec.Body)
		}
		if got := rows(t, p.door, patientOf(t, p.door, "1001")); len(got) != 1 || got[0].Value != "6.1" {
			t.Errorf("rows %+v", got)
		} else if err := p.door.DB.View(ctx, func(tx *store.Tx) error {
			called, err := record.Senders(ctx, tx, got[0].Source, "import")
			if called[got[0].Source] != "Lab" || called["import"] != "import" {
				t.Errorf("senders are called %v", called)
			}
			return err
		}); err != nil {
			t.Error(err)
		}
		state := func() [4]int {
			return [4]int{count(t, p.door.DB, "resource"), count(t, p.door.DB, "resource_version"), count(t, p.door.DB, "ingest_person"),
				count(t, p.door.DB, "audit_entry WHERE action <> 'feed.tried'")}
		}
		before := state()
		c.Move(time.Minute)
		if rec := p.fhir(token, body); rec.Code != 200 || state() != before {
			t.Errorf("again: %d, %v then %v", rec.Code, before, state())
		}
		if n := count(t, p.door.DB, "ingest_run WHERE parts = 2 AND people = 2 AND added = 2 AND same = 2"); n != 1 {
			t.Error("the day's row does not say what came")
		}
		if n := count(t, p.door.DB, "audit_entry WHERE action = 'feed.tried' AND outcome = 'done'"); n != 2 {
			t.Errorf("%d lines for two messages", n)
		}
		// The next message need not name the patient.
		if rec := p.fhir(token, observation("o2", "Patient/a", "6.3")); rec.Code != 200 {
			t.Errorf("the next: %d %s", rec.Code, rec.Body)
		}
		// Another feed's Patient/a is nobody it knows.
		if rec := p.fhir(p.token("Other"), observation("o2", "Patient/a", "6.3")); rec.Code != 422 || strings.Join(issues(t, rec), " ") != "not-found" {
			t.Errorf("another feed: %d %s", rec.Code, rec.Body)
		}
	})
}

func TestMessagesThatAreRefused(t *testing.T) {
	eachPortal(t, func(t *testing.T, p *portal, c *clock.Fake) {
		token, ended := p.token("Lab"), p.token("Old lab")
		id, _, _ := strings.Cut(ended, ".")
		if err := p.door.EndFeedByDuty(ctx, duty, ids.Feed(id)); err != nil {
			t.Fatal(err)
		}
		other, _, _ := strings.Cut(token, ".")
		body := patient("a", "1001")
		for name, c := range map[string]struct {
			token, kind string
			headers     []string
			want        int
		}{
			"no token":           {"", "application/fhir+json", nil, 401},
			"a wrong token":      {other + ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "application/fhir+json", nil, 401},
			"a feed that ended":  {ended, "application/fhir+json", nil, 401},
			"another kind":       {token, "text/csv", nil, 415},
			"another encoding":   {token, "application/fhir+json", []string{"Content-Encoding", "br"}, 415},
			"a browser's cookie": {token, "application/fhir+json", []string{"Cookie", "__Host-staff=x"}, 403},
			"another site":       {token, "application/fhir+json", []string{"Origin", "https://evil.example"}, 403},
		} {
			rec := p.send(c.token, c.kind, strings.NewReader(body), c.headers...)
			if rec.Code != c.want {
				t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
			}
			if c.want == 401 && !strings.HasPrefix(rec.Header().Get("WWW-Authenticate"), "Bearer") {
				t.Errorf("%s: no challenge", name)
			}
		}
		if n := count(t, p.door.DB, "patient"); n != 0 {
			t.Errorf("%d patients came in", n)
		}
		if n := count(t, p.door.DB, "audit_entry WHERE action = 'feed.tried' AND outcome = 'refused'"); n != 2 {
			t.Errorf("%d lines for two wrong tokens", n)
		}
		for range 12 {
			p.send("fed_x.y", "application/fhir+json", strings.NewReader(body))
		}
		if rec := p.send("fed_x.y", "application/fhir+json", strings.NewReader(body)); rec.Code != 429 || rec.Header().Get("Retry-After") == "" {
			t.Errorf("guessing: %d", rec.Code)
		}
		if rec := p.fhir(token, body); rec.Code != 200 {
			t.Errorf("the right token from there: %d %s", rec.Code, rec.Body)
		}
	})
}

func TestAnotherPatientInAMessageIsRefusedAndFlagged(t *testing.T) {
	eachPortal(t, func(t *testing.T, p *portal, _ *clock.Fake) {
		token := p.token("Lab")
		p.fhir(token, patient("b", "1002"))
		rec := p.fhir(token, bundle("collection", patient("a", "1001"), observation("o1", "Patient/b", "6.25")))
		if rec.Code != 422 || strings.Join(issues(t, rec), " ") != "security" || !strings.Contains(rec.Body.String(), "Bundle.entry[1].resource.subject") {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}
		if strings.Contains(rec.Body.String(), "6.25") || strings.Contains(rec.Body.String(), "Patient/b") {
			t.Errorf("the answer tells a value: %s", rec.Body)
		}
		if len(rows(t, p.door, patientOf(t, p.door, "1002"))) != 0 || count(t, p.door.DB, "import_fault") != 1 {
			t.Error("it came in, or is on no list")
		}
	})
}

func TestFeedsOnTheDesk(t *testing.T) {
	testkit.Each(t, func(t *testing.T, db *store.DB, c *clock.Fake) {
		p := &portal{t: t, door: newDoor(t, db), gate: &access.Gate{DB: db}}
		b := testkit.Serve(t, func(base *url.URL) http.Handler {
			p.handler = p.mount(&url.URL{Scheme: "https", Host: "portal.example"})
			return p.mount(base)
		})
		clerk := b.Other()
		p.signIn(b, "administrator")
		p.signIn(clerk, "records")
		if got := clerk.Get("/staff/feeds"); got.Status != 404 {
			t.Errorf("a records clerk at the feeds: %d", got.Status)
		}
		if got := b.Get("/staff/feeds").Submit("#new form, main form", "name", " "); got.Status != 422 {
			t.Errorf("no name: %d", got.Status)
		}
		made := b.Get("/staff/feeds").Submit("#new form, main form", "name", "Lab")
		token := made.Text("code")
		if made.Status != 200 || !strings.HasPrefix(token, "fed") {
			t.Fatalf("%d %q", made.Status, token)
		}
		if strings.Contains(b.Get("/staff/feeds").Body, token) {
			t.Error("the token is shown twice")
		}
		if n := count(t, db, "feed WHERE secret_hash = '"+token+"'"); n != 0 {
			t.Error("the token is kept")
		}
		p.fhir(token, bundle("collection", patient("a", "1001"), observation("o1", "Patient/nobody", "6")))
		seen := clerk.Get("/staff/imports")
		if seen.Status != 200 || !strings.Contains(seen.Body, "It is about a patient who has not come in.") || !strings.Contains(seen.Body, "Working") || !strings.HasPrefix(seen.Text("#faults ~ .card h3, .card h3"), "Lab ") {
			t.Errorf("%d %s", seen.Status, seen.Body)
		}
		if done := seen.Submit("details form"); done.Status != 200 || count(t, db, "import_fault") != 0 {
			t.Errorf("settled: %d", done.Status)
		}
		c.Move(27 * time.Hour)
		p.signIn(b, "administrator")
		late := b.Get("/staff/feeds")
		if !strings.Contains(late.Body, "Silent since") {
			t.Errorf("a silent feed: %s", late.Body)
		}
		if done := late.Submit("details form"); done.Status != 200 || !strings.Contains(done.Body, "The feed has ended.") {
			t.Errorf("ended: %d", done.Status)
		}
		if rec := p.fhir(token, patient("b", "1002")); rec.Code != 401 {
			t.Errorf("a feed that ended: %d", rec.Code)
		}
	})
}

// signIn signs a new staff user in.
func (p *portal) signIn(b *testkit.Browser, role string) {
	p.t.Helper()
	err := p.door.DB.Change(ctx, duty.Did("staff.added", ""), func(tx *store.Tx) error {
		id := ids.NewStaff()
		if _, err := tx.Exec(ctx, `INSERT INTO staff (id, name, email, roles, state, created_at) VALUES ($1, 'Jordan Kim', $2, $3, 'active', $4)`,
			id, string(id)+"@clinic.example", role, store.Time(tx.Now)); err != nil {
			return err
		}
		token, err := p.gate.StartStaffSession(ctx, tx, id, access.NewVisitor("test", "test"))
		b.SetCookie(web.StaffCookie, token)
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
}
