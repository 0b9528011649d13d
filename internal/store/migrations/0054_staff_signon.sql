-- +goose Up
-- Who signs in through the clinic's sign-on. People are known by the provider's
-- own lasting name for them; an e-mail address can pass to somebody else.
CREATE TABLE staff_signon (
    staff_id TEXT PRIMARY KEY REFERENCES staff (id),
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    linked_at TIMESTAMPTZ NOT NULL,
    signed_in_at TIMESTAMPTZ
);
-- One person at the provider is one person here.
CREATE UNIQUE INDEX staff_signon_subject ON staff_signon (issuer, subject);

-- Sign-ons that came back, by the hash of their state: each comes back once.
CREATE TABLE staff_signon_back (
    state_hash TEXT PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX staff_signon_back_at ON staff_signon_back (at);
