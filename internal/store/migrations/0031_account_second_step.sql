-- +goose Up

-- What a signed-in person is about to add to their account and has not proven
-- yet: a second step, or recovery codes they were just shown. One for each
-- session: beginning anew replaces it, and its id, to which one-time codes are
-- bound, is new each time. sealed is the contact, the secret or the codes.
CREATE TABLE account_draft (
    session_id TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL CHECK (kind IN ('email', 'sms', 'voice', 'totp', 'recovery')),
    sealed TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX account_draft_account ON account_draft (account_id);
CREATE INDEX account_draft_expires ON account_draft (expires_at);

-- Browsers that skip the second step for a while. token_hash is the SHA-256 of
-- the mark the browser holds now; it changes at each use, so that a copy shows
-- itself when both have been used.
CREATE TABLE remembered_browser (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    device_id TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    -- 'changed', 'forgotten', 'replaced', 'copied', 'disowned', 'closed'
    ended_why TEXT
);
-- One live mark for a browser and an account.
CREATE UNIQUE INDEX remembered_browser_live ON remembered_browser (account_id, device_id) WHERE ended_at IS NULL;
CREATE INDEX remembered_browser_expires ON remembered_browser (expires_at);
