package sharing

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/store"
)

// sharer is a raised chart opened for sharing.
func (r *rig) sharer(a ids.Account, p ids.Patient) access.Chart {
	r.t.Helper()
	c, _, err := r.gate.RaisedChart(ctx, r.session(a, p, true), access.ShareRecords, "test", sofa)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

func (r *rig) sweepLinks() {
	r.t.Helper()
	if err := r.links.sweep(ctx, duty, struct{}{}); err != nil {
		r.t.Fatal(err)
	}
}

func linkOrder(sections ...record.Section) LinkOrder {
	return LinkOrder{Selection: Selection{Sections: sections}, Lang: lang.En, Passcode: "kettle7", Life: time.Hour}
}

func (r *rig) link(c access.Chart, o LinkOrder) NewLink {
	r.t.Helper()
	made, err := r.links.Make(ctx, c, o)
	if err != nil {
		r.t.Fatal(err)
	}
	return made
}

// held reads a link as an outside viewer does.
func held(t testing.TB, n NewLink) payload {
	t.Helper()
	_, text, ok := strings.Cut(n.Link, "shlink:/")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if !ok || err != nil {
		t.Fatal(n.Link, err)
	}
	var p payload
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p payload) address() string { return p.URL[strings.LastIndexByte(p.URL, '/')+1:] }

func (r *rig) open(p payload, passcode string) (Manifest, error) {
	return r.links.Open(ctx, sofa, Asked{Address: p.address(), Recipient: "Dr. Okafor", Passcode: passcode, Embedded: -1})
}

// decrypted opens a file with the key of the link.
func decrypted(t testing.TB, p payload, jwe string) map[string]any {
	t.Helper()
	key, err := base64.RawURLEncoding.DecodeString(p.Key)
	if err != nil || len(key) != 32 {
		t.Fatalf("key of %d bytes: %v", len(key), err)
	}
	e, err := jose.ParseEncrypted(jwe, []jose.KeyAlgorithm{jose.DIRECT}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		t.Fatal(err)
	}
	if e.Header.ExtraHeaders["cty"] != fhirJSON {
		t.Errorf("content type %v", e.Header.ExtraHeaders["cty"])
	}
	plain, err := e.Decrypt(key)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(plain, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestAnOutsideViewerReadsALink(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("o1", "a", "6.1"), condition("c1", "a", "Diabetes", "2019-05"), a1c("o2", "b", "9.9"))
		o := linkOrder(record.Results, record.Conditions, record.Allergies)
		o.Label = "For the travel clinic"
		made := r.link(r.sharer("acc_ana", ana), o)
		p := held(t, made)
		if p.Flag != "P" || p.V != 1 || p.Label != o.Label || p.Exp != r.clock.Now().Add(time.Hour).Unix() || len(p.URL) > 128 || len(p.address()) != 43 {
			t.Errorf("%+v", p)
		}
		m, err := r.open(p, " kettle 7")
		if err != nil || len(m.Files) != 2 || m.Status != finalized {
			t.Fatal(err, m)
		}
		if f := m.Files[0]; f.Status != finalized || f.FHIRVersion != "4.0.1" || f.LastUpdated != r.clock.Now().UTC().Format(time.RFC3339) {
			t.Errorf("%.60s is said to be %s, %s of %s", f.Embedded, f.Status, f.FHIRVersion, f.LastUpdated)
		}
		bundle := decrypted(t, p, m.Files[0].Embedded)
		first := bundle["entry"].([]any)[0].(map[string]any)["resource"].(map[string]any)
		if bundle["type"] != "document" || first["resourceType"] != "Composition" || len(first["section"].([]any)) != 3 {
			t.Errorf("%v", first)
		}
		raw, _ := json.Marshal(bundle)
		for _, want := range []string{"Hemoglobin A1c", "6.1%", "Diabetes", "unavailable", "Ana"} {
			if !bytes.Contains(raw, []byte(want)) {
				t.Errorf("%s is not in the summary", want)
			}
		}
		if bytes.Contains(raw, []byte("9.9")) {
			t.Error("somebody else's result is in the summary")
		}
		paper := decrypted(t, p, m.Files[1].Embedded)["content"].([]any)[0].(map[string]any)["attachment"].(map[string]any)
		pdf, err := base64.StdEncoding.DecodeString(paper["data"].(string))
		if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
			t.Error("no PDF", err)
		}
		if r.audited(audit.ShareMade) != 1 || r.audited(audit.ShareOpened) != 1 {
			t.Error("audit lines are missing")
		}
		if _, err := r.open(p, "kettle7"); err != nil {
			t.Fatal(err)
		}
		if want := []string{"made " + string(made.ID), "opened " + string(made.ID)}; !slices.Equal(r.out.told, want) {
			t.Errorf("told %v", r.out.told)
		}
		one, list, err := r.links.Opened(ctx, r.sharer("acc_ana", ana), made.ID)
		if err != nil || one.Openings != 2 || one.Wrong != 0 || len(list) != 2 || list[0].Recipient != "Dr. Okafor" || list[0].Source != "192.0.2.1" {
			t.Errorf("%v %+v %+v", err, one, list)
		}
	})
}

