-- +goose Up

-- Signed-in browsers of patients and proxies. Only the SHA-256 of the token is
-- kept, so that a stolen backup opens nothing.
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    account_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    ended_why TEXT
);
CREATE UNIQUE INDEX session_token ON session (token_hash);
CREATE INDEX session_account ON session (account_id, created_at);
CREATE INDEX session_expires ON session (expires_at);

-- Signed-in browsers of staff: a table of its own, so that no mistake in a
-- WHERE clause can make one kind of session pass for the other.
CREATE TABLE staff_session (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    staff_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX staff_session_token ON staff_session (token_hash);
CREATE INDEX staff_session_staff ON staff_session (staff_id);
CREATE INDEX staff_session_expires ON staff_session (expires_at);

-- Browsers half-way through opening an account. patient_id is '' where nobody
-- matched: the person must not notice.
CREATE TABLE verification_session (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    level BIGINT NOT NULL,
    source TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    longest_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX verification_session_token ON verification_session (token_hash);
CREATE INDEX verification_session_patient ON verification_session (patient_id);
CREATE INDEX verification_session_expires ON verification_session (expires_at);

-- People who work at the clinic. Room staff owns it; package access reads name,
-- roles and state on each request, so that disabling someone bites at once.
CREATE TABLE staff (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    roles TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
    created_at TIMESTAMPTZ NOT NULL
);
-- Staff sign in by e-mail address, written in any case.
CREATE UNIQUE INDEX staff_email ON staff (email);
