package checkin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"
)

const sealName = "checkin.name"

// Signature is a text that was signed by typing a name.
type Signature struct {
	Consent Consent
	Name    string
	Lang    lang.Lang
	Hash    string // SHA-256 of the text in that language, hex
	At      time.Time
	Agent   string
}

// Holds tells whether the text is still the one that was signed.
func (g Signature) Holds() bool { return g.Hash == g.Consent.hash(g.Lang) }

// hash is the SHA-256 of what is read in a language.
func (c Consent) hash(l lang.Lang) string {
	sum := sha256.Sum256([]byte(c.Title[l] + "\n\n" + c.Body[l]))
	return hex.EncodeToString(sum[:])
}

func (s *CheckIns) signatures(ctx context.Context, tx *store.Tx, id ids.Appointment) ([]Signature, error) {
	list, err := store.List(ctx, tx, func(r store.Row) (Signature, error) {
		var g Signature
		var name string
		var at store.Time
		if err := r.Scan(&g.Consent.ID, &name, &g.Lang, &g.Hash, &at, &g.Agent); err != nil {
			return g, err
		}
		plain, err := s.Keys.Open(sealName, partName(id, string(g.Consent.ID)), name)
		g.Name, g.At = string(plain), at.Std()
		return g, err
	}, `SELECT consent_id, name, language, text_hash, signed_at, agent FROM checkin_signature WHERE appointment_id = $1 ORDER BY signed_at, consent_id`, id)
	for i := range list {
		if list[i].Consent, err = consentByID(ctx, tx, list[i].Consent.ID); err != nil {
			return nil, err
		}
	}
	return list, err
}
