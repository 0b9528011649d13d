// Package phone is a provider of texts and voice calls for tests, with the HTTP
// interface of Twilio's, that can misbehave: be down, refuse, be slow, take a
// message and never say so, and report what became of it twice.
package phone

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the interface's signature is HMAC-SHA1
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"
)

// Account and Token let a client in.
const (
	Account = "AC00000000000000000000000000000001"
	Token   = "a token for tests"
)

// Mood is how the provider behaves.
type Mood int

const (
	Well         Mood = iota
	TooFast           // 429
	Unavailable       // 503, takes nothing
	Broken            // 500, takes nothing
	NoSuchNumber      // 400 with code 21211
	TakeAndDrop       // takes the message, then hangs up without an answer
	Redirect          // 302 to elsewhere
	Garbage           // 201 with something that is not JSON
)

// Taken is one text or call.
type Taken struct {
	SID, To, From, Body, Twiml, Callback string
	Call                                 bool
}

// Provider is the running fake.
type Provider struct {
	t      testing.TB
	addr   string
	mu     sync.Mutex
	srv    *http.Server
	listen net.Listener
	mood   Mood
	slow   time.Duration
	taken  []Taken
}

// Start runs the provider until the test ends.
func Start(t testing.TB) *Provider {
	t.Helper()
	p := &Provider{t: t, addr: "127.0.0.1:0"}
	p.Up()
	t.Cleanup(p.Down)
	return p
}

// URL is the base address.
func (p *Provider) URL() string { return "http://" + p.addr }

// Up starts listening, on the same port as before.
func (p *Provider) Up() {
	p.t.Helper()
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		p.t.Fatal(err)
	}
	p.addr = l.Addr().String()
	srv := &http.Server{Handler: http.HandlerFunc(p.serve), ReadHeaderTimeout: 5 * time.Second}
	p.mu.Lock()
	p.srv, p.listen = srv, l
	p.mu.Unlock()
	go srv.Serve(l)
}

// Down stops listening and cuts every connection.
func (p *Provider) Down() {
	p.mu.Lock()
	srv, l := p.srv, p.listen
	p.srv = nil
	p.mu.Unlock()
	if srv != nil {
		l.Close() // the server may not have begun to serve it yet
		srv.Close()
	}
}

// Be sets the mood.
func (p *Provider) Be(m Mood) { p.mu.Lock(); p.mood = m; p.mu.Unlock() }

// Slow makes the provider wait before it answers.
func (p *Provider) Slow(d time.Duration) { p.mu.Lock(); p.slow = d; p.mu.Unlock() }

// Taken lists what was taken, and would be billed, in order.
func (p *Provider) Taken() []Taken {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Taken(nil), p.taken...)
}

func (p *Provider) serve(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	mood, slow := p.mood, p.slow
	p.mu.Unlock()
	time.Sleep(slow)
	user, pass, _ := r.BasicAuth()
	path, ok := strings.CutPrefix(r.URL.Path, "/2010-04-01/Accounts/"+Account+"/")
	if user != Account || pass != Token || !ok || r.Method != http.MethodPost {
		answer(w, http.StatusUnauthorized, 20003)
		return
	}
	switch mood {
	case TooFast:
		answer(w, http.StatusTooManyRequests, 20429)
		return
	case Unavailable:
		answer(w, http.StatusServiceUnavailable, 20503)
		return
	case Broken:
		answer(w, http.StatusInternalServerError, 20500)
		return
	case NoSuchNumber:
		answer(w, http.StatusBadRequest, 21211)
		return
	case Redirect:
		http.Redirect(w, r, "/elsewhere", http.StatusFound)
		return
	}
	t := p.take(r, path == "Calls.json")
	switch mood {
	case TakeAndDrop:
		if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
			c.Close()
		}
	case Garbage:
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, "<html>thanks</html>")
	default:
		w.WriteHeader(http.StatusCreated)
		json.NewEncoder(w).Encode(map[string]any{"sid": t.SID, "status": "queued", "to": t.To})
	}
}

func (p *Provider) take(r *http.Request, call bool) Taken {
	t := Taken{To: r.PostFormValue("To"), From: r.PostFormValue("From"), Body: r.PostFormValue("Body"),
		Twiml: r.PostFormValue("Twiml"), Callback: r.PostFormValue("StatusCallback"), Call: call}
	p.mu.Lock()
	defer p.mu.Unlock()
	t.SID = fmt.Sprintf("SM%032d", len(p.taken)+1)
	if call {
		t.SID = fmt.Sprintf("CA%032d", len(p.taken)+1)
	}
	p.taken = append(p.taken, t)
	return t
}

func answer(w http.ResponseWriter, status, code int) {
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"code": code, "message": "no", "status": status})
}

// Report makes the signed request by which the provider says what became of a
// message; send it to the address it was given, as often as you like.
func Report(t Taken, status, code string) *http.Request {
	form := url.Values{"MessageSid": {t.SID}, "MessageStatus": {status}, "ErrorCode": {code}, "To": {t.To}}
	if t.Call {
		form = url.Values{"CallSid": {t.SID}, "CallStatus": {status}, "To": {t.To}}
	}
	r, err := http.NewRequest(http.MethodPost, t.Callback, strings.NewReader(form.Encode()))
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Twilio-Signature", Sign(t.Callback, form))
	return r
}

// Sign is the signature of a form sent to address.
func Sign(address string, form url.Values) string {
	var parts []string
	for k, v := range form {
		parts = append(parts, k+strings.Join(v, k))
	}
	sort.Strings(parts)
	m := hmac.New(sha1.New, []byte(Token))
	m.Write([]byte(address + strings.Join(parts, "")))
	return base64.StdEncoding.EncodeToString(m.Sum(nil))
}
