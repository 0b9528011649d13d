package passkey

import (
	"context"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/notify"
	"portico/internal/store"
)

// longestName bounds a passkey's name, in characters.
const longestName = 60

// cleanName puts a typed name in order.
func cleanName(typed string) (string, error) {
	name := strings.Join(strings.Fields(store.Clean(typed)), " ")
	switch {
	case name == "":
		return "", fault.Bad("name", "passkey.name.needed")
	case utf8.RuneCountInString(name) > longestName:
		return "", fault.Bad("name", "passkey.name.long", longestName)
	}
	return name, nil
}

// AskAdd makes a challenge for a new passkey of the chart's account.
func (s *Passkeys) AskAdd(ctx context.Context, c access.Chart, host string) (Options, error) {
	if err := c.NeedRaised(access.SecureAccount); err != nil {
		return Options{}, err
	}
	return s.askAdd(ctx, c.Did, making{ofChart(c), string(c.Session()), host}, func(ctx context.Context, tx *store.Tx) (string, error) {
		return s.Keeper.Own(ctx, tx, c)
	})
}

// making is a new passkey that is about to be made.
type making struct {
	owner   Owner
	browser string
	host    string
}

// askAdd makes the challenge; name gives what the authenticator shows for the owner.
func (s *Passkeys) askAdd(ctx context.Context, by did, m making, name func(context.Context, *store.Tx) (string, error)) (Options, error) {
	x, ok := s.at(m.host)
	if !ok {
		return Options{}, fault.Missing()
	}
	var u user
	var has []string
	err := s.DB.Change(ctx, by(audit.PasskeyAsked, m.owner.ID), func(tx *store.Tx) (err error) {
		if u.name, err = name(ctx, tx); err != nil {
			return err
		}
		handle, err := ownerRow(ctx, tx, m.owner)
		if err != nil {
			return err
		}
		if u.handle, err = bytes(handle); err != nil {
			return err
		}
		if has, err = credentials(ctx, tx, m.owner); err == nil && len(has) >= most {
			err = fault.Bad("name", "passkey.most", most)
		}
		return err
	})
	return s.toMake(x, ask{toAdd, m.owner, m.browser}, u, has), err
}

// made is a new passkey as it was proven.
type made struct {
	name       string
	credential string
	public     string
	model      string
	transports string
	eligible   bool
	synced     bool
	counter    int64
}

// proveNew checks the answer to a challenge for a new passkey.
func (s *Passkeys) proveNew(ctx context.Context, in Answer, o Owner) (made, error) {
	refuse := func(why reason) (made, error) { return made{}, &refusal{why: why, owner: o} }
	x, ok := s.at(in.Host)
	if !ok {
		return refuse(badHost)
	}
	t, why, err := s.redeem(ctx, in.Ticket, ask{toAdd, o, in.Browser})
	if err != nil {
		return made{}, err
	}
	if why != "" {
		return refuse(why)
	}
	if len(in.Credential) > longest {
		return refuse(badForm)
	}
	got, err := protocol.ParseCredentialCreationResponseBytes([]byte(in.Credential))
	if err != nil {
		return refuse(badForm)
	}
	// The handle plays no part in checking a new credential; package webauthn only
	// wants the same one on both sides.
	u := user{handle: []byte(o.ID)}
	cred, err := x.check.CreateCredential(u, x.session(t.challenge, u), got)
	if err != nil {
		return refuse(x.why(t, got.Response.CollectedClientData, got.Response.AttestationObject.AuthData, protocol.CreateCeremony))
	}
	return madeOf(cred), nil
}

func madeOf(c *webauthn.Credential) made {
	var via []string
	for _, t := range c.Transport {
		via = append(via, string(t))
	}
	return made{credential: text(c.ID), public: text(c.PublicKey), model: hex.EncodeToString(c.Authenticator.AAGUID),
		transports: store.Clean(strings.Join(via[:min(len(via), 8)], ",")), eligible: c.Flags.BackupEligible, synced: c.Flags.BackupState,
		counter: int64(c.Authenticator.SignCount)}
}

// insert keeps a new passkey. A credential that is registered already, whoever's it
// is, is a refusal.
func insert(ctx context.Context, tx *store.Tx, o Owner, m made) (ids.Passkey, error) {
	n, err := live(ctx, tx, o)
	if err != nil {
		return "", err
	}
	if n >= most {
		return "", fault.Bad("name", "passkey.most", most)
	}
	id := ids.NewPasskey()
	rows, err := tx.Exec(ctx, `
		INSERT INTO passkey (id, kind, owner_id, credential, public_key, name, model, transports, eligible, synced, counter, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (credential) DO NOTHING`,
		id, string(o.Kind), o.ID, m.credential, m.public, m.name, m.model, m.transports, m.eligible, m.synced, m.counter, store.Time(tx.Now))
	if err == nil && rows != 1 {
		err = &refusal{why: taken, owner: o}
	}
	return id, err
}

// Add keeps a new passkey of the chart's account under a name. Other sessions end and
// every contact is told. What is wrong with the name stands at "name"; whatever was
// wrong with the passkey is Invalid with one sentence.
func (s *Passkeys) Add(ctx context.Context, c access.Chart, in Answer, name string) error {
	if err := c.NeedRaised(access.SecureAccount); err != nil {
		return err
	}
	name, err := cleanName(name)
	if err != nil {
		return err
	}
	o := ofChart(c)
	in.Browser = string(c.Session())
	m, err := s.proveNew(ctx, in, o)
	if err == nil {
		m.name = name
		err = s.DB.Change(ctx, c.Did(audit.PasskeyAdded, o.ID), func(tx *store.Tx) error {
			if _, err := s.Keeper.Own(ctx, tx, c); err != nil {
				return err
			}
			if _, err := insert(ctx, tx, o, m); err != nil {
				return err
			}
			return s.Keeper.Changed(ctx, tx, c, notify.PasskeyAdded)
		})
	}
	return s.notAdded(ctx, err, c.Did)
}

// notAdded writes down why a passkey was not added and gives the one sentence.
func (s *Passkeys) notAdded(ctx context.Context, err error, by did) error {
	r := refused(err)
	if r == nil {
		return err
	}
	e := by(audit.PasskeyAdded, r.owner.ID).As(audit.Refused).With("passkey." + string(r.why))
	if werr := s.DB.Change(ctx, e, func(*store.Tx) error { return nil }); werr != nil {
		return fault.Down("error.busy", 5*time.Second, werr)
	}
	return fault.Bad("", "passkey.add.wrong")
}
