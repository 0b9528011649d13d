package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/notify"
	"portico/internal/secret"
	"portico/internal/store"
)

// NewAccount is everything an account begins with.
type NewAccount struct {
	Patient  ids.Patient
	UserName string
	Hash     string // from Hash
	Factors  []NewFactor
	Recovery []string // from NewRecoveryCodes, as shown to the person
	Lang     lang.Lang
	Theme    string
	Text     string
	Agent    string // browser in words
}

// NewFactor is a second step that the person has already proven.
type NewFactor struct {
	Kind     Kind
	Contact  string // e-mail address, or phone as +15551862275; "" for an authenticator
	Secret   []byte // of an authenticator
	LastStep int64  // of an authenticator: the step its first code was accepted at
}

// CheckUserName says whether name may be used by p and is free. Only someone
// whose identity is established may be told that it is taken.
func (s *Accounts) CheckUserName(ctx context.Context, tx *store.Tx, name string, p Person) error {
	if err := CheckUserName(name, p); err != nil {
		return err
	}
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM account WHERE user_name = $1 OR skeleton = $2`, FoldUserName(name), Skeleton(name))
	if err != nil {
		return err
	}
	if n > 0 {
		return taken()
	}
	return nil
}

func taken() error { return fault.Bad("username", "account.username.taken") }

// busy turns a full hashing queue into the fault for it.
func busy(err error) error {
	if errors.Is(err, secret.ErrBusy) {
		return fault.Down("error.busy", 5*time.Second, err)
	}
	return err
}

// Hash makes what is kept of a password that CheckPassword let through. A full
// queue is fault.Unavailable.
func Hash(ctx context.Context, h *secret.Hasher, password string) (string, error) {
	kept, err := h.Hash(ctx, password)
	return kept, busy(err)
}

// Exists tells whether a person has an account. A record that was joined to
// another stands for that one's person, here and in Of and Open.
func (s *Accounts) Exists(ctx context.Context, tx *store.Tx, p ids.Patient) (bool, error) {
	n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM account WHERE person_id = `+standsFor+` AND state <> 'closed'`, p)
	return n > 0, err
}

// Of gives the account of a person; fault.Missing if there is none.
func (s *Accounts) Of(ctx context.Context, tx *store.Tx, p ids.Patient) (ids.Account, error) {
	id, err := store.Get(ctx, tx, store.One[ids.Account], `SELECT id FROM account WHERE person_id = `+standsFor+` AND state <> 'closed'`, p)
	if errors.Is(err, store.ErrNone) {
		return "", fault.Missing()
	}
	return id, err
}

// Open makes the account with all that belongs to it in the caller's
// transaction, which also uses up the code that pays for it. A user name taken
// meanwhile is Invalid; a person who has an account meanwhile is a Conflict.
func (s *Accounts) Open(ctx context.Context, tx *store.Tx, a NewAccount) (ids.Account, error) {
	if a.Patient == "" || a.Hash == "" || len(a.Factors) == 0 || len(a.Recovery) == 0 {
		return "", errors.New("an account without person, password, second step or recovery codes")
	}
	exists, err := s.Exists(ctx, tx, a.Patient)
	if err != nil {
		return "", err
	}
	if exists {
		return "", fault.Lost("account.exists")
	}
	patient, err := store.Get(ctx, tx, store.One[ids.Patient], `SELECT `+standsFor, a.Patient)
	if err != nil {
		return "", err
	}
	id := ids.NewAccount()
	_, err = tx.Exec(ctx, `
		INSERT INTO account (id, record_id, person_id, user_name, skeleton, password_hash, state, level, lang, theme, text_size, created_at, password_at)
		VALUES ($1, $2, $2, $3, $4, $5, 'active', 'proven', $6, $7, $8, $9, $9)`,
		id, patient, FoldUserName(a.UserName), Skeleton(a.UserName), a.Hash, string(a.Lang), a.Theme, a.Text, store.Time(tx.Now))
	if store.IsUnique(err) {
		return "", taken()
	}
	if err != nil {
		return "", err
	}
	for i, f := range a.Factors {
		if err := s.addFactor(ctx, tx, id, i, f); err != nil {
			return "", fmt.Errorf("second step %d: %w", i+1, err)
		}
	}
	if err := s.addRecovery(ctx, tx, id, a.Recovery); err != nil {
		return "", err
	}
	return id, note(ctx, tx, id, opened, a.Agent)
}

