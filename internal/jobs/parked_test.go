package jobs

import (
	"errors"
	"strings"
	"testing"
)

func TestWhyAJobFailedHoldsNoValues(t *testing.T) {
	for in, gone := range map[string]string{
		`dial tcp: lookup "maria@example.com"`:                 "maria",
		"550 mailbox maria@example.com unknown":                "maria",
		"duplicate key value (email)=(maria)":                  "maria",
		"cannot read 1962-04-09":                               "1962",
		"number +1 555-186-2275 is none":                       "186",
		"no such file 'Maria Alvarez.pdf'":                     "Maria",
		"https://portal.example/a/x?token=secretsecret failed": "secretsecret",
	} {
		if got := plain(errors.New(in)); strings.Contains(got, gone) || len(got) < 10 {
			t.Errorf("%q became %q", in, got)
		}
	}
	if got := plain(errors.New("the lease was lost after 16 tries")); got != "the lease was lost after 16 tries" {
		t.Errorf("plain words became %q", got)
	}
	if got := plain(errors.New(strings.Repeat("x", 5000))); len(got) != longestWhy {
		t.Errorf("%d letters are kept", len(got))
	}
}
