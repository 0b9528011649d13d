-- +goose Up

-- Texts that administrators are still writing.
CREATE TABLE terms_draft (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('terms', 'privacy')),
    state TEXT NOT NULL CHECK (state IN ('open', 'published', 'dropped')),
    begun_by TEXT NOT NULL,
    begun_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
-- One draft of a kind at a time: two would overtake each other.
CREATE UNIQUE INDEX terms_draft_open ON terms_draft (kind) WHERE state = 'open';

-- Every saved state of a draft in one language; the highest rev is the present
-- one. Saving adds a row and changes none, so that nothing anybody wrote is lost,
-- and the key settles who was first when two save at once.
CREATE TABLE terms_draft_text (
    draft_id TEXT NOT NULL REFERENCES terms_draft (id),
    lang TEXT NOT NULL,
    rev BIGINT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    change TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    saved_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (draft_id, lang, rev)
);

-- published_at is from when on a version is in force, which may be ahead;
-- signed_at and signed_by say when and by whom that was decided. NULL and '' for
-- texts that came with the program.
ALTER TABLE terms_document ADD COLUMN signed_at TIMESTAMPTZ;
ALTER TABLE terms_document ADD COLUMN signed_by TEXT NOT NULL DEFAULT '';

-- Versions taken back before they were in force. The version itself stays, as
-- everything published does; its number is not used again.
CREATE TABLE terms_withdrawn (
    kind TEXT NOT NULL,
    version TEXT NOT NULL,
    withdrawn_by TEXT NOT NULL,
    withdrawn_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (kind, version)
);

-- Who accepted what, newest first, and how many accepted a version.
CREATE INDEX terms_acceptance_at ON terms_acceptance (accepted_at, account_id, kind);
CREATE INDEX terms_acceptance_version ON terms_acceptance (kind, version);
