-- +goose Up

-- How a staff user signs in. sealed is the authenticator's secret; last_step is
-- the step of the last code taken, so that none is taken twice.
CREATE TABLE staff_credential (
    staff_id TEXT PRIMARY KEY REFERENCES staff (id),
    password_hash TEXT NOT NULL,
    sealed TEXT NOT NULL,
    last_step BIGINT NOT NULL,
    set_at TIMESTAMPTZ NOT NULL,
    signed_in_at TIMESTAMPTZ
);

-- One-time links by which a person sets up their own sign-in. Only the SHA-256
-- of the link's token is kept. password_hash is what the person chose on the
-- first of the two pages.
CREATE TABLE staff_setup (
    id TEXT PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    token_hash TEXT NOT NULL,
    password_hash TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX staff_setup_token ON staff_setup (token_hash);
-- One live link per person: a newer one ends the older.
CREATE UNIQUE INDEX staff_setup_live ON staff_setup (staff_id) WHERE used_at IS NULL AND ended_at IS NULL;

-- Browsers between password and authenticator code.
CREATE TABLE staff_attempt (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    next_path TEXT NOT NULL,
    tries BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX staff_attempt_token ON staff_attempt (token_hash);
-- For the sweep, and to end all when a person is disabled.
CREATE INDEX staff_attempt_staff ON staff_attempt (staff_id);
CREATE INDEX staff_attempt_expires ON staff_attempt (expires_at);

-- Addresses from which a person has signed in, as keyed hashes: what strangers
-- try elsewhere must not keep a clinic's own people out.
CREATE TABLE staff_place (
    staff_id TEXT NOT NULL REFERENCES staff (id),
    place_hash TEXT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (staff_id, place_hash)
);
CREATE INDEX staff_place_seen ON staff_place (seen_at);
