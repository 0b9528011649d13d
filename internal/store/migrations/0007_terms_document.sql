-- +goose Up

-- Published texts. A row is written when a text is published and never changed:
-- who accepted it must be able to read what they accepted.
CREATE TABLE terms_document (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('terms', 'privacy')),
    version TEXT NOT NULL,
    lang TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    -- What changed against the version before, in a sentence; '' for the first.
    change TEXT NOT NULL,
    -- Whether people who accepted the version before must accept this one.
    material BOOLEAN NOT NULL,
    published_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX terms_document_version ON terms_document (kind, version, lang);
CREATE INDEX terms_document_newest ON terms_document (kind, lang, published_at);

-- Who accepted what, when, in which language and on what. Only ever added.
CREATE TABLE terms_acceptance (
    account_id TEXT NOT NULL,
    document_id TEXT NOT NULL REFERENCES terms_document (id),
    kind TEXT NOT NULL,
    version TEXT NOT NULL,
    lang TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    agent TEXT NOT NULL,
    source TEXT NOT NULL,
    accepted_at TIMESTAMPTZ NOT NULL,
    -- One acceptance of a version, whatever language it was read in.
    PRIMARY KEY (account_id, kind, version)
);
