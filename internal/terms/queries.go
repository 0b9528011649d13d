package terms

import (
	"context"
	"time"

	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/store"
)

const columns = `d.id, d.kind, d.version, d.lang, d.title, d.body, d.sha256, d.change, d.material, d.published_at, d.signed_at, d.signed_by`

func scanDocument(r store.Row) (d Document, err error) {
	var at, signed store.Time
	err = r.Scan(&d.ID, &d.Kind, &d.Version, &d.Lang, &d.Title, &d.Body, &d.SHA256, &d.Change, &d.Material, &at, &signed, &d.SignedBy)
	d.Published, d.Signed = at.Std(), signed.Std()
	return d, err
}

// standing leaves out what was taken back.
const standing = `NOT EXISTS (SELECT 1 FROM terms_withdrawn w WHERE w.kind = d.kind AND w.version = d.version)`

// newest is the version of k in force, in language l.
func newest(ctx context.Context, tx *store.Tx, k Kind, l lang.Lang) (Document, error) {
	return store.Get(ctx, tx, scanDocument, `
		SELECT `+columns+` FROM terms_document d
		WHERE d.kind = $1 AND d.lang = $2 AND d.published_at <= $3 AND `+standing+`
		ORDER BY d.published_at DESC, d.version DESC LIMIT 1`, string(k), string(l), store.Time(tx.Now))
}

// versions lists everything published, newest first, in every language and those
// taken back included; without the texts themselves, which may be long.
func versions(ctx context.Context, tx *store.Tx) ([]Document, error) {
	return store.List(ctx, tx, scanDocument, `
		SELECT d.id, d.kind, d.version, d.lang, d.title, '', d.sha256, d.change, d.material, d.published_at, d.signed_at, d.signed_by
		FROM terms_document d ORDER BY d.published_at DESC, d.version DESC, d.lang`)
}

// waiting is the version of k that is signed and not yet in force.
func waiting(ctx context.Context, tx *store.Tx, k Kind, l lang.Lang) (Document, error) {
	return store.Get(ctx, tx, scanDocument, `
		SELECT `+columns+` FROM terms_document d
		WHERE d.kind = $1 AND d.lang = $2 AND d.published_at > $3 AND `+standing, string(k), string(l), store.Time(tx.Now))
}

// edited names a version of a kind.
type edited struct {
	kind    Kind
	version string
}

func scanEdited(r store.Row) (e edited, err error) {
	err = r.Scan(&e.kind, &e.version)
	return e, err
}

func takenBack(ctx context.Context, tx *store.Tx) ([]edited, error) {
	return store.List(ctx, tx, scanEdited, `SELECT kind, version FROM terms_withdrawn`)
}

func insertWithdrawn(ctx context.Context, tx *store.Tx, d Document, by ids.Staff) error {
	_, err := tx.Exec(ctx, `INSERT INTO terms_withdrawn (kind, version, withdrawn_by, withdrawn_at) VALUES ($1, $2, $3, $4)`,
		string(d.Kind), d.Version, by, store.Time(tx.Now))
	return err
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
		INSERT INTO terms_document (id, kind, version, lang, title, body, sha256, change, material, published_at, signed_at, signed_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		d.ID, string(d.Kind), d.Version, string(d.Lang), d.Title, d.Body, d.SHA256, d.Change, d.Material, store.Time(d.Published), store.Time(tx.Now), d.SignedBy)
	return err
}

