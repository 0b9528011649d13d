package sharing

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"portico/internal/record"
)

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
