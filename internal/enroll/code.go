package enroll

import (
	"strings"
	"time"

	"portico/internal/ids"
	"portico/internal/secret"
)

// Channel is how an activation code reaches its patient.
type Channel string

const (
	ByLetter Channel = "letter"
	ByEmail  Channel = "email"
	ByHand   Channel = "handover" // printed and handed over at check-in
	ByPhone  Channel = "phone"    // read out by staff who called the number on file
	ByText   Channel = "text"     // sent to the phone on file after a strict match
)

// life is how long a code works. E-mail, phone and letter: NIST SP 800-63A
// section 3.1.8 (second draft of revision 4) and login.gov; seven days for a
// code handed over in person: NIST SP 800-63A-3.
var life = map[Channel]time.Duration{
	ByLetter: 21 * 24 * time.Hour,
	ByEmail:  24 * time.Hour,
	ByHand:   7 * 24 * time.Hour,
	ByPhone:  10 * time.Minute,
	ByText:   10 * time.Minute,
}

// spoken tells whether a code of this channel is the short one that is only
// good together with the reference of an open identity request.
func (c Channel) spoken() bool { return c == ByPhone || c == ByText }

// State is how far a code is.
type State string

const (
	Issued     State = "issued"
	Opened     State = "opened" // code and birth date were right; no account yet
	Used       State = "used"
	Expired    State = "expired"
	Revoked    State = "revoked"    // taken back by staff, or needless
	Superseded State = "superseded" // a newer code for the same patient
	Suspended  State = "suspended"  // five wrong tries
)

// live tells whether the code could still open an account, were it in time.
func (s State) live() bool { return s == Issued || s == Opened }

// states in the order the desk sees them.
var states = []State{Issued, Opened, Suspended, Used, Expired, Superseded, Revoked}

const (
	selectorLen = 5  // 25 bits: find the row
	secretLen   = 10 // 50 bits: are checked; MyChart's 5-5-5 in all
	spokenLen   = 8  // 40 bits, within an open request (NIST binding code)
	// maxTries is how many wrong tries a code survives less one: the fifth
	// suspends it.
	maxTries = 5
)

// phrase is an activation code in clear, as made or as typed.
type phrase struct{ selector, secret string }

// newPhrase makes a code that spells nothing offensive.
func newPhrase() phrase {
	for {
		s := secret.Symbols(selectorLen + secretLen)
		if !offensive(s) {
			return phrase{s[:selectorLen], s[selectorLen:]}
		}
	}
}

// newSpoken makes the secret of a code to be read out.
func newSpoken() string {
	for {
		if s := secret.Symbols(spokenLen); !offensive(s) {
			return s
		}
	}
}

// newReference makes the public number of an identity request.
func newReference() string { return newSpoken() }

// String writes the code as people see it: ABCDE-FGHJK-MNPQR.
func (p phrase) String() string { return groups(p.selector+p.secret, 5) }

// groups sets hyphens between every n symbols.
func groups(s string, n int) string {
	var b strings.Builder
	for i, c := range s {
		if i > 0 && i%n == 0 {
			b.WriteByte('-')
		}
		b.WriteRune(c)
	}
	return b.String()
}

// symbols brings what was typed into the form codes are compared in: upper
// case, without spaces and hyphens, O read as 0, I and L as 1, as Crockford
// proposes. ok is false if something else than a symbol is left.
func symbols(typed string) (s string, ok bool) {
	var b strings.Builder
	for _, c := range strings.ToUpper(typed) {
		switch {
		case c == ' ' || c == '-' || c == '\t' || c == '\u00a0' || (c >= '\u2010' && c <= '\u2015') || c == '\u2212' || c == '_' || c == '.':
		case c == 'O':
			b.WriteByte('0')
		case c == 'I' || c == 'L':
			b.WriteByte('1')
		case c < 0x80 && strings.IndexByte(secret.Crockford, byte(c)) >= 0:
			b.WriteByte(byte(c))
		default:
			return "", false
		}
	}
	return b.String(), true
}

// parsePhrase reads a typed activation code.
func parsePhrase(typed string) (phrase, bool) {
	s, ok := symbols(typed)
	if !ok || len(s) != selectorLen+secretLen {
		return phrase{}, false
	}
	return phrase{s[:selectorLen], s[selectorLen:]}, true
}

// parseSpoken reads eight typed symbols: a reference, or a code read out.
func parseSpoken(typed string) (string, bool) {
	s, ok := symbols(typed)
	return s, ok && len(s) == spokenLen
}

// record is a row of activation_code.
type record struct {
	ID       ids.Code
	Patient  ids.Patient
	Channel  Channel
	Selector string
	Hash     string
	State    State
	Tries    int
	Request  ids.Request
	Issuer   string
	SentTo   string // keyed hash of the contact it went to, "" for none
	Issued   time.Time
	Expires  time.Time
}