func TestALinkHoldsNothingHeldOrSensitive(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("o1", "a", "6.1"), condition("c1", "a", "Depression", "2019"),
			`{"resourceType":"DiagnosticReport","id":"r","status":"final","category":[{"coding":[{"code":"LAB"}]}],"code":{"text":"Panel"},"subject":{"reference":"Patient/a"},"conclusion":"It is 6.1","result":[{"reference":"Observation/o1"}]}`)
		r.mark(`release_at = '2999-01-01T00:00:00.000000Z' WHERE kind = 'Observation'`)
		r.mark(`sensitive = TRUE WHERE section = 'conditions'`)
		o := linkOrder(record.Results, record.Conditions)
		for _, ticked := range []bool{false, true} {
			o.Sensitive = ticked
			p := held(t, r.link(r.sharer("acc_ana", ana), o))
			m, err := r.open(p, "kettle7")
			if err != nil {
				t.Fatal(err)
			}
			raw, _ := json.Marshal(decrypted(t, p, m.Files[0].Embedded))
			if bytes.Contains(raw, []byte("6.1")) || bytes.Contains(raw, []byte("Depression")) != ticked {
				t.Errorf("sensitive %v: %s", ticked, raw)
			}
		}
	})
}

func TestWrongPasscodesEndALink(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		made := r.link(r.sharer("acc_ana", ana), linkOrder(record.Results))
		p := held(t, made)
		// Sent at once, each counts: none is checked beyond the fifth.
		var wg sync.WaitGroup
		var mu sync.Mutex
		var left []int
		missing := 0
		for range 9 {
			wg.Go(func() {
				_, err := r.open(p, "wrong one")
				mu.Lock()
				defer mu.Unlock()
				var w WrongPasscode
				switch {
				case errors.As(err, &w):
					left = append(left, w.Left)
				case fault.Is(err, fault.NotFound):
					missing++
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		slices.Sort(left)
		if !slices.Equal(left, []int{0, 1, 2, 3, 4}) || missing != 4 {
			t.Errorf("left %v, %d found nothing", left, missing)
		}
		if _, err := r.open(p, "kettle7"); !fault.Is(err, fault.NotFound) {
			t.Errorf("the right passcode after five wrong ones: %v", err)
		}
		if n := r.count(`SELECT COUNT(*) FROM share_file`); n != 0 {
			t.Errorf("%d files are left", n)
		}
		if n := r.count(`SELECT COUNT(*) FROM audit_entry WHERE action = $1 AND outcome = 'refused'`, string(audit.ShareOpened)); n != 4 || r.audited(audit.ShareEnded) != 1 {
			t.Errorf("%d refusals in the log", n)
		}
		one, _, err := r.links.Opened(ctx, r.sharer("acc_ana", ana), made.ID)
		if err != nil || one.State != LinkLocked || one.Wrong != 5 {
			t.Errorf("%v %+v", err, one)
		}
	})
}

// Wrong passcodes count over the link's whole life; a right one takes only itself back.
func TestARightPasscodeForgivesNone(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		p := held(t, r.link(r.sharer("acc_ana", ana), linkOrder(record.Results)))
		for _, want := range []int{4, 3} {
			var w WrongPasscode
			if _, err := r.open(p, "nothing"); !errors.As(err, &w) || w.Left != want {
				t.Errorf("%v, want %d left", err, want)
			}
			if _, err := r.open(p, "kettle7"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestALinkEndsOnTime(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		made := r.link(r.sharer("acc_ana", ana), linkOrder(record.Results))
		p := held(t, made)
		r.clock.Move((made.Expires.Add(-time.Second)).Sub(r.clock.Now()))
		if _, err := r.open(p, "kettle7"); err != nil {
			t.Fatal(err)
		}
		r.clock.Move((made.Expires).Sub(r.clock.Now()))
		if _, err := r.open(p, "kettle7"); !fault.Is(err, fault.NotFound) {
			t.Errorf("at its end: %v", err)
		}
		r.clock.Move((made.Expires.Add(time.Second)).Sub(r.clock.Now()))
		r.sweepLinks()
		if n := r.count(`SELECT COUNT(*) FROM share_file`); n != 0 || r.audited(audit.ShareEnded) != 1 {
			t.Errorf("%d files are left, %d lines", n, r.audited(audit.ShareEnded))
		}
		one, list, err := r.links.Opened(ctx, r.sharer("acc_ana", ana), made.ID)
		if err != nil || one.State != LinkExpired || len(list) != 1 {
			t.Errorf("%v %+v", err, one)
		}
		r.clock.Move(recalled)
		r.sweepLinks()
		if n := r.count(`SELECT (SELECT COUNT(*) FROM share_link) + (SELECT COUNT(*) FROM share_opening)`); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}

func TestAnEndedLinkOpensNoMore(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("o1", "a", "6.1"))
		c := r.sharer("acc_ana", ana)
		made := r.link(c, linkOrder(record.Results))
		p := held(t, made)
		m, err := r.links.Open(ctx, sofa, Asked{Address: p.address(), Recipient: "Dr. Okafor", Passcode: "kettle7", Embedded: 100})
		if err != nil || m.Files[0].Embedded != "" {
			t.Fatal(err, m)
		}
		ticket := m.Files[0].Location[strings.LastIndexByte(m.Files[0].Location, '/')+1:]
		jwe, err := r.links.Fetch(ctx, sofa, ticket)
		if err != nil {
			t.Fatal(err)
		}
		decrypted(t, p, jwe)
		for _, forged := range []string{"", "a.b.c.d", strings.Replace(ticket, ".0.", ".1.", 1), ticket[:len(ticket)-2] + "AA"} {
			if _, err := r.links.Fetch(ctx, sofa, forged); !fault.Is(err, fault.NotFound) {
				t.Errorf("%s: %v", forged, err)
			}
		}
		r.clock.Move(ticketLife)
		if _, err := r.links.Fetch(ctx, sofa, ticket); !fault.Is(err, fault.NotFound) {
			t.Errorf("after its time: %v", err)
		}
		m, err = r.links.Open(ctx, sofa, Asked{Address: p.address(), Recipient: "Dr. Okafor", Passcode: "kettle7", Embedded: 0})
		if err != nil {
			t.Fatal(err)
		}
		ticket = m.Files[0].Location[strings.LastIndexByte(m.Files[0].Location, '/')+1:]
		for range 2 { // ending twice is ending once
			if err := r.links.End(ctx, r.sharer("acc_ana", ana), made.ID); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := r.links.Fetch(ctx, sofa, ticket); !fault.Is(err, fault.NotFound) {
			t.Errorf("a file of an ended link: %v", err)
		}
		if _, err := r.open(p, "kettle7"); !fault.Is(err, fault.NotFound) {
			t.Errorf("an ended link: %v", err)
		}
	})
}

func TestALinkIsItsOwnersAlone(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		made := r.link(r.sharer("acc_ana", ana), linkOrder(record.Results))
		for name, c := range map[string]access.Chart{"another account": r.sharer("acc_ben", ben), "another record": r.sharer("acc_ana", ben), "another reader": r.sharer("acc_kin", ana)} {
			if list, err := r.links.Made(ctx, c); err != nil || len(list) != 0 {
				t.Errorf("%s lists %v %v", name, list, err)
			}
			_, _, err := r.links.Opened(ctx, c, made.ID)
			if gone := r.links.End(ctx, c, made.ID); !fault.Is(err, fault.NotFound) || !fault.Is(gone, fault.NotFound) {
				t.Errorf("%s: %v %v", name, err, gone)
			}
		}
		if _, err := r.links.Make(ctx, r.chart("acc_ana", ana), linkOrder(record.Results)); !fault.Is(err, fault.Denied) {
			t.Errorf("with a chart for downloads: %v", err)
		}
		if _, err := r.open(held(t, made), "kettle7"); err != nil {
			t.Fatal(err)
		}
		// "This was not me" freezes the account.
		r.out.closed["acc_ana"] = true
		if _, err := r.open(held(t, made), "kettle7"); !fault.Is(err, fault.NotFound) {
			t.Errorf("a frozen account's link: %v", err)
		}
	})
}

func TestLinksThatAreRefused(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for field, change := range map[string]func(*LinkOrder){
			"section":    func(o *LinkOrder) { o.Sections = nil },
			"life":       func(o *LinkOrder) { o.Life = longestLink + time.Second },
			"passcode":   func(o *LinkOrder) { o.Passcode = "short" },
			"passcode ":  func(o *LinkOrder) { o.Passcode = "123456" },
			"passcode  ": func(o *LinkOrder) { o.Passcode = "aaaaaaa" },
			"label":      func(o *LinkOrder) { o.Label = strings.Repeat("ñ", mostLabel+1) },
		} {
			o := linkOrder(record.Results)
			change(&o)
			_, err := r.links.Make(ctx, r.sharer("acc_ana", ana), o)
			if p := fault.Problems(err); len(p) != 1 || p[0].Field != strings.TrimSpace(field) {
				t.Errorf("%s: %v", field, err)
			}
		}
		o := linkOrder(record.Results)
		o.Passcode = ""
		if made := r.link(r.sharer("acc_ana", ana), o); len(made.Passcode) != 8 {
			t.Errorf("made the passcode %q", made.Passcode)
		}
		if n := r.count(`SELECT COUNT(*) FROM share_link`); n != 1 {
			t.Errorf("%d links", n)
		}
	})
}

