package sharing

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/limit"
	"portico/internal/secret"
	"portico/internal/store"
)

var (
	// perSource bounds what one client asks of all links together.
	perSource = limit.Rule{Name: "sharing.source", Max: 60, Per: time.Minute}
	// perAddress bounds what one address costs, whoever asks.
	perAddress = limit.Rule{Name: "sharing.address", Max: 30, Per: time.Minute}
)

const (
	// ticketLife is how long a file's address in a manifest is good: the standard
	// allows an hour at most.
	ticketLife = 10 * time.Minute
	// mostEmbedded is the size in bytes up to which a file comes in the manifest
	// when the receiver does not say.
	mostEmbedded = 256 << 10
	// mostRecipient is how long a receiver's name may be, in characters.
	mostRecipient = 200
)

// payload is what stands in a link, encoded.
type payload struct {
	URL   string `json:"url"`
	Flag  string `json:"flag"`
	Key   string `json:"key"`
	Exp   int64  `json:"exp"`
	Label string `json:"label,omitempty"`
	V     int    `json:"v"`
}

func (p payload) text() string {
	raw, err := json.Marshal(p)
	if err != nil {
		panic(err) // strings and numbers only
	}
	return "shlink:/" + base64.RawURLEncoding.EncodeToString(raw)
}

// Asked is what a receiver sends to a link's address.
type Asked struct {
	Address   string // the secret part of it
	Recipient string
	Passcode  string
	Embedded  int // most bytes of a file within the manifest, -1 if not said
}

// Manifest lists a link's files.
type Manifest struct {
	Status string         `json:"status"`
	Files  []ManifestFile `json:"files"`
}

// ManifestFile is one of them, embedded or at an address.
type ManifestFile struct {
	ContentType string `json:"contentType"`
	LastUpdated string `json:"lastUpdated"`
	Status      string `json:"status"`
	FHIRVersion string `json:"fhirVersion"`
	Embedded    string `json:"embedded,omitempty"`
	Location    string `json:"location,omitempty"`
}

// WrongPasscode says that a passcode was wrong and how many tries are left.
type WrongPasscode struct{ Left int }

func (WrongPasscode) Error() string { return "wrong passcode" }

// Open opens a link for whoever holds it and its passcode: NotFound for a link
// that has ended or never was, WrongPasscode for a wrong one.
func (l *Links) Open(ctx context.Context, v access.Visitor, a Asked) (Manifest, error) {
	if err := l.Limits.Check(ctx, perSource, "sharing.view.wait", v.Source().Narrow()); err != nil {
		return Manifest{}, err
	}
	if a.Recipient = strings.Join(strings.Fields(store.Clean(a.Recipient)), " "); a.Recipient == "" {
		return Manifest{}, fault.Bad("recipient", "sharing.view.recipient.needed")
	}
	if r := []rune(a.Recipient); len(r) > mostRecipient {
		a.Recipient = string(r[:mostRecipient])
	}
	t, err := l.try(ctx, a)
	if err != nil {
		return Manifest{}, err
	}
	ok, _, err := l.Hasher.Verify(ctx, passcodeForm(a.Passcode), t.hash)
	if errors.Is(err, secret.ErrBusy) {
		err = fault.Down("error.busy", 5*time.Second, err)
	}
	if err != nil {
		return Manifest{}, err
	}
	if !ok {
		return Manifest{}, l.wrong(ctx, v, t)
	}
	return l.right(ctx, v, t, a)
}

// attempt is a passcode about to be checked. It has been counted as wrong.
type attempt struct {
	link    ids.Share
	account ids.Account
	patient ids.Patient
	hash    string
	wrong   int
}

// try counts a passcode before it is checked, in a transaction of its own: of any
// number sent at once no more than mostWrong are checked. A link of an account
// that was closed or frozen, or leads to another record by now, opens for nobody.
func (l *Links) try(ctx context.Context, a Asked) (attempt, error) {
	hash := secret.TokenHash(a.Address)
	if err := l.Limits.Check(ctx, perAddress, "sharing.view.wait", hash); err != nil {
		return attempt{}, err
	}
	var t attempt
	err := l.Copies.DB.Housekeep(ctx, "sharing", func(tx *store.Tx) (err error) {
		t, err = store.Get(ctx, tx, func(r store.Row) (t attempt, err error) {
			err = r.Scan(&t.link, &t.account, &t.patient, &t.hash, &t.wrong)
			return t, err
		}, `
			UPDATE share_link SET wrong = wrong + 1 WHERE address_hash = $1 AND ended_at IS NULL AND expires_at > $2 AND wrong < $3
			RETURNING id, account_id, patient_id, passcode_hash, wrong`, hash, store.Time(tx.Now), mostWrong)
		if errors.Is(err, store.ErrNone) {
			return fault.Missing()
		}
		if err != nil {
			return err
		}
		reads, err := l.Copies.Accounts.Reads(ctx, tx, t.account, t.patient)
		if err == nil && !reads {
			err = fault.Missing()
		}
		return err
	})
	return t, err
}

