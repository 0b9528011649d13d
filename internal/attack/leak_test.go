package attack

import (
	"bytes"
	"compress/gzip"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/enroll"
	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/sharing"
	"portico/internal/store"
	"portico/internal/web"
)

// named are documents that name an address wherever FHIR has room for one.
var named = []string{
	`{"resourceType":"DocumentReference","id":"%[1]s","status":"current","type":{"text":"Note"},"subject":{"reference":"Patient/p"},"date":"2026-01-05T10:00:00Z",
		"author":[{"reference":"URL/author"}],"content":[{"attachment":{"contentType":"text/plain","url":"URL/a.txt"}},{"attachment":{"contentType":"image/png","url":"URL/a.png","title":"URL"}}]}`,
	`{"resourceType":"DiagnosticReport","id":"%[1]s","status":"final","code":{"text":"X-ray","coding":[{"system":"URL/system","code":"1"}]},"category":[{"coding":[{"code":"RAD"}]}],"subject":{"reference":"Patient/p"},
		"performer":[{"reference":"URL/lab"}],"presentedForm":[{"contentType":"application/pdf","url":"URL/r.pdf"}],"media":[{"link":{"reference":"URL/Media/1"}}],"meta":{"profile":["URL/profile"],"source":"URL/source"}}`,
	`{"resourceType":"Observation","id":"%[1]s","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"text":"Glucose","coding":[{"system":"URL/loinc","code":"2345-7"}]},"subject":{"reference":"Patient/p"},
		"valueQuantity":{"value":5,"unit":"mg/dL","system":"URL/ucum","code":"mg/dL"},"derivedFrom":[{"reference":"URL/Observation/2"}],"extension":[{"url":"URL/extension","valueUrl":"URL/v"}],"note":[{"text":"URL"}]}`,
}

const clinicalNaming = `<?xml version="1.0"?><?xml-stylesheet type="text/xsl" href="URL/style.xsl"?><ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:hl7-org:v3 URL/CDA.xsd">
<code code="34133-9" codeSystem="2.16.840.1.113883.6.1"/><title>URL</title><component><structuredBody><component><section><title>Notes</title>
<text><linkHtml href="URL/link">a link</linkHtml><renderMultiMedia referencedObject="M1"/></text>
<entry><observationMedia ID="M1"><value mediaType="image/png"><reference value="URL/m.png"/></value></observationMedia></entry></section></component></structuredBody></component></ClinicalDocument>`

// T52: whatever address a person, a file or a feed names, nothing is fetched from
// there: not when it comes in, not when it is shown, not when it is copied.
func TestNothingThatIsNamedIsFetched(t *testing.T) {
	var fetched atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		fetched.Add(1)
		t.Logf("somebody fetched %s", r.URL.Path)
	}))
	defer trap.Close()
	w := lite(t)
	member := w.role("patient")
	w.raise(member[web.SessionCookie])
	visit := func(path string) {
		if got := w.do(ask{method: "GET", path: path, cookies: member}); got.Code >= 500 {
			t.Errorf("%s answers %d", path, got.Code)
		}
	}
	clinical := base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(clinicalNaming, "URL", trap.URL)))
	for _, doc := range append(named, `{"resourceType":"DocumentReference","id":"%[1]s","status":"current","type":{"text":"Visit"},"subject":{"reference":"Patient/p"},"date":"2026-01-06T10:00:00Z","content":[{"attachment":{"contentType":"text/xml","data":"`+clinical+`"}}]}`) {
		kind := strings.Split(doc, `"`)[3]
		id := w.taken(w.own, kind, strings.ReplaceAll(doc, "URL", trap.URL))
		for _, path := range []string{"/records/item/" + id, "/records/item/" + id + "/file?n=0", "/records/item/" + id + "/file?n=1", "/results/" + id, "/results/" + id + "/file", "/results/" + id + "/history"} {
			visit(path)
		}
	}
	w.copies(t, w.own)
	for _, r := range w.app.Router.Routes() {
		f, ok := forms[r.Method+" "+r.Path]
		if !r.Form || !ok {
			continue
		}
		path, fields, c := w.ready(r, f)
		sent := url.Values{}
		for name := range fields {
			sent.Set(name, trap.URL+"/"+name)
		}
		w.do(ask{method: "POST", path: path, cookies: c, form: with(sent, w.keyFor(r, c)), header: map[string]string{"Referer": trap.URL, "X-Forwarded-Host": trap.Listener.Addr().String(), "Origin": "https://" + host}})
	}
	w.work()
	if fetched.Load() != 0 {
		t.Errorf("%d fetches", fetched.Load())
	}
	if _, err := http.Get(trap.URL); err != nil || fetched.Load() == 0 {
		t.Error("the trap does not catch")
	}
}