// Nothing in the database opens a link or what it leads to.
func TestTheKeyIsNowhere(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(condition("c1", "a", "Diabetes", "2019-05"))
		p := held(t, r.link(r.sharer("acc_ana", ana), linkOrder(record.Conditions)))
		if _, err := r.open(p, "kettle7"); err != nil {
			t.Fatal(err)
		}
		var dump strings.Builder
		if err := r.db.View(ctx, func(tx *store.Tx) error {
			for _, q := range []string{`SELECT id || address_hash || passcode_hash || label || sections FROM share_link`, `SELECT jwe FROM share_file`,
				`SELECT recipient || source FROM share_opening`, `SELECT action || object || detail || source FROM audit_entry`, `SELECT key_hash FROM limit_count`} {
				rows, err := store.List(ctx, tx, store.One[string], q)
				if err != nil {
					return err
				}
				dump.WriteString(strings.Join(rows, "\n"))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		key, _ := base64.RawURLEncoding.DecodeString(p.Key)
		for _, secret := range []string{p.Key, string(key), p.address(), "kettle7", "Diabetes"} {
			if strings.Contains(dump.String(), secret) {
				t.Errorf("%q is in the database", secret)
			}
		}
	})
}

func TestOtherSystemsAskTheManifest(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		b := r.serve()
		r.Base = b.Base
		p := held(t, r.link(r.sharer("acc_ana", ana), linkOrder(record.Results)))
		ask := func(method, url, body string) (int, string, http.Header) {
			q, err := http.NewRequest(method, url, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			q.Header.Set("Content-Type", "application/json")
			q.Header.Set("Origin", "https://viewer.example")
			q.Header.Set("Sec-Fetch-Site", "cross-site")
			a, err := b.Other().Client.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Body.Close()
			text, err := io.ReadAll(a.Body)
			if err != nil {
				t.Fatal(err)
			}
			return a.StatusCode, string(text), a.Header
		}
		for _, try := range []struct {
			body   string
			status int
			says   string
		}{
			{`{"recipient":"Dr. Okafor","passcode":"wrong one"}`, 401, `{"remainingAttempts":4}`},
			{`{"passcode":"kettle7"}`, 400, "recipient"},
			{`{"recipient":"x","passcode":"kettle7","embeddedLengthMax":-1}`, 400, "manifest"},
			{`nothing`, 400, "manifest"},
			{`null`, 400, "manifest"},
			{`{"recipient":"x","passcode":12345678}`, 400, "manifest"},
			{`{"recipient":"x","PASSCODE":"kettle7"}`, 401, `{"remainingAttempts":3}`},
			{`{"recipient":"` + strings.Repeat("x", mostBody) + `"}`, 413, "large"},
			{`{"recipient":"Dr. Okafor","passcode":"kettle7","embeddedLengthMax":null,"later":[1]}`, 200, `"embedded":"ey`},
			{`{"recipient":"Dr. Okafor","passcode":"kettle7","embeddedLengthMax":10}`, 200, `"location":"` + b.Base + `/shl/file/`},
		} {
			status, text, h := ask("POST", p.URL, try.body)
			if status != try.status || !strings.Contains(text, try.says) || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Set-Cookie") != "" {
				t.Errorf("%.60s: %d %.200s %v", try.body, status, text, h)
			}
		}
		if status, _, h := ask("OPTIONS", p.URL, ""); status != 204 || h.Get("Access-Control-Allow-Headers") != "Content-Type" {
			t.Errorf("preflight %d %v", status, h)
		}
		if status, _, h := ask("POST", p.URL+"x", `{"recipient":"x"}`); status != 404 || h.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("an address that never was: %d", status)
		}
		if status, _, _ := ask("POST", b.Base+"/records/share", ""); status != 403 {
			t.Errorf("a form is open to other sites: %d", status)
		}
	})
}

