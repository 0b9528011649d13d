-- +goose Up

-- The audit log. Rows are only ever added; package trail chains them into a
-- Merkle tree whose signed heads lie outside this database.
CREATE TABLE audit_entry (
    id TEXT PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    actor TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    object TEXT NOT NULL,
    source TEXT NOT NULL,
    session TEXT NOT NULL,
    detail TEXT NOT NULL
);
-- "Who looked at this patient", newest first.
CREATE INDEX audit_entry_patient ON audit_entry (patient_id, at);
CREATE INDEX audit_entry_actor ON audit_entry (actor_id, at);
CREATE INDEX audit_entry_at ON audit_entry (at);

-- Entries not yet sealed. A queue of its own because on PostgreSQL a
-- transaction that began earlier may commit later: no "largest id so far"
-- would find it.
CREATE TABLE audit_pending (
    entry_id TEXT PRIMARY KEY REFERENCES audit_entry (id),
    at TIMESTAMPTZ NOT NULL
);

-- Sealed entries in their order in the Merkle tree.
CREATE TABLE audit_leaf (
    leaf BIGINT PRIMARY KEY,
    entry_id TEXT NOT NULL REFERENCES audit_entry (id),
    hash BYTEA NOT NULL
);
CREATE UNIQUE INDEX audit_leaf_entry ON audit_leaf (entry_id);

-- The stored hashes of the tree, by golang.org/x/mod/sumdb/tlog's index.
CREATE TABLE audit_hash (
    idx BIGINT PRIMARY KEY,
    hash BYTEA NOT NULL
);

-- Signed tree heads; each is also written to a file outside the database.
CREATE TABLE audit_checkpoint (
    size BIGINT PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL,
    note TEXT NOT NULL
);

-- One-time keys of forms that were accepted, with the answer given, so that a
-- double click or a replay gets the first answer again and does nothing twice.
CREATE TABLE form_key (
    key_hash TEXT PRIMARY KEY,
    used_at TIMESTAMPTZ NOT NULL,
    location TEXT
);
CREATE INDEX form_key_used ON form_key (used_at);
