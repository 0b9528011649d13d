package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the provider's signature is HMAC-SHA1 by its specification
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"portico/internal/lang"
)

// Phone sends texts and voice calls over an HTTP interface like Twilio's
// (API version 2010-04-01).
type Phone struct {
	base     string
	account  string
	token    string
	from     string
	callback string
	client   *http.Client
}

// PhoneSettings say how to reach the provider.
type PhoneSettings struct {
	URL      string // https://…; http:// only to this machine
	Account  string
	Token    string
	From     string // E.164
	Callback string // complete address of the status callback, "" for none
}

// NewPhone makes a sender for texts and calls.
func NewPhone(s PhoneSettings) (*Phone, error) {
	u, err := url.Parse(s.URL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname()))) {
		return nil, errors.New("phone.url must be https://")
	}
	if s.Account == "" || s.Token == "" || s.From == "" {
		return nil, errors.New("phone.url needs phone.account, phone.token and phone.from")
	}
	return &Phone{
		base: strings.TrimSuffix(s.URL, "/") + "/2010-04-01/Accounts/" + url.PathEscape(s.Account), account: s.Account,
		token: s.Token, from: s.From, callback: s.Callback,
		client: &http.Client{
			Timeout: 15 * time.Second,
			// The token must not follow a redirect elsewhere.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

func (p *Phone) send(ctx context.Context, r ready) (string, error) {
	form := url.Values{"To": {r.to}, "From": {p.from}}
	if p.callback != "" {
		form.Set("StatusCallback", p.callback)
	}
	place := "/Messages.json"
	if r.channel == Voice {
		place = "/Calls.json"
		form.Set("Twiml", twiml(lang.Lang(r.lang), r.lines))
	} else {
		form.Set("Body", r.text)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+place, strings.NewReader(form.Encode()))
	if err != nil {
		return "", &failure{code: "phone_settings"}
	}
	req.SetBasicAuth(p.account, p.token)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	res, err := p.client.Do(req)
	if err != nil {
		return "", lostCall(err)
	}
	defer res.Body.Close()
	return readAnswer(res)
}

// lostCall tells a connection never made from an answer never heard.
func lostCall(err error) *failure {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return &failure{code: "phone_connect"}
	}
	return &failure{code: "phone_lost", unsure: true}
}

var sid = regexp.MustCompile(`^[A-Za-z0-9]{8,64}$`)

func readAnswer(res *http.Response) (string, error) {
	var body struct {
		SID  string `json:"sid"`
		Code int    `json:"code"`
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	readable := err == nil && json.Unmarshal(b, &body) == nil
	f := &failure{code: "phone_" + strconv.Itoa(res.StatusCode)}
	if body.Code > 0 {
		f.code += "_" + strconv.Itoa(body.Code)
	}
	switch n := res.StatusCode; {
	case n >= 200 && n < 300:
		if !readable || !sid.MatchString(body.SID) {
			return "", nil // taken, though we shall not hear what became of it
		}
		return body.SID, nil
	case n == http.StatusBadRequest:
		f.permanent = true // this number, or this text
	case n == http.StatusTooManyRequests, n == http.StatusServiceUnavailable, n >= 300 && n < 500:
		// Not taken: too fast, down, or our settings are wrong.
	default:
		f.unsure = true
	}
	return "", f
}

// voices are the provider's names of the languages spoken.
var voices = map[lang.Lang]string{lang.En: "en-US", lang.Es: "es-US"}

// twiml writes a call as the provider's markup: digits one by one with a second
// between them, so that they can be written down.
func twiml(l lang.Lang, lines []line) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><Response><Pause length="1"/>`)
	say := func(s string) {
		b.WriteString(`<Say language="` + voices[l] + `">`)
		_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
		b.WriteString(`</Say>`)
	}
	for _, x := range lines {
		say(x.Text)
		for _, d := range x.Digits {
			say(string(d))
			b.WriteString(`<Pause length="1"/>`)
		}
	}
	b.WriteString(`</Response>`)
	return b.String()
}

// signature is what the provider puts into X-Twilio-Signature: base64 of
// HMAC-SHA1, under the account's token, over the address and the sorted form
// fields, name and value after each other.
func signature(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range form[name] {
			mac.Write([]byte(name + v))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// Signed tells whether a status callback really comes from the provider.
func (p *Phone) Signed(form url.Values, got string) bool {
	return p.callback != "" && hmac.Equal([]byte(got), []byte(signature(p.token, p.callback, form)))
}
