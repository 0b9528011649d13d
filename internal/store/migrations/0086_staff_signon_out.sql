-- +goose Up

-- The session of a person at the clinic's sign-on, as the provider names it (OpenID
-- Connect Back-Channel Logout 1.0, sid); '' where it names none. Sessions are looked
-- for by it when the provider tells that one is over.
ALTER TABLE staff_session ADD COLUMN signon_sid TEXT NOT NULL DEFAULT '';
ALTER TABLE staff_attempt ADD COLUMN signon_sid TEXT NOT NULL DEFAULT '';
CREATE INDEX staff_session_signon ON staff_session (signon_sid) WHERE signon_sid <> '' AND ended_at IS NULL;

-- The language a staff user reads the console in, for messages to them; '' for none.
ALTER TABLE staff_session ADD COLUMN lang TEXT NOT NULL DEFAULT '';

-- Tellings of the provider that a session is over, by the hash of their identifier:
-- each counts once.
CREATE TABLE staff_signon_out (
    token_hash TEXT PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX staff_signon_out_at ON staff_signon_out (at);
