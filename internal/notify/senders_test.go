package notify

import (
	"encoding/json"
	"errors"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/testkit"
	"portico/internal/testkit/mailbox"
	"portico/internal/testkit/phone"
)

func aMail(t testing.TB) ready {
	r, err := writerFor(t, lang.Es).dress(ctx, every[0], Mail)
	if err != nil {
		t.Fatal(err)
	}
	r.id, r.to, r.at = "msg_abc", someone, testkit.Noon
	return r
}

func TestMailHeadersAreTheTemplatesAndNothingElse(t *testing.T) {
	box := mailbox.Start(t)
	evil := "Clinic\r\nBcc: evil@example.org\r\n\r\nbody"
	s, err := NewSMTP("smtp://"+box.Addr(), "portal@riverside.example", func() string { return evil }, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := aMail(t)
	r.subject = "Súbject\r\nBcc: evil@example.org\nX-Evil: 1\u2028\x00\x85"
	if _, err := s.send(ctx, r); err != nil {
		t.Fatal(err)
	}
	got := box.Taken()
	if len(got) != 1 || !slices.Equal(got[0].To, []string{someone}) {
		t.Fatalf("%+v", got)
	}
	var names []string
	for n, v := range got[0].Header {
		names = append(names, n)
		if len(v) != 1 {
			t.Errorf("%s stands %d times", n, len(v))
		}
	}
	slices.Sort(names)
	want := []string{"Auto-Submitted", "Content-Language", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To", "X-Auto-Response-Suppress"}
	if !slices.Equal(names, want) {
		t.Errorf("headers %v", names)
	}
	if got[0].ID() != "<msg_abc@riverside.example>" || got[0].Header.Get("Date") != "Tue, 10 Mar 2026 12:00:00 +0000" {
		t.Error(got[0].Header)
	}
	if !strings.Contains(got[0].Text, "7KQ4M-W0D3B-XR1VZ") || !strings.Contains(got[0].HTML, "contraseña") {
		t.Error("content lost")
	}
	r.to = "a@example.org>\r\nRCPT TO:<b@example.org"
	if _, err := s.send(ctx, r); err == nil || len(box.Taken()) != 1 {
		t.Error("a second recipient got in")
	}
}

func TestMailFailuresAreToldApart(t *testing.T) {
	box := mailbox.Start(t)
	s, err := NewSMTP("smtp://"+box.Addr(), "portal@riverside.example", func() string { return "Clinic" }, nil)
	if err != nil {
		t.Fatal(err)
	}
	for m, want := range map[mailbox.Mood]failure{
		mailbox.RefuseForNow:   {code: "mail_451_4.7.1"},
		mailbox.RefuseForGood:  {code: "mail_550_5.1.1", permanent: true},
		mailbox.RefuseSender:   {code: "mail_550_5.7.1"},
		mailbox.RefuseContent:  {code: "mail_554_5.6.0", permanent: true},
		mailbox.FullForNow:     {code: "mail_452_4.2.2"},
		mailbox.DropAfterData:  {code: "mail_lost", unsure: true},
		mailbox.DropBeforeData: {code: "mail_lost", unsure: true},
	} {
		box.Be(m)
		_, err := s.send(ctx, aMail(t))
		f, ok := errors.AsType[*failure](err)
		if !ok || *f != want {
			t.Errorf("mood %d: %+v, want %+v", m, f, want)
		}
		if ok && strings.Contains(f.Error(), someone) {
			t.Error("the error repeats the address")
		}
	}
	box.Down()
	if f, _ := errors.AsType[*failure](func() error { _, err := s.send(ctx, aMail(t)); return err }()); f == nil || f.code != "mail_connect" || f.unsure || f.permanent {
		t.Errorf("%+v", f)
	}
}

func TestMailDemandsTLS(t *testing.T) {
	plain := mailbox.Start(t)
	s, err := NewSMTP("smtp://portico:pass@"+plain.Addr()+"?tls=required", "portal@riverside.example", func() string { return "Clinic" }, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.send(ctx, aMail(t)); err == nil || plain.Logins() != 0 {
		t.Error("a password went out in clear")
	}
	if s, err = NewSMTP("smtp://"+plain.Addr()+"?tls=required", "portal@riverside.example", func() string { return "Clinic" }, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.send(ctx, aMail(t)); err == nil || len(plain.Taken()) != 0 {
		t.Error("a message went out in clear")
	}
	safe, roots := mailbox.StartTLS(t)
	address := "smtp://portico:pass@" + safe.Addr() + "?tls=required"
	if s, err = NewSMTP(address, "portal@riverside.example", func() string { return "Clinic" }, roots); err != nil {
		t.Fatal(err)
	}
	if _, err := s.send(ctx, aMail(t)); err != nil || safe.Logins() != 1 || len(safe.Taken()) != 1 {
		t.Errorf("%v, %d logins", err, safe.Logins())
	}
	if err := s.Probe(ctx); err != nil {
		t.Error(err)
	}
	if s, err = NewSMTP(address, "portal@riverside.example", func() string { return "Clinic" }, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.send(ctx, aMail(t)); err == nil || safe.Logins() != 2 {
		t.Error("a certificate of nobody's was trusted")
	}
	if err := s.Probe(ctx); err == nil || strings.Contains(err.Error(), "pass@") {
		t.Error(err)
	}
}

func TestMailAddresses(t *testing.T) {
	for address, ok := range map[string]bool{
		"smtp://u:p@mail.example.org:587": true, "smtps://u:p@mail.example.org": true, "smtp://mail.example.org?tls=none": true,
		"http://mail.example.org": false, "smtp://": false, "smtp://h:99999": false, "smtp://h?tls=maybe": false, "": false,
	} {
		if _, err := NewSMTP(address, "a@example.org", nil, nil); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := NewSMTP("smtp://h", "Portal <a@example.org>", nil, nil); err == nil {
		t.Error("a sender with a name was taken")
	}
}

func TestPhoneFailuresAreToldApart(t *testing.T) {
	p := phone.Start(t)
	s, err := NewPhone(PhoneSettings{URL: p.URL(), Account: phone.Account, Token: phone.Token, From: "+15550100199"})
	if err != nil {
		t.Fatal(err)
	}
	r := ready{id: "msg_1", to: "+15550100123", channel: Text, lang: "en", text: "hello"}
	for m, want := range map[phone.Mood]failure{
		phone.TooFast:      {code: "phone_429_20429"},
		phone.Unavailable:  {code: "phone_503_20503"},
		phone.Broken:       {code: "phone_500_20500", unsure: true},
		phone.NoSuchNumber: {code: "phone_400_21211", permanent: true},
		phone.TakeAndDrop:  {code: "phone_lost", unsure: true},
		phone.Redirect:     {code: "phone_302"},
	} {
		p.Be(m)
		_, err := s.send(ctx, r)
		if f, ok := errors.AsType[*failure](err); !ok || *f != want {
			t.Errorf("mood %d: %+v, want %+v", m, f, want)
		}
	}
	p.Be(phone.Garbage)
	if ref, err := s.send(ctx, r); ref != "" || err != nil {
		t.Error(ref, err)
	}
	p.Be(phone.Well)
	r.channel, r.lines = Voice, []line{{Text: "Hello", Digits: "12"}}
	ref, err := s.send(ctx, r)
	got := p.Taken()[len(p.Taken())-1]
	if err != nil || ref != got.SID || !got.Call || !strings.Contains(got.Twiml, ">2<") || got.To != r.to || got.From != "+15550100199" {
		t.Errorf("%+v %v", got, err)
	}
	p.Slow(200 * time.Millisecond)
	s.client.Timeout = 50 * time.Millisecond
	if _, err := s.send(ctx, r); err == nil || !err.(*failure).unsure {
		t.Error("a slow answer:", err)
	}
	p.Down()
	if _, err := s.send(ctx, r); err == nil || *err.(*failure) != (failure{code: "phone_connect"}) {
		t.Error(err)
	}
	for _, bad := range []PhoneSettings{{URL: "http://phone.example.org", Account: "a", Token: "t", From: "+1"}, {URL: "https://x"}, {}} {
		if _, err := NewPhone(bad); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

// The example of the provider's documentation.
func TestSignatureIsTheProviders(t *testing.T) {
	form := url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675310"}, "Digits": {"1234"}, "From": {"+14158675310"}, "To": {"+18005551212"}}
	if got := signature("12345", "https://example.com/myapp.php?foo=1&bar=2", form); got != "L/OH5YylLD5NRKLltdqwSvS0BnU=" {
		t.Error(got)
	}
}

func TestDemoKeepsMessages(t *testing.T) {
	db, c := testkit.SQLite(t)
	d := newDesk(t, db, c)
	sink := &Sink{DB: db}
	d.Mail, d.Phone = sink, sink
	d.queue(mailTo(someone, every[0]))
	c.Move(time.Second)
	d.work()
	d.queue(textTo("+15550100123", code))
	d.queue(Message{To: "+15550100123", Channel: Voice, Lang: lang.Es, Notice: code})
	c.Move(time.Second)
	d.work()
	w := httptest.NewRecorder()
	sink.JSON().ServeHTTP(w, httptest.NewRequest("GET", "/demo/outbox.json", nil))
	var raw []map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &raw); err != nil || len(raw) != 3 {
		t.Fatalf("%v %s", err, w.Body)
	}
	for _, m := range raw {
		var names []string
		for n := range m {
			names = append(names, n)
		}
		slices.Sort(names)
		if !slices.Equal(names, []string{"at", "channel", "html", "id", "links", "subject", "text", "to"}) {
			t.Error(names)
		}
	}
	var all []Seen
	if err := json.Unmarshal(w.Body.Bytes(), &all); err != nil {
		t.Fatal(err)
	}
	last := all[2]
	if last.Channel != Mail || last.To != someone || len(last.Links) != 1 || last.Links[0] != "https://portal.riverside.example/activate/4mzq7w2k9c5t8r3v6x1y0abdef" {
		t.Errorf("%+v", last)
	}
	draw, err := sink.Page(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var html strings.Builder
	if err := draw(page.Shell{Lang: lang.En, Clinic: clinic(t)}).Render(ctx, &html); err != nil {
		t.Fatal(err)
	}
	if dir := os.Getenv("PORTICO_KEEP_MAILS"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, "outbox.html"), []byte(html.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"7KQ4M-W0D3B-XR1VZ", `href="https://portal.riverside.example/activate/`, "Voice call", "/demo/outbox/mail?id=" + last.ID} {
		if !strings.Contains(html.String(), want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	w = httptest.NewRecorder()
	sink.Mail().ServeHTTP(w, httptest.NewRequest("GET", "/demo/outbox/mail?id="+last.ID, nil))
	if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "sandbox") || !strings.Contains(w.Body.String(), "Open your account") {
		t.Error(w.Code, w.Header())
	}
	w = httptest.NewRecorder()
	sink.Mail().ServeHTTP(w, httptest.NewRequest("GET", "/demo/outbox/mail?id=none", nil))
	if w.Code != 404 {
		t.Error(w.Code)
	}
}
