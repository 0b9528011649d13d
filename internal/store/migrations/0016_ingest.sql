-- +goose Up

-- Which patient record a sender's own name for a patient became: "Patient/12",
-- "urn:uuid:…". Files and messages that come later refer to people by these names
-- without sending them again. A name never changes whom it stands for.
CREATE TABLE ingest_person (
    source TEXT NOT NULL,
    ref TEXT NOT NULL,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    PRIMARY KEY (source, ref)
);

-- Senders of records with credentials of their own. secret_hash is of 256 random
-- bits. source is what their names for things are kept under; it never changes.
CREATE TABLE feed (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    source TEXT NOT NULL UNIQUE,
    secret_hash TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    ended_at TIMESTAMPTZ,
    last_at TIMESTAMPTZ
);

-- What came in: one row for a run of the command that wrote something, one a day
-- for a feed. day is the UTC day of a feed's messages, '' for a command. types
-- holds the counts of each type as JSON. Names of files stand nowhere: they may
-- be people's.
CREATE TABLE ingest_run (
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    feed_id TEXT REFERENCES feed (id),
    day TEXT NOT NULL,
    began_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ NOT NULL,
    parts BIGINT NOT NULL,
    people BIGINT NOT NULL,
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    same BIGINT NOT NULL,
    older BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    types TEXT NOT NULL
);
-- One row a day: this index settles a race between two messages.
CREATE UNIQUE INDEX ingest_run_day ON ingest_run (feed_id, day) WHERE feed_id IS NOT NULL;
CREATE INDEX ingest_run_ended ON ingest_run (ended_at, id);
