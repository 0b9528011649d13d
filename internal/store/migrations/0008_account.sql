-- +goose Up

-- A login. user_name is folded; skeleton is how it looks in passing, so that no
-- two people have names that can be mistaken for one another.
CREATE TABLE account (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    skeleton TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'frozen', 'closed')),
    level TEXT NOT NULL CHECK (level IN ('requested', 'matched', 'proven')),
    lang TEXT NOT NULL,
    theme TEXT NOT NULL,
    text_size TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    password_at TIMESTAMPTZ NOT NULL,
    frozen_at TIMESTAMPTZ,
    closed_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX account_user_name ON account (user_name);
CREATE UNIQUE INDEX account_skeleton ON account (skeleton);
-- One live account per person. This index settles the race between two browsers
-- that finish opening an account at the same moment.
CREATE UNIQUE INDEX account_person ON account (person_id) WHERE state <> 'closed';

-- Second steps. sealed is the contact or the authenticator's secret; mark is its
-- keyed index ('' for an authenticator), so that one contact is set up once.
CREATE TABLE account_factor (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL CHECK (kind IN ('email', 'sms', 'voice', 'totp')),
    sealed TEXT NOT NULL,
    mark TEXT NOT NULL,
    place BIGINT NOT NULL,
    last_step BIGINT NOT NULL,
    confirmed_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX account_factor_once ON account_factor (account_id, kind, mark) WHERE ended_at IS NULL;

CREATE TABLE recovery_code (
    account_id TEXT NOT NULL REFERENCES account (id),
    code_hash TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    PRIMARY KEY (account_id, code_hash)
);

-- One-time codes. flow is the half-way sign-in or enrolment they were asked for
-- in: a code is worth nothing in another.
CREATE TABLE one_time_code (
    id TEXT PRIMARY KEY,
    flow TEXT NOT NULL,
    channel TEXT NOT NULL,
    -- Whether it went out: a person who has given the password is told if not.
    sent BOOLEAN NOT NULL,
    code_mac TEXT NOT NULL,
    tries BIGINT NOT NULL,
    sent_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ
);
-- One live code per flow: asking again ends the one before.
CREATE UNIQUE INDEX one_time_code_live ON one_time_code (flow) WHERE used_at IS NULL AND ended_at IS NULL;
CREATE INDEX one_time_code_expires ON one_time_code (expires_at);

-- Sign-ins whose password was right and whose second step is awaited. Not a
-- session: its token is another cookie's and opens nothing else.
CREATE TABLE signin_attempt (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id),
    factor_id TEXT NOT NULL,
    next_path TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX signin_attempt_token ON signin_attempt (token_hash);
CREATE INDEX signin_attempt_expires ON signin_attempt (expires_at);

-- Browsers that have signed in before, by account: their wrong passwords are
-- counted apart, so that a stranger cannot lock the owner out.
CREATE TABLE device (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id),
    agent TEXT NOT NULL,
    first_at TIMESTAMPTZ NOT NULL,
    last_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    PRIMARY KEY (account_id, id)
);

-- What happened to an account, for its owner to read. The audit log is apart.
CREATE TABLE account_event (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL,
    agent TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX account_event_account ON account_event (account_id, at);

-- "This was not me" links, and once used, the queue of frozen accounts that
-- staff look at.
CREATE TABLE disown_link (
    token_hash TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    cause TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    settled_at TIMESTAMPTZ
);
CREATE INDEX disown_link_account ON disown_link (account_id);
CREATE INDEX disown_link_open ON disown_link (used_at) WHERE used_at IS NOT NULL AND settled_at IS NULL;