// kept lists the kinds of which account accepted a version at least as new as
// the last material one.
func kept(ctx context.Context, tx *store.Tx, account ids.Account) ([]Kind, error) {
	return store.List(ctx, tx, store.One[Kind], `
		SELECT DISTINCT a.kind FROM terms_acceptance a JOIN terms_document d ON d.id = a.document_id
		WHERE a.account_id = $1 AND NOT EXISTS (
			SELECT 1 FROM terms_document m
			WHERE m.kind = a.kind AND m.lang = $2 AND m.material AND m.published_at > d.published_at AND m.published_at <= $3
				AND NOT EXISTS (SELECT 1 FROM terms_withdrawn w WHERE w.kind = m.kind AND w.version = m.version))`,
		account, string(lang.En), store.Time(tx.Now))
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

func scanDraft(r store.Row) (d Draft, err error) {
	var begun store.Time
	err = r.Scan(&d.ID, &d.Kind, &d.State, &d.BegunBy, &begun)
	d.Begun = begun.Std()
	return d, err
}

const draftColumns = `id, kind, state, begun_by, begun_at`

func draftByID(ctx context.Context, tx *store.Tx, id ids.Draft) (Draft, error) {
	return store.Get(ctx, tx, scanDraft, `SELECT `+draftColumns+` FROM terms_draft WHERE id = $1`, id)
}

func openDraft(ctx context.Context, tx *store.Tx, k Kind) (Draft, error) {
	return store.Get(ctx, tx, scanDraft, `SELECT `+draftColumns+` FROM terms_draft WHERE kind = $1 AND state = 'open'`, string(k))
}

func openDrafts(ctx context.Context, tx *store.Tx) ([]Draft, error) {
	return store.List(ctx, tx, scanDraft, `SELECT `+draftColumns+` FROM terms_draft WHERE state = 'open'`)
}

func insertDraft(ctx context.Context, tx *store.Tx, d Draft) error {
	_, err := tx.Exec(ctx, `INSERT INTO terms_draft (id, kind, state, begun_by, begun_at) VALUES ($1, $2, 'open', $3, $4)`,
		d.ID, string(d.Kind), d.BegunBy, store.Time(tx.Now))
	return err
}

// endDraft ends an open draft; false if somebody else ended it before.
func endDraft(ctx context.Context, tx *store.Tx, id ids.Draft, as State) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE terms_draft SET state = $2, ended_at = $3 WHERE id = $1 AND state = 'open'`, id, string(as), store.Time(tx.Now))
	return n == 1, err
}

// lastText is a draft's present text in one language.
func lastText(ctx context.Context, tx *store.Tx, id ids.Draft, l lang.Lang) (Saved, error) {
	return store.Get(ctx, tx, func(r store.Row) (s Saved, err error) {
		var at store.Time
		err = r.Scan(&s.Rev, &s.Title, &s.Body, &s.Change, &s.By, &at)
		s.At = at.Std()
		return s, err
	}, `SELECT t.rev, t.title, t.body, t.change, COALESCE(s.name, t.saved_by), t.saved_at
		FROM terms_draft_text t LEFT JOIN staff s ON s.id = t.saved_by
		WHERE t.draft_id = $1 AND t.lang = $2 ORDER BY t.rev DESC LIMIT 1`, id, string(l))
}

func insertText(ctx context.Context, tx *store.Tx, id ids.Draft, l lang.Lang, s Saved) error {
	_, err := tx.Exec(ctx, `
		INSERT INTO terms_draft_text (draft_id, lang, rev, title, body, change, saved_by, saved_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		id, string(l), s.Rev, s.Title, s.Body, s.Change, s.By, store.Time(tx.Now))
	return err
}

// counts tells by how many accounts each version was accepted.
func counts(ctx context.Context, tx *store.Tx) (map[edited]int, error) {
	type row struct {
		edited
		n int
	}
	rows, err := store.List(ctx, tx, func(r store.Row) (x row, err error) {
		err = r.Scan(&x.kind, &x.version, &x.n)
		return x, err
	}, `SELECT kind, version, COUNT(*) FROM terms_acceptance GROUP BY kind, version`)
	out := map[edited]int{}
	for _, x := range rows {
		out[x.edited] = x.n
	}
	return out, err
}

// where is the condition of a filter and what fills it.
func (f Filter) where() (string, []any) {
	from, to := f.From, f.To
	if from.IsZero() {
		from = time.Unix(0, 0)
	}
	if to.IsZero() {
		to = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return `($1 = '' OR a.kind = $1) AND ($2 = '' OR a.version = $2) AND ($3 = '' OR a.lang = $3) AND ($4 = '' OR a.account_id = $4)
		AND a.accepted_at >= $5 AND a.accepted_at < $6`,
		[]any{string(f.Kind), f.Version, string(f.Lang), string(f.Account), store.Time(from), store.Time(to)}
}

func countAccepted(ctx context.Context, tx *store.Tx, f Filter) (int, error) {
	where, args := f.where()
	return store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM terms_acceptance a WHERE `+where, args...)
}

func scanSignature(r store.Row) (s Signature, err error) {
	var at store.Time
	err = r.Scan(&s.Account, &s.Document, &s.Kind, &s.Version, &s.Lang, &s.SHA256, &s.Agent, &s.Source, &at)
	s.At = at.Std()
	return s, err
}

// listAccepted lists who accepted, newest first, those behind the place after.
func listAccepted(ctx context.Context, tx *store.Tx, f Filter, after place, most int) ([]Signature, error) {
	where, args := f.where()
	args = append(args, store.Time(after.at), string(after.account), string(after.kind), most)
	return store.List(ctx, tx, scanSignature, `
		SELECT a.account_id, a.document_id, a.kind, a.version, a.lang, a.sha256, a.agent, a.source, a.accepted_at
		FROM terms_acceptance a WHERE `+where+`
			AND (a.accepted_at < $7 OR (a.accepted_at = $7 AND (a.account_id, a.kind) > ($8, $9)))
		ORDER BY a.accepted_at DESC, a.account_id, a.kind LIMIT $10`, args...)
}
