package passkey

import (
	"context"
	"encoding/base64"
	"errors"

	"github.com/go-webauthn/webauthn/webauthn"

	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
)

// key is a live passkey as answers are checked against it.
type key struct {
	id         ids.Passkey
	owner      Owner
	handle     string
	credential string
	public     string
	eligible   bool
	counter    int64
}

const keyColumns = `p.id, p.kind, p.owner_id, o.handle, p.credential, p.public_key, p.eligible, p.counter`

func scanKey(r store.Row) (k key, err error) {
	err = r.Scan(&k.id, &k.owner.Kind, &k.owner.ID, &k.handle, &k.credential, &k.public, &k.eligible, &k.counter)
	return k, err
}

// byCredential finds a live passkey of a kind of owners; a zero one if there is none.
func byCredential(ctx context.Context, tx *store.Tx, k Kind, credential string) (key, error) {
	found, err := store.Get(ctx, tx, scanKey, `
		SELECT `+keyColumns+` FROM passkey p JOIN passkey_owner o ON o.kind = p.kind AND o.owner_id = p.owner_id
		WHERE p.credential = $1 AND p.kind = $2 AND p.ended_at IS NULL`, credential, string(k))
	if errors.Is(err, store.ErrNone) {
		return key{}, nil
	}
	return found, err
}

// credentials lists an owner's live passkeys by their authenticators' names, the one
// used last first.
func credentials(ctx context.Context, tx *store.Tx, o Owner) ([]string, error) {
	return store.List(ctx, tx, store.One[string], `
		SELECT credential FROM passkey WHERE kind = $1 AND owner_id = $2 AND ended_at IS NULL
		ORDER BY COALESCE(used_at, created_at) DESC, id`, string(o.Kind), o.ID)
}

// live counts an owner's passkeys.
func live(ctx context.Context, tx *store.Tx, o Owner) (int, error) {
	return store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM passkey WHERE kind = $1 AND owner_id = $2 AND ended_at IS NULL`, string(o.Kind), o.ID)
}

// ownerRow makes the row of an owner, unless there is one, and gives its handle.
func ownerRow(ctx context.Context, tx *store.Tx, o Owner) (handle string, err error) {
	if _, err := tx.Exec(ctx, `INSERT INTO passkey_owner (kind, owner_id, handle) VALUES ($1, $2, $3) ON CONFLICT (kind, owner_id) DO NOTHING`,
		string(o.Kind), o.ID, secret.Token()); err != nil {
		return "", err
	}
	return store.Get(ctx, tx, store.One[string], `SELECT handle FROM passkey_owner WHERE kind = $1 AND owner_id = $2`, string(o.Kind), o.ID)
}

// held is a passkey in the form of package webauthn.
func (k key) held() (webauthn.Credential, error) {
	id, err := bytes(k.credential)
	if err != nil {
		return webauthn.Credential{}, err
	}
	public, err := bytes(k.public)
	return webauthn.Credential{ID: id, PublicKey: public, Flags: webauthn.CredentialFlags{UserVerified: true, BackupEligible: k.eligible},
		Authenticator: webauthn.Authenticator{SignCount: uint32(k.counter)}}, err
}

func bytes(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(s) }

func text(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func scanPasskey(r store.Row) (p Passkey, err error) {
	var created, used store.Time
	err = r.Scan(&p.ID, &p.Name, &p.Model, &p.Synced, &created, &used)
	p.Model, p.Created, p.Used = modelName(p.Model), created.Std(), used.Std()
	return p, err
}

// list gives an owner's live passkeys, oldest first.
func list(ctx context.Context, tx *store.Tx, o Owner) ([]Passkey, error) {
	return store.List(ctx, tx, scanPasskey, `
		SELECT id, name, model, synced, created_at, used_at FROM passkey
		WHERE kind = $1 AND owner_id = $2 AND ended_at IS NULL ORDER BY created_at, id`, string(o.Kind), o.ID)
}

// endOne ends a live passkey of an owner; false if they have no such one.
func endOne(ctx context.Context, tx *store.Tx, o Owner, id ids.Passkey, why string) (ended bool, err error) {
	n, err := tx.Exec(ctx, `UPDATE passkey SET ended_at = $4, ended_why = $5 WHERE id = $3 AND kind = $1 AND owner_id = $2 AND ended_at IS NULL`,
		string(o.Kind), o.ID, id, store.Time(tx.Now), why)
	return n == 1, err
}
