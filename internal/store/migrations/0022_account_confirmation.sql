-- +goose Up

-- Signed-in people who have given their password again and whose second step is
-- awaited. One for each session: beginning again replaces it, and its id, to
-- which one-time codes are bound, is new each time. There is no token: it is
-- found by the session alone, so that no other session can finish it.
CREATE TABLE confirmation (
    session_id TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id),
    factor_id TEXT NOT NULL,
    next_path TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX confirmation_id ON confirmation (id);
CREATE INDEX confirmation_expires ON confirmation (expires_at);
