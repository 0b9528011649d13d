package terms

import (
	"context"

	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"
)

const columns = `d.id, d.kind, d.version, d.lang, d.title, d.body, d.sha256, d.change, d.material, d.published_at`

func scanDocument(r store.Row) (d Document, err error) {
	var at store.Time
	err = r.Scan(&d.ID, &d.Kind, &d.Version, &d.Lang, &d.Title, &d.Body, &d.SHA256, &d.Change, &d.Material, &at)
	d.Published = at.Std()
	return d, err
}

// newest is the version of k in force, in language l.
func newest(ctx context.Context, tx *store.Tx, k Kind, l lang.Lang) (Document, error) {
	return store.Get(ctx, tx, scanDocument, `
		SELECT `+columns+` FROM terms_document d
		WHERE d.kind = $1 AND d.lang = $2
		ORDER BY d.published_at DESC, d.version DESC LIMIT 1`, string(k), string(l))
}

func byID(ctx context.Context, tx *store.Tx, id ids.Document) (Document, error) {
	return store.Get(ctx, tx, scanDocument, `SELECT `+columns+` FROM terms_document d WHERE d.id = $1`, id)
}

// sameVersion finds a document already published under this name.
func sameVersion(ctx context.Context, tx *store.Tx, k Kind, version string, l lang.Lang) (Document, error) {
	return store.Get(ctx, tx, scanDocument, `
		SELECT `+columns+` FROM terms_document d WHERE d.kind = $1 AND d.version = $2 AND d.lang = $3`, string(k), version, string(l))
}

func insertDocument(ctx context.Context, tx *store.Tx, d Document) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO terms_document (id, kind, version, lang, title, body, sha256, change, material, published_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		d.ID, string(d.Kind), d.Version, string(d.Lang), d.Title, d.Body, d.SHA256, d.Change, d.Material, store.Time(tx.Now))
	return err
}

// kept counts the kinds of which account accepted a version at least as new as
// the last material one.
func kept(ctx context.Context, tx *store.Tx, account ids.Account) (int, error) {
	return store.Get(ctx, tx, store.One[int], `
		SELECT COUNT(DISTINCT a.kind) FROM terms_acceptance a JOIN terms_document d ON d.id = a.document_id
		WHERE a.account_id = $1 AND NOT EXISTS (
			SELECT 1 FROM terms_document m WHERE m.kind = a.kind AND m.material AND m.published_at > d.published_at)`, account)
}

func insertAcceptance(ctx context.Context, tx *store.Tx, a Acceptance, d Document) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO terms_acceptance (account_id, document_id, kind, version, lang, sha256, agent, source, accepted_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (account_id, kind, version) DO NOTHING`,
		a.Account, d.ID, string(d.Kind), d.Version, string(d.Lang), d.SHA256, a.Agent, a.Source, store.Time(tx.Now))
	return err
}

func scanAccepted(r store.Row) (a Accepted, err error) {
	var at store.Time
	err = r.Scan(&a.Document, &a.Kind, &a.Version, &a.Title, &at)
	a.At = at.Std()
	return a, err
}

func accepted(ctx context.Context, tx *store.Tx, account ids.Account) ([]Accepted, error) {
	return store.List(ctx, tx, scanAccepted, `
		SELECT d.id, d.kind, d.version, d.title, a.accepted_at
		FROM terms_acceptance a JOIN terms_document d ON d.id = a.document_id
		WHERE a.account_id = $1 ORDER BY a.accepted_at DESC, d.kind`, account)
}
