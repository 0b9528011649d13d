package notify

import (
	"time"

	"portico/internal/ids"
	"portico/internal/lang"
)

// Channel is how a message travels.
type Channel string

const (
	Mail  Channel = "email"
	Text  Channel = "text"
	Voice Channel = "voice"
	Push  Channel = "push"
)

// Message is one message to one contact.
type Message struct {
	To      string // an e-mail address, or a phone number with country code
	Channel Channel
	Lang    lang.Lang
	Notice  Notice      // what it says
	Patient ids.Patient // whom it is about, for the audit log; "" if nobody known
	Account ids.Account // whose account, "" if none: budgets count per account too

	// Key makes the message unique: a second one with the same key is not
	// queued, however often and wherever the cause is repeated. "" for none.
	Key string
	// Withdraw is the key by which Outbox.Withdraw finds this message while it
	// waits, e.g. the identifier of the code it carries. "" for none.
	Withdraw string
	// Expires is when the message becomes pointless; zero means in three days.
	Expires time.Time
}

// Outcome is what became of a message handed to Send. None of them is an
// error, and a page that must stay neutral ignores it.
type Outcome string

const (
	Queued      Outcome = "queued"
	Duplicate   Outcome = "duplicate"   // one with this key is or was there already
	OverBudget  Outcome = "over_budget" // too many to this contact, account or in all
	Unreachable Outcome = "unreachable" // no such address, or a country we do not text
)

// Path is a place in the portal, with its query: "/activate/4f…". It begins
// with one slash; the base address is put before it when the message is
// written, so that no host named by a request gets into a message.
type Path string

func (p Path) valid() bool {
	if len(p) < 1 || len(p) > 1000 || p[0] != '/' || (len(p) > 1 && p[1] == '/') {
		return false
	}
	for _, c := range []byte(p) {
		if c <= ' ' || c > '~' || c == '\\' || c == '<' || c == '>' || c == '"' {
			return false
		}
	}
	return true
}
