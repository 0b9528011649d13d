-- +goose Up

-- What somebody typed on a page that anybody may open, until a job has found out
-- whom it means: the page takes as long for nobody as for somebody. sealed is what
-- was typed. silent: asked too often, so that nothing is sent.
CREATE TABLE recovery_ask (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('name', 'password')),
    sealed TEXT NOT NULL,
    lang TEXT NOT NULL,
    silent BOOLEAN NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL
);

-- Ways back into an account. 'sent': links are out. 'first': staff want it, a
-- second person has to agree. 'granted': an activation code will do. 'open': a
-- browser goes on, named by browser_hash. 'waiting': everything is ready and works
-- once until_at has come. draft is sealed and holds what was chosen so far.
CREATE TABLE recovery (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('password', 'step', 'all')),
    state TEXT NOT NULL CHECK (state IN ('sent', 'first', 'granted', 'open', 'waiting', 'done', 'stopped', 'void')),
    came_by TEXT NOT NULL,
    browser_hash TEXT,
    draft TEXT NOT NULL,
    version BIGINT NOT NULL,
    staff_id TEXT NOT NULL,
    how TEXT NOT NULL,
    second_id TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    until_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    ended_why TEXT NOT NULL
);
CREATE UNIQUE INDEX recovery_browser ON recovery (browser_hash) WHERE browser_hash IS NOT NULL;
CREATE INDEX recovery_account ON recovery (account_id, created_at);
CREATE INDEX recovery_patient ON recovery (patient_id, created_at);
CREATE INDEX recovery_expires ON recovery (expires_at) WHERE ended_at IS NULL;
-- Everything is replaced in one way at a time: this index settles what two clerks
-- begin at the same moment.
CREATE UNIQUE INDEX recovery_all ON recovery (account_id) WHERE kind = 'all' AND state IN ('first', 'granted', 'open', 'waiting');

-- Links that were sent: 'go' leads to a new password, 'stop' ends a way back in.
-- Only the SHA-256 of the token is kept. came_by is how a link travelled.
CREATE TABLE recovery_link (
    token_hash TEXT PRIMARY KEY,
    recovery_id TEXT NOT NULL REFERENCES recovery (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('go', 'stop')),
    came_by TEXT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);
CREATE INDEX recovery_link_of ON recovery_link (recovery_id);
CREATE INDEX recovery_link_expires ON recovery_link (expires_at);

-- Calls by staff to a number on file before they help somebody back in. sealed is
-- their note.
CREATE TABLE recovery_call (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL,
    staff_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    evidence TEXT NOT NULL,
    sealed TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX recovery_call_patient ON recovery_call (patient_id, at);