// wrong writes that a passcode was wrong. The last one ends the link.
func (l *Links) wrong(ctx context.Context, v access.Visitor, t attempt) error {
	e := v.Did(audit.ShareOpened, string(t.link)).On(string(t.patient)).As(audit.Refused).With("passcode")
	if t.wrong >= mostWrong {
		e = v.Did(audit.ShareEnded, string(t.link)).On(string(t.patient)).With("passcode")
	}
	err := l.Copies.DB.Change(ctx, e, func(tx *store.Tx) error {
		if t.wrong < mostWrong {
			return nil
		}
		return endLink(ctx, tx, t.link, "passcode")
	})
	if err != nil {
		return err
	}
	return WrongPasscode{mostWrong - t.wrong}
}

// finalized says that a file will not change: what a link leads to is a snapshot.
const finalized = "finalized"

// right takes the attempt back, writes who opened the link, and lists its files.
func (l *Links) right(ctx context.Context, v access.Visitor, t attempt, a Asked) (Manifest, error) {
	m := Manifest{Status: finalized}
	err := l.Copies.DB.Change(ctx, v.Did(audit.ShareOpened, string(t.link)).On(string(t.patient)), func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE share_link SET wrong = wrong - 1 WHERE id = $1 AND ended_at IS NULL AND expires_at > $2`, t.link, store.Time(tx.Now))
		if err == nil && n == 0 {
			err = fault.Missing() // ended meanwhile
		}
		if err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, `INSERT INTO share_opening (id, share_id, opened_at, recipient, source) VALUES ($1, $2, $3, $4, $5)`,
			ids.NewOpening(), t.link, store.Time(tx.Now), a.Recipient, string(v.Source())); err != nil {
			return err
		}
		openings, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM share_opening WHERE share_id = $1`, t.link)
		if err == nil && openings == 1 {
			err = l.Owners.LinkOpened(ctx, tx, t.account, string(t.link))
		}
		if err != nil {
			return err
		}
		m.Files, err = l.files(ctx, tx, t.link, a.Embedded)
		return err
	})
	return m, err
}

func (l *Links) files(ctx context.Context, tx *store.Tx, id ids.Share, embedded int) ([]ManifestFile, error) {
	if embedded < 0 {
		embedded = mostEmbedded
	}
	return store.List(ctx, tx, func(r store.Row) (f ManifestFile, err error) {
		var place, size int
		var made store.Time
		if err = r.Scan(&place, &f.ContentType, &made, &size, &f.Embedded); size > embedded {
			f.Location = l.Copies.Base + "/shl/file/" + l.ticket(id, place, tx.Now)
		}
		f.Status, f.FHIRVersion, f.LastUpdated = finalized, "4.0.1", made.Std().UTC().Format(time.RFC3339)
		return f, err
	}, `
		SELECT f.place, f.content_type, l.made_at, LENGTH(f.jwe), CASE WHEN LENGTH(f.jwe) <= $2 THEN f.jwe ELSE '' END
		FROM share_file f JOIN share_link l ON l.id = f.share_id WHERE f.share_id = $1 ORDER BY f.place`, id, embedded)
}

// ticket names a file for a short time. It needs no row: the MAC says that we
// made it, and the file is gone once the link has ended.
func (l *Links) ticket(id ids.Share, place int, now time.Time) string {
	text := []string{string(id), strconv.Itoa(place), strconv.FormatInt(now.Add(ticketLife).Unix(), 36)}
	mac := l.Copies.Keys.MAC("sharing.file", text...)
	return strings.Join(append(text, base64.RawURLEncoding.EncodeToString(mac)), ".")
}

// Fetch gives the file that an address of a manifest names, encrypted as it is
// kept; NotFound once the address or the link has ended.
func (l *Links) Fetch(ctx context.Context, v access.Visitor, ticket string) (string, error) {
	if err := l.Limits.Check(ctx, perSource, "sharing.view.wait", v.Source().Narrow()); err != nil {
		return "", err
	}
	part := strings.Split(ticket, ".")
	if len(part) != 4 {
		return "", fault.Missing()
	}
	mac, err := base64.RawURLEncoding.DecodeString(part[3])
	if err != nil || !l.Copies.Keys.CheckMAC(mac, "sharing.file", part[:3]...) {
		return "", fault.Missing()
	}
	place, err1 := strconv.Atoi(part[1])
	until, err2 := strconv.ParseInt(part[2], 36, 64)
	if err1 != nil || err2 != nil {
		return "", fault.Missing()
	}
	var jwe string
	err = l.Copies.DB.View(ctx, func(tx *store.Tx) (err error) {
		if tx.Now.Unix() >= until {
			return fault.Missing()
		}
		jwe, err = store.Get(ctx, tx, store.One[string], `
			SELECT f.jwe FROM share_file f JOIN share_link l ON l.id = f.share_id
			WHERE f.share_id = $1 AND f.place = $2 AND l.ended_at IS NULL AND l.expires_at > $3`, part[0], place, store.Time(tx.Now))
		if errors.Is(err, store.ErrNone) {
			err = fault.Missing()
		}
		return err
	})
	return jwe, err
}
