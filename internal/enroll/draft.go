package enroll

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/store"
)

// way is how somebody came to be verified.
type way string

const (
	byNumber  way = "number"  // number and birth date, then a code to the contact on file
	byCode    way = "code"    // activation code and birth date
	bySpoken  way = "phone"   // code read out, reference and birth date
	byExpired way = "expired" // code and birth date were right, but too late
	byRequest way = "request" // asked for a code; proves nothing
)

// draft is what somebody has chosen so far. It lies sealed in the row of its
// verification session; nothing else exists before the last step.
type draft struct {
	Lang         lang.Lang `json:"lang,omitempty"`
	UserName     string    `json:"user,omitempty"`
	PasswordHash string    `json:"password,omitempty"`

	Second   SecondKind `json:"second,omitempty"`
	Contact  string     `json:"contact,omitempty"`
	Secret   []byte     `json:"secret,omitempty"`
	Step     int64      `json:"step,omitempty"`
	SecondOK bool       `json:"secondOk,omitempty"`

	SentTo proven   `json:"sentTo,omitzero"`  // contact the one-time code went to
	Proven []proven `json:"proven,omitempty"` // contacts a code came back from

	Recovery []string `json:"recovery,omitempty"`
	Saved    bool     `json:"saved,omitempty"`

	Reference string `json:"reference,omitempty"` // of an identity request
	Given     string `json:"given,omitempty"`
}

// proven is a contact that the person has just shown to hold.
type proven struct {
	Channel notify.Channel `json:"channel"`
	Value   string         `json:"value"`
}

// holds tells whether a code has come back from this contact already.
func (d draft) holds(c notify.Channel, value string) bool {
	for _, p := range d.Proven {
		if p.Value == value && (p.Channel == c || (p.Channel != notify.Mail && c != notify.Mail)) {
			return true
		}
	}
	return false
}

// step is a page of the way after verification.
type step int

const (
	stepUser step = iota
	stepSecond
	stepRecovery
	stepTerms
)

// paths are the pages of the steps.
var paths = map[step]string{stepUser: "/enroll/user", stepSecond: "/enroll/second", stepRecovery: "/enroll/recovery", stepTerms: "/enroll/terms"}

// next is the first step that is not done: nobody gets beyond it by typing an
// address or sending a form of a later page.
func (d draft) next() step {
	switch {
	case d.UserName == "" || d.PasswordHash == "":
		return stepUser
	case !d.SecondOK:
		return stepSecond
	case !d.Saved:
		return stepRecovery
	}
	return stepTerms
}

// errEarly means that an earlier step is missing.
var errEarly = errors.New("an earlier step is missing")

// progress is a row of enrolment.
type progress struct {
	ID      ids.Verification
	Patient ids.Patient
	Way     way
	Code    ids.Code
	Draft   draft
	version int

	Hash  string    // of the one-time code, "" for none
	Until time.Time // when it ends
	Asked time.Time // when one was asked for
	Sends int       // how often one was asked for
	Done  int       // the last asking that was dealt with
	Tries int       // of this code
	Wrong int       // in a row, over all codes
}

const draftPlace = "enrolment.draft"

func (e *Room) sealDraft(id ids.Verification, d draft) (string, error) {
	b, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("draft: %w", err)
	}
	return e.Keys.Seal(draftPlace, string(id), b), nil
}

// begin opens a verification session with its row.
func (e *Room) begin(ctx context.Context, tx *store.Tx, v access.Visitor, p progress, l access.Level) (token string, id ids.Verification, err error) {
	token, id, err = e.Gate.StartVerification(ctx, tx, v, p.Patient, l)
	if err != nil {
		return "", "", err
	}
	sealed, err := e.sealDraft(id, p.Draft)
	if err != nil {
		return "", "", err
	}
	var asked any
	if !p.Asked.IsZero() {
		asked = store.Time(p.Asked)
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO enrolment (verification_id, patient_id, way, code_id, draft, version, digits_hash, asked_at, asked, answered, tries, wrong, created_at)
		VALUES ($1, $2, $3, $4, $5, 1, '', $6, $7, 0, 0, 0, $8)`,
		id, p.Patient, string(p.Way), p.Code, sealed, asked, p.Sends, store.Time(tx.Now))
	return token, id, err
}

func (e *Room) progress(ctx context.Context, tx *store.Tx, id ids.Verification) (progress, error) {
	return store.Get(ctx, tx, func(r store.Row) (p progress, err error) {
		var sealed string
		var until, asked store.Time
		err = r.Scan(&p.ID, &p.Patient, &p.Way, &p.Code, &sealed, &p.version, &p.Hash, &until, &asked, &p.Sends, &p.Done, &p.Tries, &p.Wrong)
		if err != nil {
			return p, err
		}
		p.Until, p.Asked = until.Std(), asked.Std()
		b, err := e.Keys.Open(draftPlace, string(p.ID), sealed)
		if err == nil {
			err = json.Unmarshal(b, &p.Draft)
		}
		return p, err
	}, `SELECT verification_id, patient_id, way, code_id, draft, version, digits_hash, digits_until, asked_at, asked, answered, tries, wrong
		FROM enrolment WHERE verification_id = $1`, id)
}

// save keeps the draft if nobody changed it meanwhile, and lets the session
// rest for another while.
func (e *Room) save(ctx context.Context, tx *store.Tx, a access.Applicant, p progress) error {
	sealed, err := e.sealDraft(p.ID, p.Draft)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE enrolment SET draft = $2, version = version + 1 WHERE verification_id = $1 AND version = $3`, p.ID, sealed, p.version)
	if err != nil {
		return err
	}
	if n != 1 {
		return fault.Lost("enroll.changed")
	}
	return e.Gate.KeepVerification(ctx, tx, a)
}

// read gives the applicant's progress outside a writing transaction.
func (e *Room) read(ctx context.Context, a access.Applicant) (p progress, err error) {
	err = e.DB.View(ctx, func(tx *store.Tx) error {
		p, err = e.progress(ctx, tx, a.ID())
		return err
	})
	return p, err
}

// at gives the applicant's progress for step s; errEarly if an earlier one is
// missing, or if the session did not come through a verification.
func (p progress) at(s step) error {
	if p.Way != byNumber && p.Way != byCode && p.Way != bySpoken {
		return errEarly
	}
	if p.Draft.next() < s {
		return errEarly
	}
	return nil
}
