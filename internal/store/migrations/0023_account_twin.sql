-- +goose Up

-- The record an account was opened for. person_id is whom that record stands for
-- now, after records were joined: if they are parted again, the account goes
-- back with its record.
ALTER TABLE account ADD COLUMN record_id TEXT NOT NULL DEFAULT '';
UPDATE account SET record_id = person_id;
-- Which accounts go along with a record.
CREATE INDEX account_record ON account (record_id);

-- Accounts held back because the person their record was joined to has one
-- already, until staff say which of the two stays.
CREATE TABLE account_twin (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    held_at TIMESTAMPTZ NOT NULL,
    settled_at TIMESTAMPTZ,
    -- 'stays', 'closed' or 'parted'
    how TEXT NOT NULL
);
-- An account is held back once at a time.
CREATE UNIQUE INDEX account_twin_open ON account_twin (account_id) WHERE settled_at IS NULL;
