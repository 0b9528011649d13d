package passkey

import (
	"context"
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"portico/internal/fault"
	"portico/internal/secret"
	"portico/internal/store"
)

// challengeLife is how long a challenge may be answered (security.md A10).
const challengeLife = 5 * time.Minute

// purpose is what a challenge was made for.
type purpose string

const (
	toSignIn  purpose = "signin"
	toStep    purpose = "step" // after the password
	toConfirm purpose = "confirm"
	toAdd     purpose = "add"
)

// ask is what a ticket is bound to.
type ask struct {
	why     purpose
	owner   Owner
	browser string // a cookie's hash, or a session
}

// ticket is a challenge with the moment it was made.
type ticket struct {
	challenge string
	made      time.Time
}

// parts binds a challenge to what it was asked for.
func (a ask) parts(challenge, made string) []string {
	return []string{string(a.why), string(a.owner.Kind), a.owner.ID, a.browser, challenge, made}
}

// issue makes a challenge, and the ticket that comes back with its answer.
func (s *Passkeys) issue(a ask) (challenge, text string) {
	challenge = secret.Token() // 256 bits, in the very form of the protocol
	made := strconv.FormatInt(s.DB.Now().Unix(), 10)
	mac := s.Keys.MAC("passkey.ticket", a.parts(challenge, made)...)
	return challenge, challenge + "." + made + "." + base64.RawURLEncoding.EncodeToString(mac)
}

// good reads a ticket that was issued for one of asks; false if it was not, or is
// too old.
func (s *Passkeys) good(text string, asks ...ask) (ticket, bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return ticket{}, false
	}
	unix, err := strconv.ParseInt(parts[1], 10, 64)
	mac, err2 := base64.RawURLEncoding.DecodeString(parts[2])
	t := ticket{parts[0], time.Unix(unix, 0)}
	age := s.DB.Now().Sub(t.made)
	if err != nil || err2 != nil || age >= challengeLife || age < -time.Minute {
		return ticket{}, false
	}
	for _, a := range asks {
		if s.Keys.CheckMAC(mac, "passkey.ticket", a.parts(parts[0], parts[1])...) {
			return t, true
		}
	}
	return ticket{}, false
}

// redeem reads a ticket that was issued for one of asks and uses its challenge up;
// why is what was wrong with it, "" for nothing.
func (s *Passkeys) redeem(ctx context.Context, text string, asks ...ask) (t ticket, why reason, err error) {
	t, ok := s.good(text, asks...)
	if !ok {
		return t, badTicket, nil
	}
	first, err := s.use(ctx, t)
	if err != nil {
		return t, "", fault.Down("error.busy", 5*time.Second, err)
	}
	if !first {
		return t, replayed, nil
	}
	return t, "", nil
}

// use uses a challenge up; false if it was answered before. It stands in a
// transaction of its own, before the answer is looked at: a wrong answer uses it
// up too.
func (s *Passkeys) use(ctx context.Context, t ticket) (first bool, err error) {
	err = s.DB.Housekeep(ctx, "passkey", func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `INSERT INTO passkey_answered (challenge_hash, until_at) VALUES ($1, $2) ON CONFLICT (challenge_hash) DO NOTHING`,
			secret.TokenHash(t.challenge), store.Time(t.made.Add(2*challengeLife)))
		first = n == 1
		return err
	})
	return first, err
}
