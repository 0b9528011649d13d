package notify

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"portico/internal/fault"
	"portico/internal/lang"
)

// own are words of a clinic for the tests: the shipped ones, with a mark.
type own string

func (o own) Wording(l lang.Lang, key string) string {
	if !Worded(key) {
		return string(o) + " for a text that stays"
	}
	return string(o) + " " + l.T(key)
}

func stage(t *testing.T, l lang.Lang, w Wording) Stage {
	return Stage{Clinic: clinic(t), Base: &url.URL{Scheme: "https", Host: "portal.riverside.example"}, Lang: l, Words: w}
}

// forStaff are messages that patients never get.
var forStaff = []string{"staff_link", "staff_set_up", "staff_passkey", "breaker_tripped", "log_broken", "emergency_alarm", "checkin_alarm"}

func TestEachMessageToPatientsHasASample(t *testing.T) {
	for kind := range readers {
		has := slices.ContainsFunc(Samples, func(x Sample) bool { return x.Notice != nil && x.Notice.Kind() == kind })
		if has == slices.Contains(forStaff, kind) {
			t.Errorf("%s: a sample is there: %t", kind, has)
		}
	}
}

// In the list of messages each is told from the others by its title.
func TestNoTwoSamplesHaveOneTitle(t *testing.T) {
	for _, l := range lang.All {
		seen := map[string]string{}
		for _, x := range Samples {
			title := x.Title(stage(t, l, nil), l)
			if seen[title] != "" {
				t.Errorf("%s: %s and %s are both %q", l, seen[title], x.ID, title)
			}
			seen[title] = x.ID
		}
	}
}

// What a clinic may rewrite arrives in every form of every message; links, codes
// and the way to say "this was not me" stay whatever the words are.
func TestWordsAreTheClinicsAndLinksAreNot(t *testing.T) {
	for _, l := range lang.All {
		shipped, reworded := stage(t, l, nil), stage(t, l, own("Dear reader."))
		for _, x := range Samples {
			parts, err := shipped.Parts(ctx, x)
			if err != nil || len(parts) == 0 {
				t.Fatalf("%s: %v %v", x.ID, parts, err)
			}
			for _, p := range parts {
				if err := CheckWording(l, p.Key, l.T(p.Key)); err != nil {
					t.Errorf("the shipped words of %s are refused: %v", p.Key, err)
				}
				if want := len(slices.Compact(slices.Sorted(slices.Values(blanks.FindAllString(l.T(p.Key), -1))))); len(p.Blanks) != want {
					t.Errorf("%s has %d blanks, %d are told", p.Key, want, len(p.Blanks))
				}
			}
			before, err := shipped.Forms(ctx, x)
			if err != nil {
				t.Fatal(err)
			}
			after, err := reworded.Forms(ctx, x)
			if err != nil {
				t.Fatal(err)
			}
			for i, f := range after {
				if !strings.Contains(f.Text, "Dear reader.") || f.Channel == Mail && !strings.HasPrefix(f.Subject, "Dear reader.") {
					t.Errorf("%s by %s: the words do not arrive: %s", x.ID, f.Channel, f.Text)
				}
				for _, a := range address.FindAllString(before[i].Text, -1) {
					if !strings.Contains(f.Text, a) {
						t.Errorf("%s by %s lost %s", x.ID, f.Channel, a)
					}
				}
			}
		}
	}
}

func TestWordsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ key, words, problem string }{
		{"notify.opened.lead", "An account was opened on {1}.", "missing"},
		{"notify.opened.ok", "Your result is {0}.", "unknown"},
		{"notify.opened.ok", "Look at https://evil.example/now", "link"},
		{"notify.opened.ok", "Look at WWW.evil", "link"},
		{"notify.opened.ok", "Look at evil.example", "link"},
		{"notify.opened.ok", "Write to help@clinic", "link"},
		{"notify.opened.ok", "<b>Look</b>", "signs"},
		{"notify.opened.ok", "Look {patient}", "signs"},
		{"notify.opened.ok", strings.Repeat("a", 301), "long"},
		{"notify.opened.subject", strings.Repeat("a", 71), "long"},
		{"notify.opened.lead", "{0} opened it on {1}, at 8 a.m. or 2 p.m. Call us.", ""},
	} {
		f, _ := fault.As(CheckWording(lang.En, c.key, c.words))
		got := ""
		if f != nil {
			got = f.Problems[0].Text
		}
		if c.problem == "" && f != nil || !strings.HasSuffix(got, c.problem) {
			t.Errorf("%s: %q, want %q", c.words, got, c.problem)
		}
	}
	for _, key := range append(slices.Clone(fixed), "notify.code.minutes", "notify.none") {
		if err := CheckWording(lang.En, key, "Ignore this"); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s may be rewritten: %v", key, err)
		}
	}
}

func TestSegmentsOfATextMessage(t *testing.T) {
	for text, want := range map[string][2]int{
		"": {1, 0}, strings.Repeat("a", 160): {1, 160}, strings.Repeat("a", 161): {2, 161}, strings.Repeat("a", 307): {3, 307},
		"ñé€": {1, 4}, strings.Repeat("€", 81): {2, 162}, strings.Repeat("ó", 70): {1, 70}, strings.Repeat("ó", 71): {2, 71}, "😀": {1, 2},
	} {
		if parts, size := Segments(text); parts != want[0] || size != want[1] {
			t.Errorf("%q goes in %d with %d, want %v", text, parts, size, want)
		}
	}
}
