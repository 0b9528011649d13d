// Command scandoor stands between a scanner and a demo portal, because a scanner
// by itself gets nowhere: it signs in as a patient and as each of the staff, sends
// their cookies along, puts a fresh key into each form (a key works once), proves
// who it is where a page asks for it, and keeps the scanner from signing out,
// closing the account and the like.
//
//	scandoor -portal http://127.0.0.1:8080 -cards DIR/accounts.json -addr 127.0.0.1:8090
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"
)

// card is one who can sign in.
type card struct {
	UserName string `json:"user_name"`
	Email    string `json:"email"`
	Password string `json:"password"`
	Secret   string `json:"totp_secret"`
}

// person is a card with the cookies of its session.
type person struct {
	card
	staff   bool
	cookies map[string]string
	used    int64 // the last step of the authenticator that was given
}

// door is the way in.
type door struct {
	portal string
	plain  *http.Client // follows nothing

	mu      sync.Mutex
	patient *person
	staff   []*person
	opens   map[string]int // who of the staff may open a path
	last    time.Time      // when somebody signed in anew
}

func main() {
	portal := flag.String("portal", "", "address of the demo")
	cards := flag.String("cards", "", "its accounts.json")
	addr := flag.String("addr", "127.0.0.1:0", "where the scanner asks")
	flag.Parse()
	d := &door{portal: *portal, opens: map[string]int{}, plain: &http.Client{Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if err := d.begin(*cards); err != nil {
		log.Fatal(err)
	}
	log.Printf("ready on %s", *addr)
	log.Fatal(http.ListenAndServe(*addr, d))
}

// begin reads who there is and signs everybody in.
func (d *door) begin(file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var all struct{ Accounts, Staff []card }
	if err := json.Unmarshal(b, &all); err != nil {
		return err
	}
	for _, c := range all.Accounts {
		if c.Secret != "" && d.patient == nil {
			d.patient = &person{card: c, cookies: map[string]string{}}
		}
	}
	if d.patient == nil {
		return errors.New("nobody among the accounts has an authenticator app")
	}
	for _, c := range all.Staff {
		d.staff = append(d.staff, &person{card: c, staff: true, cookies: map[string]string{}})
	}
	for _, p := range append([]*person{d.patient}, d.staff...) {
		if err := d.signIn(p); err != nil {
			return fmt.Errorf("%s: %w", p.Email, err)
		}
	}
	return nil
}

var (
	formKey = regexp.MustCompile(`name="_form"[^>]*value="([^"]+)"`)
	method  = regexp.MustCompile(`name="method"[^>]*value="([^"]+)"`)
	idents  = regexp.MustCompile(`[a-z]{3}[_-][a-z0-9]{26}`)
	// closed are the forms after which there would be nothing left to scan.
	closed = regexp.MustCompile(`/signout|/account/(close|password|devices|sessions|browsers|steps|recovery)|/staff/people/.*/(disable|roles|link)|/signin/cancel|/staff/results/rules/drop`)
)

// ask sends one request with somebody's cookies and keeps those that come back.
func (d *door) ask(p *person, verb, path string, form url.Values, head http.Header) (*http.Response, []byte, error) {
	req, err := http.NewRequest(verb, d.portal+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, err
	}
	for k, v := range head {
		if k != "Cookie" && k != "Origin" && k != "Host" && k != "Accept-Encoding" && k != "Content-Length" && !strings.HasPrefix(k, "Sec-") {
			req.Header[k] = v
		}
	}
	if verb == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range p.cookies {
		req.AddCookie(&http.Cookie{Name: k, Value: v})
	}
	res, err := d.plain.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	for _, c := range res.Cookies() {
		if c.MaxAge < 0 {
			delete(p.cookies, c.Name)
		} else {
			p.cookies[c.Name] = c.Value
		}
	}
	b, err := io.ReadAll(res.Body)
	return res, b, err
}

// send opens a page, takes the key from it, and sends a form.
func (d *door) send(p *person, page, to string, form url.Values) (*http.Response, error) {
	_, b, err := d.ask(p, http.MethodGet, page, nil, nil)
	if err != nil {
		return nil, err
	}
	m := formKey.FindSubmatch(b)
	if m == nil {
		return nil, fmt.Errorf("%s has no form", page)
	}
	form.Set("_form", string(m[1]))
	if m := method.FindSubmatch(b); m != nil {
		form.Set("method", string(m[1]))
	}
	res, _, err := d.ask(p, http.MethodPost, to, form, nil)
	if err == nil && res.StatusCode != http.StatusSeeOther {
		err = fmt.Errorf("%s answered %d", to, res.StatusCode)
	}
	return res, err
}

func (d *door) signIn(p *person) error {
	place, form := "/signin", url.Values{"username": {p.UserName}, "password": {p.Password}, "next": {""}}
	if p.staff {
		place, form = "/staff/signin", url.Values{"email": {p.Email}, "password": {p.Password}, "next": {""}}
	}
	if _, err := d.send(p, place, place, form); err != nil {
		return err
	}
	_, err := d.send(p, place+"/step", place+"/step", url.Values{"code": {p.code()}})
	return err
}

// raise proves once more who the patient is.
func (d *door) raise() error {
	if _, err := d.send(d.patient, "/account/confirm", "/account/confirm", url.Values{"password": {d.patient.Password}, "next": {"/home"}}); err != nil {
		return err
	}
	_, err := d.send(d.patient, "/account/confirm/step", "/account/confirm/step", url.Values{"code": {d.patient.code()}})
	return err
}

// code waits for the next code of the authenticator app: each works once.
func (p *person) code() string {
	for time.Now().Unix()/30 <= p.used {
		time.Sleep(time.Second)
	}
	p.used = time.Now().Unix() / 30
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(p.Secret)
	if err != nil {
		return ""
	}
	var c [8]byte
	binary.BigEndian.PutUint64(c[:], uint64(p.used))
	m := hmac.New(sha1.New, key)
	m.Write(c[:])
	sum := m.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", (binary.BigEndian.Uint32(sum[at:at+4])&0x7fffffff)%1_000_000)
}

// whose tells whose session opens a path: for staff the first who may.
func (d *door) whose(path string) *person {
	if !strings.HasPrefix(path, "/staff") {
		return d.patient
	}
	kind := idents.ReplaceAllString(path, "*")
	n, known := d.opens[kind]
	for i := 0; !known && i < len(d.staff); i++ {
		res, _, err := d.ask(d.staff[i], http.MethodGet, path, nil, nil)
		if err == nil && res.StatusCode != http.StatusNotFound {
			n, known = i, true
		}
	}
	d.opens[kind] = n
	return d.staff[n]
}

// fresh puts a key that works into a form.
func (d *door) fresh(p *person, path string, form url.Values) {
	page := "/account/display"
	switch {
	case p.staff && strings.HasPrefix(path, "/staff/signin"):
		page = "/staff/signin"
	case p.staff:
		page = "/staff/patients"
		if p != d.staff[0] {
			page = "/staff"
		}
	case strings.HasPrefix(path, "/signin"), strings.HasPrefix(path, "/enroll"), path == "/display":
		page = "/signin"
	}
	if _, b, err := d.ask(p, http.MethodGet, page, nil, nil); err == nil {
		if m := formKey.FindSubmatch(b); m != nil {
			form.Set("_form", string(m[1]))
		}
	}
}

// ServeHTTP passes a scanner's request on. One at a time: sessions and keys are
// the scanner's alone.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if strings.HasPrefix(r.URL.Path, "/demo/") { // no part of the portal
		http.NotFound(w, r)
		return
	}
	if closed.MatchString(r.URL.Path) && r.Method != http.MethodGet {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	form, _ := url.ParseQuery(string(bytes.TrimSpace(b)))
	p := d.whose(r.URL.Path)
	pass := func() (*http.Response, []byte, error) {
		if r.Method == http.MethodPost {
			d.fresh(p, r.URL.Path, form)
		}
		return d.ask(p, r.Method, r.URL.RequestURI(), form, r.Header)
	}
	res, body, err := pass()
	if err == nil && d.again(p, r.URL.Path, res) {
		res, body, err = pass()
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	for k, v := range res.Header {
		if k != "Set-Cookie" && k != "Content-Length" {
			w.Header()[k] = v
		}
	}
	w.WriteHeader(res.StatusCode)
	w.Write(body)
}

// again does what an answer asks for and tells whether to send the same once more:
// to sign in, or to prove who one is, at most every half minute.
func (d *door) again(p *person, path string, res *http.Response) bool {
	to := res.Header.Get("Location")
	if time.Since(d.last) < 30*time.Second || strings.Contains(path, "signin") {
		return false
	}
	var err error
	switch {
	case strings.HasPrefix(to, "/signin"), strings.HasPrefix(to, "/staff/signin"):
		err = d.signIn(p)
	case strings.HasPrefix(to, "/account/confirm") && !p.staff && !strings.HasPrefix(path, "/account/confirm"):
		err = d.raise()
	default:
		return false
	}
	d.last = time.Now()
	if err != nil {
		log.Printf("%s: %v", path, err)
	}
	return err == nil
}