// copies makes a copy of somebody's whole record in each format.
func (w *world) copies(t *testing.T, of person) {
	t.Helper()
	for _, f := range []sharing.Format{sharing.PDF, sharing.Text, sharing.FHIR, sharing.CCD} {
		token := w.signedIn(of)
		w.raise(token)
		c, _, err := w.app.Gate.RaisedChart(ctx, token, access.DownloadRecords, "test", visitor())
		if err != nil {
			t.Fatal(err)
		}
		sections := record.Sections
		if f == sharing.CCD {
			sections = []record.Section{record.Results}
		}
		must(w.app.Sharing.Ask(ctx, c, sharing.Order{Format: f, Lang: lang.En, Selection: sharing.Selection{Sections: sections, Sensitive: true}}))
		w.work()
	}
}

// T62: somebody inside has the whole backup, without the clinic's key. Nothing in
// it signs anybody in, and no contact, number or message can be read in it.
func TestT62ABackupTellsNothing(t *testing.T) {
	cfg := settings(t, "sqlite:"+filepath.Join(t.TempDir(), "portico.db"))
	dead, err := net.Listen("tcp", "127.0.0.1:0") // a mail server that never answers: messages wait
	if err != nil {
		t.Fatal(err)
	}
	defer dead.Close()
	cfg.Mail.URL, cfg.Mail.From = "smtp://"+dead.Addr().String(), "portal@portal.example"
	w := openAs(t, cfg, false)
	secrets := w.everySecret(t)
	secrets["the clinic's key"] = cfg.SecretKey
	var b bytes.Buffer
	if _, err := w.app.DB.Backup(ctx, &b); err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	whole := string(must(io.ReadAll(z)))
	for what, value := range secrets {
		for _, form := range []string{value, base64.StdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)), hex.EncodeToString([]byte(value)), strings.ReplaceAll(value, "-", "")} {
			if len(value) < 8 || strings.Contains(whole, form) {
				t.Errorf("%s can be read in a backup: %s", what, form)
			}
		}
	}
	if !strings.Contains(whole, string(w.own.id)) || len(secrets) < 15 {
		t.Errorf("a backup of %d bytes was searched for %d secrets: that is no backup", len(whole), len(secrets))
	}
}

// everySecret makes one of everything secret and gives what it is.
func (w *world) everySecret(t *testing.T) map[string]string {
	t.Helper()
	p, code := w.given(enroll.ByHand)
	var n int
	fmt.Sscanf(p.number, "MR-%d", &n)
	n -= 1000
	recovery := account.NewRecoveryCodes()
	m := w.newcomer()
	key := []byte("a-key-of-20-bytes-xx")
	w.change(func(tx *store.Tx) (err error) {
		m.account, err = w.app.Accounts.Open(ctx, tx, account.NewAccount{Patient: m.id, UserName: "quiet.meadow.lane", Hash: w.hash, Recovery: recovery, Lang: lang.En,
			Factors: []account.NewFactor{{Kind: account.TOTP, Secret: key}, {Kind: account.Mail, Contact: "second.step@elsewhere.example"}, {Kind: account.SMS, Contact: "+15551867788"}}})
		return err
	})
	out := map[string]string{
		"a password": password, "an authenticator's secret": string(key), "the same in base 32": base32.StdEncoding.EncodeToString(key),
		"a recovery code": recovery[0], "a second step's e-mail": "second.step@elsewhere.example", "a second step's phone": "+15551867788",
		"an activation code": code.Text, "its secret half": code.Text[6:], "its link": code.Link[strings.LastIndexByte(code.Link, '/')+1:],
		"an address on file": "12 Elm Street", "an e-mail on file": fmt.Sprintf("w%d@example.com", n),
		"a session": w.signedIn(m), "a staff session": w.hire("auditor").token, "a half-opened account": w.opened(false), "a link for not me": w.notMe(m), "a set-up link": w.setUpLink(m),
	}
	_, token, err := w.app.Ingest.AddFeedByDuty(ctx, duty, "the lab")
	if err != nil {
		t.Fatal(err)
	}
	out["a feed's token"] = token
	session := w.signedIn(m)
	w.raise(session)
	c, _, err := w.app.Gate.RaisedChart(ctx, session, access.ShareRecords, "test", visitor())
	if err != nil {
		t.Fatal(err)
	}
	out["a link's passcode"] = "kettle-boils-7"
	made := must(w.app.Links.Make(ctx, c, sharing.LinkOrder{Lang: lang.En, Life: time.Hour, Passcode: out["a link's passcode"], Selection: sharing.Selection{Sections: []record.Section{record.Results}}}))
	_, shl, _ := strings.Cut(made.Link, "shlink:/")
	raw := must(base64.RawURLEncoding.DecodeString(shl))
	var link struct{ URL, Key string }
	w.ok(json.Unmarshal(raw, &link))
	out["a link's key"], out["a link's address"] = link.Key, link.URL[strings.LastIndexByte(link.URL, '/')+1:]
	if _, err := w.app.Enroll.IssueByDuty(ctx, duty, enroll.Order{Patient: w.newcomer().id, By: enroll.ByEmail}); err != nil { // a message that waits
		t.Fatal(err)
	}
	out["the words of a message"] = "activation code"
	return out
}
