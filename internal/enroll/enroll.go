package enroll

import (
	"context"
	"log/slog"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
)

// Settings are the numbers a clinic may want otherwise. The zero value is no
// setting: use Defaults.
type Settings struct {
	MinAge     int           // youngest age, in years, for an account of one's own
	ContactAge time.Duration // how long a contact must have been on file before a code goes to it
	AutoMatch  bool          // answer strict matches of requests without staff
	DeviceName string        // name of the cookie that marks a browser which has signed in, "" for none
	Region     string        // country of phone numbers written without one, "US"
	WorkBits   int           // leading zero bits of the proof of work while the breaker is on
	Start      string        // address a person types by hand, without "https://"
}

// Defaults are the numbers of the product: 13 years (COPPA), seven days (rule
// A2.3), a quarter of a million tries, about a second on a phone.
func Defaults() Settings {
	return Settings{MinAge: 13, ContactAge: 7 * 24 * time.Hour, AutoMatch: true, Region: "US", WorkBits: 18}
}

// Room opens accounts.
type Room struct {
	DB     *store.DB
	Gate   *access.Gate
	Keys   *secret.Keyring
	Limit  *limit.Limiter
	Outbox *notify.Outbox
	Log    *slog.Logger
	Clinic page.Profile
	Base   string // the portal's own address, "https://portal.example.org", for QR codes on paper
	Set    Settings

	People      People
	Accounts    Accounts
	Credentials Credentials
	Terms       Terms
	Back        Back // nil: no code leads back into an account
}

// Back tells who may get back into an account with an activation code.
type Back interface {
	Granted(ctx context.Context, tx *store.Tx, p ids.Patient) (bool, error)
}

// Budgets. Numbers from product.md, "Limits"; the wider ones for neighbourhoods
// (rule A2.4) are twenty times a single client's, for clinics and campuses
// whose people share an address range.
var (
	numbersPerSource = limit.Rule{Name: "enroll.number.source", Max: 5, Per: 24 * time.Hour}
	numbersPerRange  = limit.Rule{Name: "enroll.number.range", Max: 100, Per: 24 * time.Hour}
	birthsPerNumber  = limit.Rule{Name: "enroll.number.births", Max: 5, Per: 24 * time.Hour}
	unaskedPerDay    = limit.Rule{Name: "enroll.unasked", Max: 3, Per: 24 * time.Hour}
	digestPerDay     = limit.Rule{Name: "enroll.digest", Max: 1, Per: 24 * time.Hour}
	requestPerSource = limit.Rule{Name: "enroll.request.source", Max: 3, Per: 24 * time.Hour}
	requestPerRange  = limit.Rule{Name: "enroll.request.range", Max: 60, Per: 24 * time.Hour}
	requestPerPerson = limit.Rule{Name: "enroll.request.person", Max: 10, Per: 24 * time.Hour}
	triesPerSource   = limit.Rule{Name: "enroll.tries.source", Max: 60, Per: time.Hour}
	triesPerRange    = limit.Rule{Name: "enroll.tries.range", Max: 1200, Per: time.Hour}
	setUpsPerSource  = limit.Rule{Name: "enroll.setup.source", Max: 25, Per: 5 * time.Minute}

	// Re-issue limits, rule A1.11.
	lettersPerDay   = limit.Rule{Name: "enroll.letter.day", Max: 1, Per: 24 * time.Hour}
	lettersPerMonth = limit.Rule{Name: "enroll.letter.month", Max: 4, Per: 30 * 24 * time.Hour}
	mailsPerHour    = limit.Rule{Name: "enroll.mail.hour", Max: 3, Per: time.Hour}
	mailsPerDay     = limit.Rule{Name: "enroll.mail.day", Max: 10, Per: 24 * time.Hour}
)

// local is a moment in the clinic's zone: ages change at midnight there.
func (e *Room) local(t time.Time) time.Time { return t.In(page.ZoneOf(e.Clinic)) }

// age is how old somebody born on birth (YYYY-MM-DD) is on day. Someone born on
// February 29 has a birthday on March 1 in other years.
func age(birth string, day time.Time) int {
	b, err := time.Parse(time.DateOnly, birth)
	if err != nil {
		return 0
	}
	n := day.Year() - b.Year()
	if day.Month() < b.Month() || (day.Month() == b.Month() && day.Day() < b.Day()) {
		n--
	}
	return n
}

// standing is why somebody cannot simply be sent a code, Clear if they can.
type standing string

const (
	clear     standing = ""
	dead      standing = "dead"
	young     standing = "young"
	taken     standing = "account"
	inactive  standing = "inactive"
	noContact standing = "no_contact"
	newOnly   standing = "new_contact" // every contact on file is too new
)

// stands tells how p stands towards opening an account at the moment now.
func (e *Room) stands(p Person, account bool, now time.Time) standing {
	switch {
	case account:
		return taken
	case p.Dead:
		return dead
	case !p.Active:
		return inactive
	case age(p.Birth, e.local(now)) < e.Set.MinAge:
		return young
	}
	return clear
}

// target is a contact with the channel to use for it.
type target struct {
	Contact Contact
	Channel notify.Channel
}

// reach chooses the contact a code goes to: e-mail before text before voice,
// the one longest on file first. Nobody but the server chooses: a stranger who
// may pick a channel may pick the one they hold.
func (e *Room) reach(p Person, now time.Time) (target, standing) {
	why := noContact
	for _, want := range []struct {
		kind ContactKind
		by   notify.Channel
	}{{Email, notify.Mail}, {Mobile, notify.Text}, {Phone, notify.Voice}} {
		if !e.Outbox.Offers(want.by) {
			continue
		}
		var best Contact
		for _, c := range p.Contacts {
			if c.Kind != want.kind {
				continue
			}
			if now.Sub(c.Since) < e.Set.ContactAge {
				why = newOnly
				continue
			}
			if best.Value == "" || c.Since.Before(best.Since) {
				best = c
			}
		}
		if best.Value != "" {
			return target{best, want.by}, clear
		}
	}
	return target{}, why
}

// speaks is the language to write to p in.
func speaks(p Person, otherwise lang.Lang) lang.Lang {
	if p.Lang != "" {
		return p.Lang
	}
	if otherwise != "" {
		return otherwise
	}
	return lang.En
}

// about names a patient in an audit entry.
func about(p ids.Patient) string { return string(p) }
