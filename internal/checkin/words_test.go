package checkin

import (
	"strings"
	"testing"
	"time"

	"portico/internal/lang"
	"portico/internal/page"
)

// What is shown of a signature is whole sentences, with and without a browser's name.
func TestASignatureIsToldInSentences(t *testing.T) {
	for _, l := range []lang.Lang{lang.En, lang.Es} {
		s := page.Shell{Lang: l, Clinic: &page.Clinic{Zone: time.UTC}}
		for _, agent := range []string{"", "Chrome · Android"} {
			got := Signature{Lang: "en", Agent: agent, Hash: strings.Repeat("a", 64)}.how(s)
			if strings.Contains(got, ". .") || strings.Contains(got, "..") || !strings.HasSuffix(got, ".") || !strings.Contains(got, agent) {
				t.Errorf("%s: %q", l, got)
			}
		}
	}
}

// Before the patient has checked in, nothing is said about what they reported.
func TestNoCheckInIsNoReport(t *testing.T) {
	p := OnePage{}
	if got := p.unchanged(); got != "checkin.desk.changes.yet" {
		t.Errorf("before the check-in: %s", got)
	}
	p.One.Sent = time.Unix(1e9, 0)
	if got := p.unchanged(); got != "checkin.desk.changes.none" {
		t.Errorf("after it: %s", got)
	}
}