// Purposes of the index by which one account's second steps are told apart. They
// are part of what is stored: never change one.
const (
	totpMark    = "account.totp"
	contactMark = "account.contact"
)

func (s *Accounts) addFactor(ctx context.Context, tx *store.Tx, a ids.Account, place int, f NewFactor) error {
	id := ids.NewFactor()
	plain, mark := []byte(f.Contact), ""
	if f.Kind == TOTP {
		plain = f.Secret
		// The first one has none, as every authenticator had when there could be one
		// only: of those added later each has its own.
		if place > 0 {
			mark = s.Keys.Index(totpMark, string(f.Secret))
		}
	} else {
		mark = s.Keys.Index(contactMark, fold(f.Contact))
	}
	if len(plain) == 0 {
		return errors.New("neither contact nor secret")
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO account_factor (id, account_id, kind, sealed, mark, place, last_step, confirmed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id, a, string(f.Kind), s.Keys.Seal(factorPlace, string(id), plain), mark, place, f.LastStep, store.Time(tx.Now))
	return err
}

// Contacts lists every contact of an account that security notices go to: those
// proven as a second step or given since, and those on file at the clinic.
func (s *Accounts) Contacts(ctx context.Context, tx *store.Tx, a ids.Account) ([]Contact, error) {
	r, err := byID(ctx, tx, a)
	if err != nil {
		return nil, err
	}
	factors, err := factorsOf(ctx, tx, a)
	if err != nil {
		return nil, err
	}
	var out []Contact
	seen := map[string]bool{}
	add := func(c Contact) {
		if key := string(c.Channel) + fold(c.To); !seen[key] {
			seen[key] = true
			out = append(out, c)
		}
	}
	for _, f := range factors {
		if f.kind == TOTP {
			continue
		}
		to, err := s.reveal(f)
		if err != nil {
			return nil, err
		}
		c := Contact{Channel: notify.Text, To: to} // voice is for codes only: a notice comes as a text
		if f.kind == Mail {
			c.Channel = notify.Mail
		}
		add(c)
	}
	proven, err := s.provenContacts(ctx, tx, a)
	if err != nil {
		return nil, err
	}
	for _, g := range proven {
		add(g.kind.contact(g.to))
	}
	if s.People != nil && r.person != "" {
		onFile, err := s.People.OnFile(ctx, tx, r.person)
		if err != nil {
			return nil, err
		}
		// Where its record was joined to another's, the other's contacts are on
		// file now; the owner may be reached at the ones from before alone.
		before, err := s.People.OnRecord(ctx, tx, r.origin)
		if err != nil {
			return nil, err
		}
		for _, c := range append(onFile, before...) {
			add(c)
		}
	}
	return out, nil
}

// tell sends n to every contact of an account. key keeps it from going twice.
func (s *Accounts) tell(ctx context.Context, tx *store.Tx, a record, n notify.Notice, key string) error {
	contacts, err := s.Contacts(ctx, tx, a.id)
	if err != nil {
		return err
	}
	return s.tellAt(ctx, tx, a, contacts, told{n, key})
}

// told is a notice with what keeps it from going twice.
type told struct {
	notify.Notice
	key string
}

func (s *Accounts) tellAt(ctx context.Context, tx *store.Tx, a record, contacts []Contact, n told) error {
	for _, c := range contacts {
		m := notify.Message{To: c.To, Channel: c.Channel, Lang: a.lang, Notice: n.Notice, Patient: a.person, Account: a.id,
			Key: n.key + ":" + s.Keys.Lasting("account.told", string(c.Channel)+c.To)[:16]}
		if _, err := s.Outbox.Send(ctx, tx, m); err != nil {
			return err
		}
	}
	return nil
}
