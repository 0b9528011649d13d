package recovery_test

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/account"
	"portico/internal/lang"
	"portico/internal/recovery"
	"portico/internal/testkit"
)

var changing = regexp.MustCompile(`name="_form" value="[^"]*"|value="[^"]*" name="_form"`)

// answer sends a form the way a browser does and sums the answer up: status,
// headers, cookies' names, body without its form key.
func (w *world) answer(path string, fields url.Values) (string, time.Duration) {
	w.t.Helper()
	first := w.do("GET", path, nil, nil)
	visitor := ""
	for _, c := range first.Result().Cookies() {
		if c.Name == "__Host-visitor" {
			visitor = c.Value
		}
	}
	key := regexp.MustCompile(`name="_form" value="([^"]*)"`).FindStringSubmatch(first.Body.String())
	if visitor == "" || key == nil {
		w.t.Fatalf("no form on %s", path)
	}
	sent := url.Values{"_form": {key[1]}}
	for k, v := range fields {
		sent[k] = v
	}
	cookies := map[string]string{"__Host-visitor": visitor}
	began := time.Now()
	rec := w.do("POST", path, sent, cookies)
	took := time.Since(began)
	var out []string
	for k, v := range rec.Header() {
		out = append(out, k+": "+strings.Join(v, "|"))
	}
	slices.Sort(out)
	next := w.do("GET", rec.Header().Get("Location"), nil, cookies)
	return strings.Join(out, "\n") + rec.Result().Status + changing.ReplaceAllString(rec.Body.String(), "") + "\n" + changing.ReplaceAllString(next.Body.String(), ""), took
}

// A stranger learns nothing from the pages for user name and password: not from a
// byte, not from the time they take (T23).
func TestForgottenTellsNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		pairs := 60
		var load func(int)
		if os.Getenv("PORTICO_ATTACK") == "long" {
			pairs = 5000
			load = func(n int) { w.Ask(ctx, from(), recovery.Ask{Name: fmt.Sprint("other-", n), Lang: lang.En}) }
		}
		var ms []member
		for range 20 {
			ms = append(ms, w.join(account.TOTP))
		}
		locked := w.join(account.TOTP)
		w.disown(locked)
		asked := func(contact, year string) url.Values {
			return url.Values{"contact": {contact}, "birth_year": {year}, "birth_month": {"4"}, "birth_day": {"9"}}
		}
		for path, typed := range map[string]map[string]func(m member) url.Values{
			"/recover/password": {
				"nobody":   func(m member) url.Values { return url.Values{"username": {"x" + m.name}} },
				"somebody": func(m member) url.Values { return url.Values{"username": {m.name}} },
				"locked":   func(member) url.Values { return url.Values{"username": {locked.name}} },
			},
			"/recover/name": {
				"nobody":             func(m member) url.Values { return asked("x"+m.mail, "1962") },
				"somebody":           func(m member) url.Values { return asked(m.mail, "1962") },
				"another birth date": func(m member) url.Values { return asked(m.mail, "1963") },
			},
		} {
			first := ""
			kinds := slices.DeleteFunc(slices.Sorted(maps.Keys(typed)), func(kind string) bool { return kind == "nobody" })
			testkit.Alike{Surface: path, Kinds: append([]string{"nobody"}, kinds...), Pairs: pairs, Load: load, Try: func(i int, kind string) time.Duration {
				got, took := w.answer(path, typed[kind](ms[i%len(ms)]))
				if first == "" {
					first = got
				}
				if got != first {
					t.Fatalf("%s: %s answers otherwise", path, kind)
				}
				if kind == "nobody" {
					w.c.Move(time.Minute) // what is typed too often is not looked at any more
				}
				return took
			}}.Check(t)
		}
		if n := w.count(`SELECT COUNT(*) FROM recovery`); n != 0 {
			t.Errorf("%d ways were begun while the pages were asked", n)
		}
	})
}

// User names go to contacts that are on file or proven, three times a day.
func TestForgottenUserName(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		m := w.join(account.TOTP)
		form := url.Values{"contact": {strings.ToUpper(m.mail)}, "birth_year": {"1962"}, "birth_month": {"04"}, "birth_day": {"9"}}
		for range 5 {
			w.answer("/recover/name", form)
			w.c.Move(11 * time.Minute)
		}
		if n := w.told(m.mail, m.name); n != 3 {
			t.Errorf("the name was sent %d times in a day", n)
		}
		if w.told(m.phone, m.name) != 0 {
			t.Error("it went to another contact than the one that was typed")
		}
		w.c.Move(24 * time.Hour)
		w.answer("/recover/name", url.Values{"contact": {"(555) " + m.phone[5:8] + "-" + m.phone[8:]}, "birth_year": {"1962"}, "birth_month": {"4"}, "birth_day": {"9"}})
		if w.told(m.phone, m.name) != 1 {
			t.Error("a phone number in another writing is not found")
		}
		wrong := w.join(account.TOTP)
		w.answer("/recover/name", url.Values{"contact": {wrong.mail}, "birth_year": {"1962"}, "birth_month": {"4"}, "birth_day": {"10"}})
		if w.told(wrong.mail, wrong.name) != 0 {
			t.Error("sent with a wrong birth date")
		}
		for _, s := range w.mail(m.mail) {
			if strings.Contains(s.Subject, m.name) {
				t.Error("the name stands in a subject")
			}
		}
	})
}
