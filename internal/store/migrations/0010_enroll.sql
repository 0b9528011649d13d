-- +goose Up

-- Activation codes. selector is the half that finds the row; of the secret half
-- only a keyed, salted, slow hash is kept, of the link's token its SHA-256. For
-- a code read out on the phone selector is the reference of the open identity
-- request, without which its eight symbols are worth nothing. shown holds the
-- code sealed until staff have seen it once, at most 15 minutes; sent_to a keyed
-- hash of the contact it was sent to: who brings it back holds that contact.
CREATE TABLE activation_code (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('letter', 'email', 'handover', 'phone', 'text')),
    selector TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    token_hash TEXT,
    state TEXT NOT NULL CHECK (state IN ('issued', 'opened', 'used', 'expired', 'revoked', 'superseded', 'suspended')),
    tries BIGINT NOT NULL,
    request_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    sent_to TEXT NOT NULL,
    shown TEXT,
    shown_at TIMESTAMPTZ,
    shown_to TEXT NOT NULL,
    issued_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    opened_at TIMESTAMPTZ,
    used_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ
);
-- The selector finds one row, also of codes that are over. A reference can be
-- used for a second phone code when the first ran out, hence the split.
CREATE UNIQUE INDEX activation_code_selector ON activation_code (selector) WHERE channel NOT IN ('phone', 'text');
CREATE UNIQUE INDEX activation_code_reference ON activation_code (selector) WHERE channel IN ('phone', 'text') AND state IN ('issued', 'opened');
CREATE UNIQUE INDEX activation_code_token ON activation_code (token_hash) WHERE token_hash IS NOT NULL;
-- One live code per patient. This index, not the program, settles a race
-- between two people at the desk.
CREATE UNIQUE INDEX activation_code_live ON activation_code (patient_id) WHERE state IN ('issued', 'opened');
-- The desk's lists: by state and by patient, newest first.
CREATE INDEX activation_code_state ON activation_code (state, issued_at);
CREATE INDEX activation_code_patient ON activation_code (patient_id, issued_at);

-- What somebody who is opening an account has done so far. It belongs to a
-- verification session and dies with it. Nobody's attempts (patient_id '') have
-- rows too, so that a stranger cannot tell the difference. draft is sealed.
-- digits_* is the one-time code that was sent, if any; answered is the number of
-- the asking that a job has dealt with, so that it deals with each once.
CREATE TABLE enrolment (
    verification_id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL,
    way TEXT NOT NULL CHECK (way IN ('number', 'code', 'phone', 'expired', 'request')),
    code_id TEXT NOT NULL,
    draft TEXT NOT NULL,
    version BIGINT NOT NULL,
    digits_hash TEXT NOT NULL,
    digits_until TIMESTAMPTZ,
    asked_at TIMESTAMPTZ,
    asked BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    wrong BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
-- Old drafts are erased by age.
CREATE INDEX enrolment_created ON enrolment (created_at);

-- "I have no code", and matches that a person has to look at. claim is sealed
-- and NULL once erased. person_key is a keyed hash of who it is said to be.
CREATE TABLE identity_request (
    id TEXT PRIMARY KEY,
    reference TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    person_key TEXT NOT NULL,
    why TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'open', 'asked', 'calling', 'approved', 'matched', 'rejected', 'expired', 'double')),
    flagged BOOLEAN NOT NULL,
    again BIGINT NOT NULL,
    double_of TEXT NOT NULL,
    claim TEXT,
    lang TEXT NOT NULL,
    first_by TEXT NOT NULL,
    first_patient TEXT NOT NULL,
    code_id TEXT NOT NULL,
    closed_by TEXT NOT NULL,
    came_at TIMESTAMPTZ NOT NULL,
    touched_at TIMESTAMPTZ NOT NULL,
    closed_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX identity_request_reference ON identity_request (reference);
-- One open request per person, however often it is sent.
CREATE UNIQUE INDEX identity_request_open ON identity_request (person_key) WHERE state IN ('new', 'open', 'asked', 'calling');
-- The queue: oldest first.
CREATE INDEX identity_request_queue ON identity_request (state, came_at);
CREATE INDEX identity_request_double ON identity_request (double_of) WHERE double_of <> '';

-- Who did what with a request. note is sealed and erased with its request.
CREATE TABLE request_note (
    id TEXT PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES identity_request (id),
    staff_id TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL,
    note TEXT,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX request_note_request ON request_note (request_id, at);

-- Tries of number and birth date per minute, for the global breaker.
CREATE TABLE enroll_pulse (
    minute_at TIMESTAMPTZ PRIMARY KEY,
    tried BIGINT NOT NULL,
    missed BIGINT NOT NULL
);

-- The usual number of misses in ten minutes over the last week; one row.
CREATE TABLE enroll_usual (
    name TEXT PRIMARY KEY,
    missed BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL
);

-- Times when the breaker was on.
CREATE TABLE enroll_breaker (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('on', 'over')),
    since_at TIMESTAMPTZ NOT NULL,
    over_at TIMESTAMPTZ
);
-- One breaker, one alarm: of many requests that trip it at once one wins.
CREATE UNIQUE INDEX enroll_breaker_on ON enroll_breaker (state) WHERE state = 'on';
