-- +goose Up

-- Contacts that a person gave for their account: asked for until the code that
-- went there was typed, then proven, then ended by the next one. sealed is the
-- address or number.
CREATE TABLE account_contact (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL CHECK (kind IN ('email', 'phone')),
    sealed TEXT NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    proven_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ
);
-- One change of a kind at a time, and one contact of a kind in force: these
-- indexes settle what two browsers do at the same moment.
CREATE UNIQUE INDEX account_contact_asked ON account_contact (account_id, kind) WHERE proven_at IS NULL AND ended_at IS NULL;
CREATE UNIQUE INDEX account_contact_live ON account_contact (account_id, kind) WHERE proven_at IS NOT NULL AND ended_at IS NULL;

-- Proven contacts that staff may take over into the chart. What they decide
-- changes nothing at the account.
CREATE TABLE contact_proposal (
    contact_id TEXT PRIMARY KEY REFERENCES account_contact (id),
    made_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'accepted', 'rejected')),
    settled_at TIMESTAMPTZ,
    staff_id TEXT
);
CREATE INDEX contact_proposal_waiting ON contact_proposal (made_at) WHERE state = 'waiting';
