package enroll

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"time"
	"unicode"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// One-time codes while opening an account: to the contact on file, and to the
// contact of a new second step. NIST SP 800-63B, rule A4: six digits, ten
// minutes, five tries each, twenty in all; asking again after a minute kills
// the older one and never resets the count of all tries.
const (
	digitsLen     = 6
	digitsMinutes = 10
	digitsLife    = digitsMinutes * time.Minute
	askAgainAfter = time.Minute
	triesPerCode  = 5
	triesInAll    = 20
	asksInAll     = 4
)

// digitsMAC binds the digits to the session of the browser that asked.
func (e *Room) digitsMAC(id ids.Verification, digits string) string {
	return hex.EncodeToString(e.Keys.MAC("enroll.digits", string(id), digits))
}

// rightDigits compares in the same time whether or not anything was sent.
func (e *Room) rightDigits(p progress, typed string, now time.Time) bool {
	stored := p.Hash
	if stored == "" {
		stored = strings.Repeat("00", 32)
	}
	mac, err := hex.DecodeString(stored)
	ok := e.Keys.CheckMAC(mac, "enroll.digits", string(p.ID), typed)
	return ok && err == nil && p.Hash != "" && now.Before(p.Until)
}

// setDigits keeps new digits, and the draft that says where they went.
func (e *Room) setDigits(ctx context.Context, tx *store.Tx, p progress, digits string) error {
	sealed, err := e.sealDraft(p.ID, p.Draft)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `
		UPDATE enrolment SET draft = $2, version = version + 1, digits_hash = $3, digits_until = $4, tries = 0
		WHERE verification_id = $1 AND version = $5`, p.ID, sealed, e.digitsMAC(p.ID, digits), store.Time(tx.Now.Add(digitsLife)), p.version)
	if err == nil && n != 1 {
		return fault.Lost("enroll.changed")
	}
	return err
}

// cleanDigits takes spaces and hyphens out of a typed one-time code.
func cleanDigits(s string) (string, error) {
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "", fault.Bad("code", "enroll.digits.missing")
	}
	if len(s) != digitsLen || strings.Trim(s, "0123456789") != "" {
		return "", fault.Bad("code", "enroll.digits.form")
	}
	return s, nil
}

// tryDigits counts a try and then checks it. A try beyond the limits is not
// evaluated.
func (e *Room) tryDigits(ctx context.Context, a access.Applicant, typed string) (progress, error) {
	digits, err := cleanDigits(typed)
	if err != nil {
		return progress{}, err
	}
	var p progress
	var now time.Time
	spent := false
	err = e.DB.Housekeep(ctx, "enroll", func(tx *store.Tx) error {
		now = tx.Now
		n, err := tx.Exec(ctx, `UPDATE enrolment SET tries = tries + 1, wrong = wrong + 1 WHERE verification_id = $1 AND tries < $2 AND wrong < $3`,
			a.ID(), triesPerCode, triesInAll)
		if err != nil {
			return err
		}
		spent = n == 0
		p, err = e.progress(ctx, tx, a.ID())
		return err
	})
	switch {
	case errors.Is(err, store.ErrNone):
		return progress{}, access.ErrNoSession
	case err != nil:
		return progress{}, fault.Down("error.busy", 5*time.Second, err)
	case spent && p.Wrong >= triesInAll:
		return progress{}, fault.Bad("code", "enroll.digits.over")
	case spent:
		return progress{}, fault.Bad("code", "enroll.digits.spent")
	case !e.rightDigits(p, digits, now):
		return progress{}, fault.Bad("code", "enroll.digits.wrong")
	}
	return p, nil
}

// spendDigits makes sure that digits are good once: of two right submissions
// at once only one goes on.
func spendDigits(ctx context.Context, tx *store.Tx, p progress) error {
	n, err := tx.Exec(ctx, `UPDATE enrolment SET digits_hash = '', tries = 0, wrong = 0, asked = 0, answered = 0, asked_at = NULL WHERE verification_id = $1 AND digits_hash = $2`, p.ID, p.Hash)
	if err == nil && n != 1 {
		return fault.Bad("code", "enroll.digits.wrong")
	}
	return err
}

// Confirm takes the digits that went to the contact on file. Right ones prove
// who is asking; the new token is for the same browser.
func (e *Room) Confirm(ctx context.Context, a access.Applicant, typed string) (token string, err error) {
	p, err := e.tryDigits(ctx, a, typed)
	if err != nil {
		return "", err
	}
	if p.Way != byNumber || p.Patient == "" {
		return "", fault.Bad("code", "enroll.digits.wrong")
	}
	err = e.DB.Change(ctx, a.Did(audit.EnrolStarted, string(a.ID())).On(about(p.Patient)).With(string(byNumber)), func(tx *store.Tx) error {
		if err := spendDigits(ctx, tx, p); err != nil {
			return err
		}
		p.Draft.Proven = append(p.Draft.Proven, p.Draft.SentTo)
		p.Draft.SentTo = proven{}
		var after access.Applicant
		if token, after, err = e.Gate.Prove(ctx, tx, a, p.Patient); err != nil {
			return err
		}
		return e.save(ctx, tx, after, p)
	})
	return token, err
}

// AskAgain asks for new digits to the contact on file. The answer is the same
// for everybody.
func (e *Room) AskAgain(ctx context.Context, a access.Applicant) error {
	return e.DB.Change(ctx, a.Did(audit.EnrolStep, string(a.ID())).With("ask_again"), func(tx *store.Tx) error {
		ask, err := store.Get(ctx, tx, store.One[int], `
			UPDATE enrolment SET asked = asked + 1, asked_at = $2, digits_hash = '', tries = 0
			WHERE verification_id = $1 AND way = 'number' AND asked < $3 AND (asked_at IS NULL OR asked_at <= $4)
			RETURNING asked`, a.ID(), store.Time(tx.Now), asksInAll, store.Time(tx.Now.Add(-askAgainAfter)))
		if errors.Is(err, store.ErrNone) {
			return e.whyNotAgain(ctx, tx, a.ID())
		}
		if err != nil {
			return err
		}
		return answerJob.Enqueue(ctx, tx, answerArgs{a.ID(), ask})
	})
}

// whyNotAgain says whether to wait or to take another way.
func (e *Room) whyNotAgain(ctx context.Context, tx *store.Tx, id ids.Verification) error {
	p, err := e.progress(ctx, tx, id)
	if err != nil {
		return err
	}
	if p.Sends >= asksInAll {
		return fault.Bad("code", "enroll.again.over")
	}
	return fault.Bad("code", "enroll.again.wait")
}
