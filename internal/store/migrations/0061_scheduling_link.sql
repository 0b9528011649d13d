-- +goose Up

-- Links in messages by which a patient says, without signing in, whether they come.
-- Whoever holds one can answer for this visit at this time and for nothing else. It
-- ends when the visit begins; moving or cancelling the visit deletes it.
CREATE TABLE visit_link (
    token_hash TEXT PRIMARY KEY,
    appointment_id TEXT NOT NULL REFERENCES appointment (id),
    starts_at TIMESTAMPTZ NOT NULL,
    made_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX visit_link_of ON visit_link (appointment_id);
CREATE INDEX visit_link_end ON visit_link (starts_at);

-- What the patient answered last. The time is part of the key: who said that they
-- come at one time has not said so of another.
CREATE TABLE visit_answer (
    appointment_id TEXT NOT NULL REFERENCES appointment (id),
    starts_at TIMESTAMPTZ NOT NULL,
    answer TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (appointment_id, starts_at)
);
-- The desk looks on each page for those who cannot come.
CREATE INDEX visit_answer_cannot ON visit_answer (starts_at) WHERE answer = 'cannot';

-- Addresses from which a patient's calendar program reads the visits. The secret in
-- the address is kept as a hash and shown once.
CREATE TABLE calendar_feed (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    token_hash TEXT NOT NULL,
    shows TEXT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    read_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX calendar_feed_token ON calendar_feed (token_hash);
CREATE INDEX calendar_feed_account ON calendar_feed (account_id) WHERE ended_at IS NULL;
