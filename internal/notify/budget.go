package notify

import (
	"context"
	netmail "net/mail"
	"slices"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"portico/internal/limit"
	"portico/internal/store"
)

// How often one contact, and one account over all its contacts, is written to.
// Codes: 2 in 10 s, 5 in 10 min, 10 in 24 h, as login.gov does in kind. Other
// notices: so many that nobody is bombed by the alarms an attacker sets off.
var (
	codeRules = []limit.Rule{
		{Name: "notify.code.burst", Max: 2, Per: 10 * time.Second},
		{Name: "notify.code.spell", Max: 5, Per: 10 * time.Minute},
		{Name: "notify.code.day", Max: 10, Per: 24 * time.Hour},
	}
	// What a stranger can cause: rule A11's five starts in ten minutes, to two contacts.
	askedRules = []limit.Rule{
		{Name: "notify.asked.spell", Max: 10, Per: 10 * time.Minute},
		{Name: "notify.asked.day", Max: 20, Per: 24 * time.Hour},
	}
	noticeRules = []limit.Rule{{Name: "notify.notice.day", Max: 20, Per: 24 * time.Hour}}
)

func (o *Outbox) capRule() limit.Rule {
	return limit.Rule{Name: "notify.cap", Max: o.DailyCap, Per: 24 * time.Hour}
}

// overBudget counts the message and tells whether it is one too many. It counts
// in the caller's transaction: what is undone was not sent. first is the first
// refusal in a window: that one is written to the audit log, not each of ten
// thousand.
func (o *Outbox) overBudget(ctx context.Context, tx *store.Tx, m Message) (over, first bool, err error) {
	rules := noticeRules
	switch {
	case carriesCode(m.Notice):
		rules = codeRules
	case askedKinds[m.Notice.Kind()]:
		rules = askedRules
	}
	keys := []string{"to:" + string(m.Channel) + ":" + strings.ToLower(m.To)}
	if m.Account != "" {
		keys = append(keys, "account:"+string(m.Account))
	}
	for _, r := range rules {
		for _, k := range keys {
			c, err := o.Limits.HitIn(ctx, tx, r, k)
			if err != nil || c.Over {
				return c.Over, c.Over && c.N == r.Max+1, err
			}
		}
	}
	return false, false, nil
}

// reachable tells whether the contact can be written to at all.
func (o *Outbox) reachable(m Message) bool {
	if m.Channel == Mail {
		return ValidEmail(m.To)
	}
	return o.callable(m.To)
}

// ValidEmail tells whether s is one plain e-mail address that a header can
// hold: no name, no comment, no quoting, no control characters.
func ValidEmail(s string) bool {
	if len(s) > 254 || strings.ContainsAny(s, " \t\r\n\"<>()[],;:\\") {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	a, err := netmail.ParseAddress(s)
	return err == nil && a.Address == s && a.Name == "" && strings.Contains(s[strings.LastIndexByte(s, '@')+1:], ".")
}

// callable tells whether to is a possible number in E.164 form in a country of
// the allow-list. Numbers of no known range (such as 555-01xx, made for
// examples) count as the main country of their country code.
func (o *Outbox) callable(to string) bool {
	if !strings.HasPrefix(to, "+") {
		return false
	}
	n, err := phonenumbers.Parse(to, "ZZ")
	if err != nil || !phonenumbers.IsPossibleNumber(n) || phonenumbers.Format(n, phonenumbers.E164) != to {
		return false
	}
	region := phonenumbers.GetRegionCodeForNumber(n)
	if region == "" || region == "ZZ" {
		region = phonenumbers.GetRegionCodeForCountryCode(int(n.GetCountryCode()))
	}
	return slices.Contains(o.Countries, region)
}
