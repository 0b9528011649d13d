package recovery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// errGone means that a link or a way back in is over, used, or was never there.
var errGone = errors.New("no such way back in")

// draft is what somebody has proven and chosen so far. It lies sealed.
type draft struct {
	Proven []string   `json:"proven,omitempty"` // ways a code came back from
	Passed bool       `json:"passed,omitempty"` // everything is proven
	Lost   ids.Factor `json:"lost,omitempty"`   // the second step that is lost
	Asked  string     `json:"asked,omitempty"`  // the Way asked for now

	Hash     string   `json:"password,omitempty"`
	Kind     string   `json:"kind,omitempty"` // of the new second step
	Contact  string   `json:"contact,omitempty"`
	Secret   []byte   `json:"secret,omitempty"`
	Step     int64    `json:"step,omitempty"`
	Ready    bool     `json:"ready,omitempty"` // the new second step is proven
	Recovery []string `json:"recovery,omitempty"`
	Code     ids.Code `json:"code,omitempty"` // to be used up at the end
}

func (d draft) second() *Second { return &Second{d.Kind, d.Contact, d.Secret, d.Step} }

// way is a row of recovery.
type way struct {
	id      ID
	account ids.Account
	patient ids.Patient
	kind    Kind
	state   State
	came    string // the class its link came by
	draft   draft
	version int
	staff   ids.Staff
	how     string
	second  ids.Staff
	created time.Time
	expires time.Time
	until   time.Time
	ended   time.Time
	why     string
}

const wayColumns = `id, account_id, patient_id, kind, state, came_by, draft, version, staff_id, how, second_id, created_at, expires_at, until_at, ended_at, ended_why`

const draftPlace = "recovery.draft"

func (s *Recovery) scanWay(r store.Row) (w way, err error) {
	var sealed string
	var created, expires, until, ended store.Time
	if err := r.Scan(&w.id, &w.account, &w.patient, &w.kind, &w.state, &w.came, &sealed, &w.version, &w.staff, &w.how, &w.second, &created, &expires, &until, &ended, &w.why); err != nil {
		return w, err
	}
	w.created, w.expires, w.until, w.ended = created.Std(), expires.Std(), until.Std(), ended.Std()
	if sealed == "" {
		return w, nil
	}
	b, err := s.Keys.Open(draftPlace, string(w.id), sealed)
	if err != nil {
		return w, err
	}
	if err := json.Unmarshal(b, &w.draft); err != nil {
		return w, fmt.Errorf("draft: %w", err)
	}
	return w, nil
}

func (s *Recovery) sealDraft(id ID, d draft) (string, error) {
	b, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("draft: %w", err)
	}
	return s.Keys.Seal(draftPlace, string(id), b), nil
}

// begin writes a new way back in.
func (s *Recovery) begin(ctx context.Context, tx *store.Tx, w way, browser string) error {
	sealed, err := s.sealDraft(w.id, w.draft)
	if err != nil {
		return err
	}
	var hash any
	if browser != "" {
		hash = secret.TokenHash(browser)
	}
	_, err = tx.Exec(ctx, `
		INSERT INTO recovery (id, account_id, patient_id, kind, state, came_by, browser_hash, draft, version, staff_id, how, second_id, created_at, expires_at, ended_why)
		VALUES ($1, $2, $3, $4, $5, '', $6, $7, 1, $8, $9, '', $10, $11, '')`,
		w.id, w.account, w.patient, string(w.kind), string(w.state), hash, sealed, w.staff, w.how, store.Time(tx.Now), store.Time(w.expires))
	return err
}

// going reads what the browser with a cookie is at; errGone for nothing live.
func (s *Recovery) going(ctx context.Context, tx *store.Tx, browser string) (way, error) {
	w, err := store.Get(ctx, tx, s.scanWay, `SELECT `+wayColumns+` FROM recovery WHERE browser_hash = $1 AND state = 'open' AND expires_at > $2`, secret.TokenHash(browser), store.Time(tx.Now))
	if errors.Is(err, store.ErrNone) {
		err = errGone
	}
	return w, err
}

// save keeps the draft if nobody changed it meanwhile.
func (s *Recovery) save(ctx context.Context, tx *store.Tx, w way) error {
	sealed, err := s.sealDraft(w.id, w.draft)
	if err != nil {
		return err
	}
	n, err := tx.Exec(ctx, `UPDATE recovery SET draft = $2, version = version + 1 WHERE id = $1 AND version = $3 AND state = 'open' AND expires_at > $4`,
		w.id, sealed, w.version, store.Time(tx.Now))
	if err == nil && n != 1 {
		err = fault.Lost("recovery.changed")
	}
	return err
}

// end ends a way; of two who end it at once, one does. Its draft goes.
func end(ctx context.Context, tx *store.Tx, w way, to State, why string) error {
	n, err := tx.Exec(ctx, `UPDATE recovery SET state = $2, ended_at = $3, ended_why = $4, draft = '' WHERE id = $1 AND version = $5 AND ended_at IS NULL`,
		w.id, string(to), store.Time(tx.Now), why, w.version)
	if err == nil && n != 1 {
		err = errGone
	}
	return err
}

// endAll ends every way into an account in one of the states, but for one.
func (s *Recovery) endAll(ctx context.Context, tx *store.Tx, a ids.Account, but ID, why string, states ...State) error {
	all, err := store.List(ctx, tx, s.scanWay, `SELECT `+wayColumns+` FROM recovery WHERE account_id = $1 AND ended_at IS NULL AND id <> $2`, a, but)
	if err != nil {
		return err
	}
	for _, w := range all {
		if !slices.Contains(states, w.state) {
			continue
		}
		if _, err := tx.Exec(ctx, `UPDATE recovery SET state = 'stopped', ended_at = $2, ended_why = $3, draft = '', version = version + 1 WHERE id = $1 AND ended_at IS NULL`,
			w.id, store.Time(tx.Now), why); err != nil {
			return err
		}
		if _, err := s.Outbox.Withdraw(ctx, tx, string(w.id)); err != nil {
			return err
		}
	}
	return nil
}

// newLink makes a link for a way and gives its token.
func newLink(ctx context.Context, tx *store.Tx, id ID, purpose, came string, until time.Time) (token string, err error) {
	token = secret.Token()
	_, err = tx.Exec(ctx, `INSERT INTO recovery_link (token_hash, recovery_id, purpose, came_by, expires_at) VALUES ($1, $2, $3, $4, $5)`,
		secret.TokenHash(token), id, purpose, came, store.Time(until))
	return token, err
}

// usable tells whether a contact may be used to get back in.
func usable(c Contact, now time.Time) bool { return now.Sub(c.Since) >= contactAge }

// send queues a notice to one contact of an account.
func (s *Recovery) send(ctx context.Context, tx *store.Tx, l Login, c Contact, m notify.Message) error {
	m.To, m.Channel, m.Lang, m.Patient, m.Account = c.To, c.Channel, l.Lang, l.Person, l.ID
	_, err := s.Outbox.Send(ctx, tx, m)
	return err
}
