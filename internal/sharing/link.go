package sharing

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/record"
	"portico/internal/secret"
	"portico/internal/store"
)

// Links is the part of the room that shares by SMART Health Link.
type Links struct {
	Copies *Sharing
	Limits *limit.Limiter
	Hasher *secret.Hasher
	Owners Owners
}

// Owners tells people about links of theirs, in the caller's transaction. The
// same key tells once.
type Owners interface {
	LinkMade(ctx context.Context, tx *store.Tx, a ids.Account, key string) error
	LinkOpened(ctx context.Context, tx *store.Tx, a ids.Account, key string) error
}

const (
	// longestLink is how long a link may live.
	longestLink = 90 * 24 * time.Hour
	// mostLinks is how many links an account may have open at once.
	mostLinks = 20
	// mostWrong is how many wrong passcodes end a link. The standard wants the
	// count to go over the link's whole life, not to start anew after a right one
	// (SMART Health Cards and Links 1.0, "SMART Health Link Manifest Request").
	mostWrong = 5
	// leastPasscode is the length of the shortest passcode: with five tries a
	// number of six digits is found by chance once in 200,000 links.
	leastPasscode, mostPasscode = 6, 64
	// mostLabel is the length of a label in characters, from the standard.
	mostLabel = 80
	// mostShared is the size of a shared bundle in bytes: it is made in one
	// request, and opened in the receiver's browser.
	mostShared = 8 << 20
)

// summary are the sections that a receiver needs first: those an International
// Patient Summary requires or recommends.
var summary = []record.Section{record.Conditions, record.Medications, record.Allergies, record.Immunizations, record.Results, record.Procedures}

// LinkOrder is a link to be made.
type LinkOrder struct {
	Selection
	Lang     lang.Lang
	Label    string        // of the patient's own, "" for none; the receiver reads it
	Passcode string        // "" for one that is made
	Life     time.Duration // until it ends
}

func (o *LinkOrder) check() error {
	copied := Order{Selection: o.Selection, Format: FHIR, Lang: o.Lang}
	var bad *fault.Fault
	if err := copied.check(); err != nil {
		bad = bad.And("section", "sharing.ask.section.needed")
	}
	o.Sections = copied.Sections
	if o.Life <= 0 || o.Life > longestLink {
		bad = bad.And("life", "sharing.link.life.needed")
	}
	if utf8.RuneCountInString(o.Label) > mostLabel {
		bad = bad.And("label", "sharing.link.label.long", mostLabel)
	}
	if o.Passcode = passcodeForm(o.Passcode); o.Passcode == "" {
		o.Passcode = secret.Digits(8)
	} else if text := weak(o.Passcode); text != "" {
		bad = bad.And("passcode", text, leastPasscode)
	}
	return bad.OrNil()
}

// passcodeForm leaves out the blanks that people put between groups.
func passcodeForm(s string) string { return strings.Join(strings.Fields(s), "") }

// weak says what is wrong with a passcode, "" for nothing.
func weak(s string) string {
	n := utf8.RuneCountInString(s)
	seen := map[rune]bool{}
	for _, r := range s {
		seen[r] = true
	}
	row := "01234567890 09876543210 abcdefghijklmnopqrstuvwxyz"
	switch {
	case n < leastPasscode:
		return "sharing.link.passcode.short"
	case n > mostPasscode:
		return "sharing.link.passcode.long"
	case len(seen) < 3 || strings.Contains(row, strings.ToLower(s)):
		return "sharing.link.passcode.weak"
	}
	return ""
}

// LinkState is how a link stands.
type LinkState string

const (
	LinkOpen    LinkState = "open"
	LinkEnded   LinkState = "ended"   // by its owner
	LinkLocked  LinkState = "locked"  // by wrong passcodes
	LinkExpired LinkState = "expired" // by time
	LinkParted  LinkState = "parted"  // when records that were joined turned out to be of two people
)

// Link is a link that was made. It cannot be shown again: its key is not kept.
type Link struct {
	ID        ids.Share
	Label     string
	Sections  []record.Section
	Sensitive bool
	State     LinkState
	Wrong     int // wrong passcodes so far
	Openings  int
	Made      time.Time
	Expires   time.Time
	Ended     time.Time // zero while it is open
	account   ids.Account
	patient   ids.Patient
}

// Opening is one time that a link was opened.
type Opening struct {
	At        time.Time
	Recipient string // as they called themselves; nobody checked it
	Source    string // client address
}

// NewLink is a link as it is shown once, to its owner.
type NewLink struct {
	ID       ids.Share
	Link     string // "https://portal.example/view#shlink:/…"
	Passcode string
	Expires  time.Time
}

