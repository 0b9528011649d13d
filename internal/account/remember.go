package account

import (
	"context"
	"errors"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// RememberCookie holds the mark by which a browser skips the second step.
const RememberCookie = "__Host-remember"

// RememberLife is how long a browser may skip the second step, counted from the
// last second step it gave; using the mark does not extend it.
const RememberLife = 30 * 24 * time.Hour

// byRemembered stands for a remembered browser where a second step is named.
const byRemembered = "remembered"

// mark is what a remembered browser holds.
type mark struct {
	id    string
	token string
}

func readMark(cookie string) mark {
	id, token, _ := strings.Cut(cookie, ".")
	return mark{id, token}
}

func (m mark) cookie() string { return m.id + "." + m.token }

// keepBrowser lets a browser skip the second step from now on.
func (s *Accounts) keepBrowser(ctx context.Context, tx *store.Tx, a record, d ids.Device, agent string) (cookie string, err error) {
	if err := endMarks(ctx, tx, a.id, d, "replaced"); err != nil {
		return "", err
	}
	m := mark{ids.New[string]("rem"), secret.Token()}
	if _, err := tx.Exec(ctx, `INSERT INTO remembered_browser (id, account_id, device_id, token_hash, created_at, used_at, expires_at) VALUES ($1, $2, $3, $4, $5, $5, $6)`,
		m.id, a.id, d, secret.TokenHash(m.token), store.Time(tx.Now), store.Time(tx.Now.Add(RememberLife))); err != nil {
		return "", err
	}
	return m.cookie(), s.tellChange(ctx, tx, a, notify.BrowserKept, agent)
}

// endMarks ends the marks of an account's browser, of every one if d is "".
func endMarks(ctx context.Context, tx *store.Tx, a ids.Account, d ids.Device, why string) error {
	_, err := tx.Exec(ctx, `UPDATE remembered_browser SET ended_at = $3, ended_why = $4 WHERE account_id = $1 AND (CAST($2 AS TEXT) = '' OR device_id = $2) AND ended_at IS NULL`,
		a, string(d), store.Time(tx.Now), why)
	return err
}

// skips tells whether a browser's mark lets it skip the second step. The password
// was right. A mark that was used before, or in another browser, was copied: it
// ends, whoever is the thief, and the owner is told.
func (s *Accounts) skips(ctx context.Context, tx *store.Tx, a record, by did, g guard, cookie string) (bool, error) {
	m := readMark(cookie)
	if m.token == "" {
		return false, nil
	}
	var hash, device string
	_, err := store.Get(ctx, tx, func(r store.Row) (struct{}, error) {
		return struct{}{}, r.Scan(&hash, &device)
	}, `SELECT token_hash, device_id FROM remembered_browser WHERE id = $1 AND account_id = $2 AND ended_at IS NULL AND expires_at > $3`, m.id, a.id, store.Time(tx.Now))
	if errors.Is(err, store.ErrNone) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if hash == secret.TokenHash(m.token) && device == string(g.device) && g.known {
		return true, nil
	}
	tx.Log(by(audit.BrowserCopied, m.id).On(string(a.person)))
	if _, err := tx.Exec(ctx, `UPDATE remembered_browser SET ended_at = $2, ended_why = 'copied' WHERE id = $1 AND ended_at IS NULL`, m.id, store.Time(tx.Now)); err != nil {
		return false, err
	}
	return false, s.tellChange(ctx, tx, a, notify.BrowserCopied, "")
}

// rotate is the use of a mark in place of a second step: it changes with each
// use, in the transaction of the session it pays for, and of two uses at once
// one wins. out becomes the browser's new cookie.
func (s *Accounts) rotate(p pending, st Step, out *string) use {
	return func(ctx context.Context, tx *store.Tx) (bool, error) {
		old := readMark(st.Mark)
		fresh := mark{old.id, secret.Token()}
		n, err := tx.Exec(ctx, `
			UPDATE remembered_browser SET token_hash = $5, used_at = $6
			WHERE id = $1 AND account_id = $2 AND device_id = $3 AND token_hash = $4 AND ended_at IS NULL AND expires_at > $6`,
			old.id, p.account.id, s.deviceOf(st.Device), secret.TokenHash(old.token), secret.TokenHash(fresh.token), store.Time(tx.Now))
		*out = fresh.cookie()
		return n == 1 && p.factor == byRemembered, err
	}
}

// tellChange is changed where nobody is signed in yet.
func (s *Accounts) tellChange(ctx context.Context, tx *store.Tx, a record, what notify.Change, agent string) error {
	if err := note(ctx, tx, a.id, eventOf(what), agent); err != nil {
		return err
	}
	link, err := s.NotMe(ctx, tx, a.id, "changed")
	if err != nil {
		return err
	}
	return s.tell(ctx, tx, a, notify.AccountChanged{What: what, At: tx.Now, NotMe: link}, string(what)+":"+string(link))
}

// skip signs a remembered browser in whose password was right; ok is false where
// the second step is asked for after all.
func (s *Accounts) skip(ctx context.Context, v access.Visitor, st Step) (in SignedIn, ok bool, err error) {
	p, err := s.pending(ctx, st.Token)
	if err != nil || p.factor != byRemembered {
		return in, false, err
	}
	st.Method = byRemembered
	in, err = s.Finish(ctx, v, st)
	if fault.Is(err, fault.Invalid) { // used in another tab at the same moment
		return in, false, s.Choose(ctx, v, st.Token, p.first())
	}
	return in, err == nil, err
}
