package enroll

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

const (
	// showWithin is how long after issuing a code it may be seen, once.
	showWithin = 15 * time.Minute
	// showAgain lets the same staff session see it again at once, so that a
	// double click or a jammed page does not lose the code.
	showAgain = time.Minute

	shownPlace = "activation_code.shown"
)

// Revealed is a code in clear. It is nowhere kept.
type Revealed struct {
	ID        ids.Code
	Patient   ids.Patient
	By        Channel
	Text      string // "ABCDE-FGHJK-MNPQR", or "ABCD-EFGH" to be read out
	Link      string // what the QR code opens, "" for a spoken code
	Reference string // of the request a spoken code belongs to, "4F7K-2MPQ"
	Start     string // the address it is typed at, without "https://"
	Issued    time.Time
	Expires   time.Time
	Letter    []byte // PDF, for ByLetter and ByHand

	person Person
}

// shown is what is sealed between issuing a code and seeing it.
type shown struct {
	Text, Token, Reference string
	Large                  bool
}

func (e *Room) sealShown(m minted, large bool) (string, error) {
	b, err := json.Marshal(shown{m.text, m.token, m.reference, large})
	return e.Keys.Seal(shownPlace, string(m.id), b), err
}

// Reveal shows a code that was just issued, once, to whoever issued it.
func (e *Room) Reveal(ctx context.Context, d access.Desk, id ids.Code) (Revealed, error) {
	if d.Need(access.IssueCodes) != nil && d.Need(access.ReviewRequests) != nil {
		return Revealed{}, d.Need(access.IssueCodes)
	}
	var r Revealed
	var s shown
	err := e.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		c, sealed, err := takeShown(ctx, tx, id, d.Session())
		if errors.Is(err, store.ErrNone) {
			return audit.Entry{}, fault.Lost("enroll.reveal.gone")
		}
		if err != nil {
			return audit.Entry{}, err
		}
		b, err := e.Keys.Open(shownPlace, string(id), sealed)
		if err == nil {
			err = json.Unmarshal(b, &s)
		}
		if err != nil {
			return audit.Entry{}, err
		}
		r = Revealed{ID: id, Patient: c.Patient, By: c.Channel, Text: s.Text, Link: e.link(s.Token), Reference: groups(s.Reference, 4), Start: e.start(), Issued: c.Issued, Expires: c.Expires}
		act := audit.CodePrinted
		if c.Channel.spoken() {
			act = audit.CodeReadOut
		}
		r.person, err = e.People.Person(ctx, tx, c.Patient)
		return d.Did(act, string(id)).On(about(c.Patient)), err
	})
	if err == nil && !r.By.spoken() {
		r.Letter, err = e.letter(r, s.Large)
	}
	return r, err
}

func takeShown(ctx context.Context, tx *store.Tx, id ids.Code, s ids.StaffSession) (c record, sealed string, err error) {
	c, err = store.Get(ctx, tx, func(r store.Row) (c record, err error) {
		var issued, expires store.Time
		err = r.Scan(&c.ID, &c.Patient, &c.Channel, &issued, &expires, &sealed)
		c.Issued, c.Expires = issued.Std(), expires.Std()
		return c, err
	}, `
		UPDATE activation_code SET shown_at = COALESCE(shown_at, $3)
		WHERE id = $1 AND shown_to = $2 AND shown IS NOT NULL AND state = 'issued' AND issued_at > $4 AND (shown_at IS NULL OR shown_at > $5)
		RETURNING id, patient_id, channel, issued_at, expires_at, shown`,
		id, s, store.Time(tx.Now), store.Time(tx.Now.Add(-showWithin)), store.Time(tx.Now.Add(-showAgain)))
	return c, sealed, err
}

// start is the address at which codes are typed.
func (e *Room) start() string {
	_, host, _ := strings.Cut(e.Base, "://")
	return cmp.Or(e.Set.Start, host+"/enroll")
}

// letter draws the activation letter.
func (e *Room) letter(r Revealed, large bool) ([]byte, error) {
	address, clinic := r.person.Address, e.Clinic.Now()
	var b bytes.Buffer
	_, err := notify.RenderLetter(&b, notify.Letter{
		Clinic: clinic, From: clinic.Address, Name: r.person.Name(), Address: address[:min(len(address), 5)],
		Code: r.Text, Link: r.Link, Start: r.Start, Issued: r.Issued, Expires: r.Expires, Lang: speaks(r.person, ""), Large: large, Words: e.Outbox.Words,
	})
	return b.Bytes(), err
}
