package recovery_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"portico/internal/account"
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
		m, locked := w.join(account.TOTP), w.join(account.TOTP)
		w.disown(locked)
		asked := map[string][]url.Values{
			"/recover/password": {{"username": {m.name}}, {"username": {"nobody.at.all.x"}}, {"username": {locked.name}}},
			"/recover/name": {
				{"contact": {m.mail}, "birth_year": {"1962"}, "birth_month": {"4"}, "birth_day": {"9"}},
				{"contact": {"nobody@example.org"}, "birth_year": {"1962"}, "birth_month": {"4"}, "birth_day": {"9"}},
				{"contact": {m.mail}, "birth_year": {"1963"}, "birth_month": {"4"}, "birth_day": {"9"}}},
		}
		for path, cases := range asked {
			times := make([][]time.Duration, len(cases))
			first, _ := w.answer(path, cases[0])
			for range 40 {
				for i, c := range cases {
					got, took := w.answer(path, c)
					if got != first {
						t.Fatalf("%s: %v answers otherwise", path, c)
					}
					times[i] = append(times[i], took)
				}
			}
			for i := range times {
				slices.Sort(times[i])
			}
			gap := times[0][20] - times[1][20]
			if gap.Abs() > 3*time.Millisecond && gap.Abs() > times[1][20]/2 {
				t.Errorf("%s: the medians are %v and %v", path, times[0][20], times[1][20])
			}
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
