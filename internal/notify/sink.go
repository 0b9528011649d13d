package notify

import (
	"context"
	"encoding/json"
	"time"

	"portico/internal/store"
)

// Sink keeps messages in the database instead of sending them: for the demo and
// for tests. They survive a restart.
type Sink struct{ DB *store.DB }

// Seen is a message the sink kept. The JSON names are a contract with scripts.
type Seen struct {
	ID      string    `json:"id"`
	At      time.Time `json:"at"`
	Channel Channel   `json:"channel"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	Links   []string  `json:"links"`
	Lang    string    `json:"-"`
}

func (s *Sink) send(ctx context.Context, r ready) (string, error) {
	links, err := json.Marshal(append([]string{}, r.links...))
	if err != nil {
		return "", &failure{code: "sink"}
	}
	err = s.DB.Housekeep(ctx, "notify", func(tx *store.Tx) error {
		// The same message handed over twice is one message, as with mail servers.
		_, err := tx.Exec(ctx, `
			INSERT INTO demo_message (id, at, channel, recipient, subject, body, html, links, lang)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
			r.id, store.Time(tx.Now), string(r.channel), r.to, r.subject, r.text, r.html, string(links), r.lang)
		return err
	})
	if err != nil {
		return "", &failure{code: "sink"}
	}
	return "", nil
}

// mostSeen is how many messages the demo's outbox shows.
const mostSeen = 500

const seenColumns = `id, at, channel, recipient, subject, body, html, links, lang`

func scanSeen(r store.Row) (m Seen, err error) {
	var at store.Time
	var links string
	if err = r.Scan(&m.ID, &at, &m.Channel, &m.To, &m.Subject, &m.Text, &m.HTML, &links, &m.Lang); err != nil {
		return m, err
	}
	m.At = at.Std()
	return m, json.Unmarshal([]byte(links), &m.Links)
}

// List gives what the sink kept, newest first.
func (s *Sink) List(ctx context.Context) (out []Seen, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		out, err = store.List(ctx, tx, scanSeen, `SELECT `+seenColumns+` FROM demo_message ORDER BY at DESC, id DESC LIMIT $1`, mostSeen)
		return err
	})
	return out, err
}

// One gives one message; store.ErrNone if there is none.
func (s *Sink) One(ctx context.Context, id string) (m Seen, err error) {
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		m, err = store.Get(ctx, tx, scanSeen, `SELECT `+seenColumns+` FROM demo_message WHERE id = $1`, id)
		return err
	})
	return m, err
}
