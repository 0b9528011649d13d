package terms

import (
	"context"
	"errors"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"
	"portico/internal/web"
)

// Signature is one acceptance as the clinic sees it.
type Signature struct {
	Account  ids.Account
	Number   string // patient number, "" if unknown
	Document ids.Document
	Kind     Kind
	Version  string
	Lang     lang.Lang
	SHA256   string
	Agent    string // browser in words
	Source   string // client address
	At       time.Time
}

// Filter says which acceptances are wanted; a zero field wants all.
type Filter struct {
	Kind     Kind
	Version  string
	Lang     lang.Lang
	Account  ids.Account
	From, To time.Time // To is not included
	After    string    // Signatures.Next of the page before
}

// Signatures is a page of them, newest first.
type Signatures struct {
	Rows  []Signature
	Count int // of all that fit, not only of this page
	Next  string
}

const (
	signaturesShown = 50
	// signaturesSaved is how many lines one file holds at most.
	signaturesSaved = 50_000
)

// place is where a page of the list ends.
type place struct {
	at      time.Time
	account ids.Account
	kind    Kind
}

// beginning lies before the newest acceptance.
var beginning = place{at: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}

func (p place) String() string {
	return p.at.UTC().Format(time.RFC3339Nano) + "|" + string(p.account) + "|" + string(p.kind)
}

func parsePlace(s string) (place, error) {
	if s == "" {
		return beginning, nil
	}
	parts := strings.Split(s, "|")
	if len(parts) != 3 {
		return place{}, fault.Missing()
	}
	at, err := time.Parse(time.RFC3339Nano, parts[0])
	if err != nil {
		return place{}, fault.Missing()
	}
	return place{at, ids.Account(parts[1]), Kind(parts[2])}, nil
}

// Signatures lists who accepted what.
func (t *Terms) Signatures(ctx context.Context, d access.Desk, f Filter) (Signatures, error) {
	if err := d.Need(access.ManageTerms); err != nil {
		return Signatures{}, err
	}
	after, err := parsePlace(f.After)
	if err != nil {
		return Signatures{}, err
	}
	var out Signatures
	err = t.DB.View(ctx, func(tx *store.Tx) (err error) {
		if out.Count, err = countAccepted(ctx, tx, f); err != nil {
			return err
		}
		if out.Rows, err = t.signatures(ctx, tx, f, after, signaturesShown+1); err != nil {
			return err
		}
		out.Next = ""
		if len(out.Rows) > signaturesShown {
			out.Rows = out.Rows[:signaturesShown]
			last := out.Rows[signaturesShown-1]
			out.Next = place{last.At, last.Account, last.Kind}.String()
		}
		return nil
	})
	if err == nil {
		err = t.DB.Change(ctx, d.Did(audit.TermsListed, string(f.Account)), func(*store.Tx) error { return nil })
	}
	return out, err
}

func (t *Terms) signatures(ctx context.Context, tx *store.Tx, f Filter, after place, most int) ([]Signature, error) {
	rows, err := listAccepted(ctx, tx, f, after, most)
	if err != nil || t.People == nil {
		return rows, err
	}
	var accounts []ids.Account
	for _, r := range rows {
		accounts = append(accounts, r.Account)
	}
	numbers, err := t.People.Numbers(ctx, tx, accounts)
	for i, r := range rows {
		rows[i].Number = numbers[r.Account]
	}
	return rows, err
}

// Signer finds the account of the patient with a number, for the filter.
func (t *Terms) Signer(ctx context.Context, d access.Desk, number string) (ids.Account, error) {
	if err := d.Need(access.ManageTerms); err != nil {
		return "", err
	}
	var id ids.Account
	err := store.ErrNone
	if t.People != nil {
		err = t.DB.View(ctx, func(tx *store.Tx) (err error) {
			id, err = t.People.Numbered(ctx, tx, number)
			return err
		})
	}
	if errors.Is(err, store.ErrNone) || fault.Is(err, fault.NotFound) {
		return "", fault.Bad("whom", "terms.signed.nobody")
	}
	return id, err
}

var exportHeads = []string{"patient_number", "account", "document", "version", "language", "accepted_at", "device", "address", "sha256"}

// Export gives the same as a table for spreadsheets, up to 50,000 lines; more is
// Invalid and asks for a narrower filter. It wants a raised session.
func (t *Terms) Export(ctx context.Context, d access.Desk, f Filter) ([]byte, error) {
	if err := d.NeedRaised(access.ManageTerms); err != nil {
		return nil, err
	}
	var rows []Signature
	err := t.DB.View(ctx, func(tx *store.Tx) error {
		n, err := countAccepted(ctx, tx, f)
		if err != nil {
			return err
		}
		if n > signaturesSaved {
			return fault.Bad("", "terms.signed.many", n, signaturesSaved)
		}
		rows = nil
		for after := beginning; ; {
			some, err := t.signatures(ctx, tx, f, after, 500)
			if err != nil || len(some) == 0 {
				return err
			}
			rows = append(rows, some...)
			last := some[len(some)-1]
			after = place{last.At, last.Account, last.Kind}
		}
	})
	if err == nil {
		err = t.DB.Change(ctx, d.Did(audit.TermsListed, string(f.Account)).With("exported"), func(*store.Tx) error { return nil })
	}
	if err != nil {
		return nil, err
	}
	var cells [][]string
	for _, s := range rows {
		cells = append(cells, []string{s.Number, string(s.Account), string(s.Kind), s.Version, string(s.Lang), s.At.UTC().Format(time.RFC3339), s.Agent, s.Source, s.SHA256})
	}
	return web.Sheet(exportHeads, cells)
}
