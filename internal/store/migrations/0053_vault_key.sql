-- +goose Up
-- The keys under which something in this database was made, by their
-- identifiers; the keys themselves lie outside it. The one with the highest place
-- is the one that writes. Two administrators who change the key at once take
-- different places or the second one fails.
CREATE TABLE vault_key (
    id TEXT PRIMARY KEY,
    place BIGINT NOT NULL,
    since_at TIMESTAMPTZ NOT NULL,
    retired_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX vault_key_place ON vault_key (place);

-- Which keys each running process holds and which it writes with: a key is made
-- the one that writes only once all of them can read it.
CREATE TABLE vault_holder (
    id TEXT PRIMARY KEY,
    held TEXT NOT NULL,
    writes TEXT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL
);

-- How far each table has been put under the key that writes. The cursor moves
-- only forward and only from where it was read, so that several servers can work
-- on it and none begins again after a crash.
CREATE TABLE vault_pass (
    of_table TEXT PRIMARY KEY,
    key_id TEXT NOT NULL,
    after_row TEXT NOT NULL,
    looked BIGINT NOT NULL,
    remade BIGINT NOT NULL,
    done_at TIMESTAMPTZ
);

-- A number's blind index changes with the key; links that name a record by it
-- are found and changed with it.
CREATE INDEX patient_link_named ON patient_link (target);