// Make makes a link to what is in the chart's record now. The answer holds the
// only copy of its key there is.
func (l *Links) Make(ctx context.Context, c access.Chart, o LinkOrder) (NewLink, error) {
	if err := c.NeedRaised(access.ShareRecords); err != nil {
		return NewLink{}, err
	}
	if err := o.check(); err != nil {
		return NewLink{}, err
	}
	if err := l.room(ctx, c); err != nil {
		return NewLink{}, err
	}
	homes, err := l.Copies.homes(ctx, c.Patient())
	if err != nil {
		return NewLink{}, err
	}
	files, err := l.Copies.shared(ctx, c, o)
	if err != nil {
		return NewLink{}, err
	}
	hash, err := l.Hasher.Hash(ctx, o.Passcode)
	if errors.Is(err, secret.ErrBusy) {
		err = fault.Down("error.busy", 5*time.Second, err)
	}
	if err != nil {
		return NewLink{}, err
	}
	made := NewLink{ID: ids.NewShare(), Passcode: o.Passcode}
	address, key := secret.Token(), secret.Token()
	if files, err = encrypt(key, files); err != nil {
		return NewLink{}, err
	}
	err = l.Copies.DB.Change(ctx, c.Did(audit.ShareMade, string(made.ID)), func(tx *store.Tx) error {
		if err := tx.OneAtATime(ctx, lockOf(c.Patient())); err != nil {
			return err
		}
		joined, err := still(ctx, tx, c.Patient(), homes)
		if err != nil {
			return err
		}
		if reads, err := l.Copies.Accounts.Reads(ctx, tx, c.Account(), c.Patient()); err != nil || !reads {
			return either(err, fault.Missing())
		}
		made.Expires = tx.Now.Add(o.Life).Truncate(time.Second) // as exp says it
		if err := insertLink(ctx, tx, linkRow{made, c, o, secret.TokenHash(address), hash, joined}, files); err != nil {
			return err
		}
		return l.Owners.LinkMade(ctx, tx, c.Account(), string(made.ID))
	})
	if err != nil {
		return NewLink{}, err
	}
	made.Link = l.Copies.Base + "/view#" + payload{URL: l.Copies.Base + "/shl/" + address, Key: key, Exp: made.Expires.Unix(), Flag: "P", Label: o.Label, V: 1}.text()
	return made, nil
}

// room refuses one link too many. Two requests at once may make one more.
func (l *Links) room(ctx context.Context, c access.Chart) error {
	return l.Copies.DB.View(ctx, func(tx *store.Tx) error {
		n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM share_link WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2`, c.Account(), store.Time(tx.Now))
		if err == nil && n >= mostLinks {
			err = fault.Bad("life", "sharing.link.many", mostLinks)
		}
		return err
	})
}

// Made lists the links the chart's account made of this record, newest first.
func (l *Links) Made(ctx context.Context, c access.Chart) ([]Link, error) {
	if err := c.NeedRaised(access.ShareRecords); err != nil {
		return nil, err
	}
	var out []Link
	err := l.Copies.DB.View(ctx, func(tx *store.Tx) (err error) {
		out, err = store.List(ctx, tx, scanLink(tx.Now), `SELECT `+linkColumns+` FROM share_link l WHERE l.account_id = $1 AND l.patient_id = $2 ORDER BY l.made_at DESC, l.id DESC LIMIT 100`, c.Account(), c.Patient())
		return err
	})
	return out, err
}

// Opened gives a link of the chart's account with its newest openings; NotFound
// for anybody else's.
func (l *Links) Opened(ctx context.Context, c access.Chart, id ids.Share) (Link, []Opening, error) {
	if err := c.NeedRaised(access.ShareRecords); err != nil {
		return Link{}, nil, err
	}
	var one Link
	var list []Opening
	err := l.Copies.DB.View(ctx, func(tx *store.Tx) (err error) {
		one, err = store.Get(ctx, tx, scanLink(tx.Now), `SELECT `+linkColumns+` FROM share_link l WHERE l.id = $1 AND l.account_id = $2 AND l.patient_id = $3`, id, c.Account(), c.Patient())
		if errors.Is(err, store.ErrNone) {
			return fault.Missing()
		}
		if err != nil {
			return err
		}
		list, err = store.List(ctx, tx, func(r store.Row) (o Opening, err error) {
			var at store.Time
			err = r.Scan(&at, &o.Recipient, &o.Source)
			o.At = at.Std()
			return o, err
		}, `SELECT opened_at, recipient, source FROM share_opening WHERE share_id = $1 ORDER BY opened_at DESC, id DESC LIMIT 200`, id)
		return err
	})
	return one, list, err
}

func either(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// End ends a link at once and erases what it leads to. A link that has ended
// already stays as it is.
func (l *Links) End(ctx context.Context, c access.Chart, id ids.Share) error {
	if err := c.Need(access.ShareRecords); err != nil {
		return err
	}
	return l.Copies.DB.Change(ctx, c.Did(audit.ShareEnded, string(id)).With("owner"), func(tx *store.Tx) error {
		n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM share_link WHERE id = $1 AND account_id = $2 AND patient_id = $3`, id, c.Account(), c.Patient())
		if err == nil && n == 0 {
			err = fault.Missing()
		}
		if err != nil {
			return err
		}
		return endLink(ctx, tx, id, "owner")
	})
}
