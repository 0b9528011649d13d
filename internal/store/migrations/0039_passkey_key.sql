-- +goose Up

-- Who has, had or was offered passkeys: an account or a staff user. handle is the
-- random mark by which an authenticator tells owners apart; authenticators show
-- and copy it freely, so nothing personal may be in it.
CREATE TABLE passkey_owner (
    kind TEXT NOT NULL CHECK (kind IN ('account', 'staff')),
    owner_id TEXT NOT NULL,
    handle TEXT NOT NULL,
    -- Until when the offer of a passkey was put off.
    later_until TIMESTAMPTZ,
    PRIMARY KEY (kind, owner_id)
);
CREATE UNIQUE INDEX passkey_owner_handle ON passkey_owner (handle);

-- Passkeys. credential is the authenticator's name for it, public_key its COSE key
-- in base64url, model what the authenticator says it is (AAGUID), counter its
-- count of signatures.
CREATE TABLE passkey (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    credential TEXT NOT NULL,
    public_key TEXT NOT NULL,
    name TEXT NOT NULL,
    model TEXT NOT NULL,
    transports TEXT NOT NULL,
    -- Whether it may be copied to the owner's other devices, and whether it is.
    eligible BOOLEAN NOT NULL,
    synced BOOLEAN NOT NULL,
    counter BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    ended_why TEXT,
    FOREIGN KEY (kind, owner_id) REFERENCES passkey_owner (kind, owner_id)
);
-- A credential belongs to one owner, ended ones too: whoever registers another's
-- must not be found in that other's place (WebAuthn section 7.1 step 26).
CREATE UNIQUE INDEX passkey_credential ON passkey (credential);
CREATE INDEX passkey_live ON passkey (kind, owner_id) WHERE ended_at IS NULL;

-- Challenges that were answered, until they are too old to be answered again. What
-- was only asked is not kept: asking costs nothing.
CREATE TABLE passkey_answered (
    challenge_hash TEXT PRIMARY KEY,
    until_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX passkey_answered_until ON passkey_answered (until_at);