func TestThePagesOfLinks(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.take(a1c("o1", "a", "6.1"))
		b := r.serve()
		r.Base = b.Base
		b.SetCookie("__Host-session", r.session("acc_ana", ana, true))
		p := b.Get("/records/share").Want(200, "Share your record by link")
		p = p.Submit("#share", "what", "some", "life", "day", "passcode", "123456").Want(422, "Share your record by link")
		if !p.Has("#section-error, #section .err") || !p.Has("#passcode-error") {
			t.Error("the problems are not at their fields")
		}
		made := p.Submit("#share", "what", "summary", "life", "week", "passcode", "kettle7", "label", "For a visit").Want(200, "Your link is ready")
		if link := made.Text("#share-link"); !strings.HasPrefix(link, b.Base+"/view#shlink:/") {
			t.Errorf("the link is %q", link)
		}
		if !made.Has(".qr svg path") || made.Text("#share-passcode") != "kettle7" {
			t.Error("no QR code or passcode")
		}
		list := b.Get("/records/share")
		if !strings.Contains(list.Text(".rows"), "For a visit") {
			t.Errorf("the list says %q", list.Text(".rows"))
		}
		path := list.Attr(".rows a", "href")
		one := b.Get(path).Want(200, "Your link")
		ended := one.Submit("form.action")
		if ended.Status == 303 {
			ended = b.Get(path)
		}
		if !strings.Contains(ended.Text("main"), "Ended by you") || ended.Has(".btn-danger") {
			t.Error("the link does not say that it ended")
		}
		v := b.Other().Get("/view").Want(200, "Open a shared record")
		if !v.Has("#view-form[hidden]") || !strings.Contains(v.Text("#view-plain"), "JavaScript") {
			t.Error("without JavaScript the page does not say what to do")
		}
	})
}

// Whatever is sent to a link's address is either a question or none.
func FuzzManifestRequest(f *testing.F) {
	for _, s := range []string{`{"recipient":"x","passcode":"kettle7"}`, `{"embeddedLengthMax":-1}`, `{"embeddedLengthMax":1e999}`, `null`, `[]`, `{"recipient":{}}`,
		`{"recipient":"\u0000\ud800"}`, `{"RECIPIENT":"x"}`, `{"passcode":"a","passcode":"b"}`, strings.Repeat("[", 10_000)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, ok := readAsked(raw)
		switch {
		case !ok:
			return
		case !json.Valid(raw) || a.Embedded < -1 || a.Address != "":
			t.Fatalf("%q was read as %+v", raw, a)
		case !utf8.ValidString(a.Recipient) || !utf8.ValidString(a.Passcode):
			t.Fatalf("%q gives text that is none", raw)
		}
		if a.Recipient != "" && !bytes.Contains(raw, []byte(`recipient`)) && !bytes.Contains(raw, []byte(`\u`)) {
			t.Fatalf("%q names nobody, %q was read", raw, a.Recipient)
		}
	})
}
