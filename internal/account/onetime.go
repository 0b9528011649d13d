package account

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// One-time codes: NIST SP 800-63B section 3.1.3.3 and OWASP ASVS 5.0 6.5.4, 6.5.5.
const (
	codeDigits = 6
	CodeLife   = 10 * time.Minute
	codeTries  = 5
	// ResendAfter is how long one waits before asking for another code on the
	// same channel. Choosing another channel is answered at once; how often a
	// contact and an account are written to in all is package notify's budget.
	ResendAfter = 60 * time.Second
)

// codeWaits slows guessing over any number of codes: asking for a new one never
// resets it. Twenty tries of a million values are 2 in 100,000.
var codeWaits = limit.Waits{Name: "account.code", Free: 19, First: 30 * time.Second, Most: time.Hour, Stop: 100}

// OneTime says for whom a one-time code is.
type OneTime struct {
	Flow    string         // the half-way state it belongs to; it works in no other
	Channel notify.Channel // Mail, Text or Voice
	To      string
	Lang    lang.Lang
	Patient ids.Patient
	Account ids.Account
	For     notify.Purpose
}

// NewOneTime makes a code for o.Flow and sends it, in the caller's transaction.
// The flow's code before it, if any, dies. Asked again too soon it is TooMany
// with the time left, and the code before stays good.
func (s *Accounts) NewOneTime(ctx context.Context, tx *store.Tx, o OneTime) error {
	last, err := store.Get(ctx, tx, store.One[store.Time], `
		SELECT sent_at FROM one_time_code WHERE flow = $1 AND channel = $2 ORDER BY sent_at DESC LIMIT 1`, o.Flow, string(o.Channel))
	if err != nil && !errors.Is(err, store.ErrNone) {
		return err
	}
	if rest := last.Std().Add(ResendAfter).Sub(tx.Now); rest > 0 {
		return fault.Wait("account.code.soon", rest)
	}
	old, err := store.List(ctx, tx, store.One[string], `
		UPDATE one_time_code SET ended_at = $2 WHERE flow = $1 AND used_at IS NULL AND ended_at IS NULL RETURNING id`, o.Flow, store.Time(tx.Now))
	if err != nil {
		return err
	}
	for _, id := range old {
		if _, err := s.Outbox.Withdraw(ctx, tx, id); err != nil {
			return err
		}
	}
	id, digits := ids.NewOneTime(), secret.Digits(codeDigits)
	sent, err := s.sendCode(ctx, tx, o, id, digits)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO one_time_code (id, flow, channel, sent, code_mac, tries, sent_at, expires_at) VALUES ($1, $2, $3, $4, $5, 0, $6, $7)`,
		id, o.Flow, string(o.Channel), sent, hex.EncodeToString(s.Keys.MAC("account.code", o.Flow, digits)), store.Time(tx.Now), store.Time(tx.Now.Add(CodeLife)))
	return err
}

// sendCode tells whether the code is on its way: not if the contact or the
// account was written to too often, or the clinic has no such channel.
func (s *Accounts) sendCode(ctx context.Context, tx *store.Tx, o OneTime, id ids.OneTime, digits string) (bool, error) {
	out, err := s.Outbox.Send(ctx, tx, notify.Message{To: o.To, Channel: o.Channel, Lang: o.Lang, Patient: o.Patient, Account: o.Account,
		Notice:   notify.OneTimeCode{Digits: digits, Minutes: int(CodeLife / time.Minute), For: o.For},
		Withdraw: string(id), Expires: tx.Now.Add(CodeLife)})
	return out == notify.Queued, err
}

// errCode is every way in which a code can be wrong.
func errCode() error { return fault.Bad("code", "account.code.wrong") }

// tryCode counts a try against flow's live code and tells whether digits are
// right. The count is committed before the comparison: a crash or a second
// request in between has still been counted.
func (s *Accounts) tryCode(ctx context.Context, flow, digits string) (id ids.OneTime, ok bool, err error) {
	type row struct {
		id  ids.OneTime
		mac string
	}
	var c row
	err = s.DB.Housekeep(ctx, "account", func(tx *store.Tx) error {
		c = row{}
		got, err := store.Get(ctx, tx, func(r store.Row) (v row, err error) {
			err = r.Scan(&v.id, &v.mac)
			return v, err
		}, `
			UPDATE one_time_code SET tries = tries + 1
			WHERE flow = $1 AND used_at IS NULL AND ended_at IS NULL AND expires_at > $2 AND tries < $3
			RETURNING id, code_mac`, flow, store.Time(tx.Now), codeTries)
		if errors.Is(err, store.ErrNone) {
			return nil
		}
		c = got
		return err
	})
	if err != nil {
		return "", false, fault.Down("error.busy", 5*time.Second, err)
	}
	mac, err := hex.DecodeString(c.mac)
	if err != nil {
		return "", false, err
	}
	return c.id, s.Keys.CheckMAC(mac, "account.code", flow, codeForm(digits)) && c.id != "", nil
}

// codeForm reads a code in any writing.
func codeForm(s string) string { return digits(strings.TrimSpace(s)) }

// useCode uses a code up in the caller's transaction; false if another request
// has meanwhile, or a newer code was asked for.
func useCode(ctx context.Context, tx *store.Tx, id ids.OneTime) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE one_time_code SET used_at = $2 WHERE id = $1 AND used_at IS NULL AND ended_at IS NULL`, id, store.Time(tx.Now))
	return n == 1, err
}
