-- +goose Up

-- Events per key and window. The key is a keyed hash of rule and key.
CREATE TABLE limit_count (
    key_hash TEXT PRIMARY KEY,
    n BIGINT NOT NULL,
    began_at TIMESTAMPTZ NOT NULL,
    until_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX limit_count_until ON limit_count (until_at);

-- Different members per key and window, e.g. patient numbers tried by an address.
CREATE TABLE limit_member (
    key_hash TEXT NOT NULL,
    member_hash TEXT NOT NULL,
    until_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (key_hash, member_hash)
);
CREATE INDEX limit_member_until ON limit_member (until_at);

-- Failures in a row and the wait they earned.
CREATE TABLE limit_wait (
    key_hash TEXT PRIMARY KEY,
    fails BIGINT NOT NULL,
    until_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX limit_wait_until ON limit_wait (until_at);
