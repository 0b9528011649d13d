-- +goose Up

-- SMART Health Links that people made of a record. The address is kept as a hash
-- and the passcode as a password hash; the key that opens the files is not kept
-- at all. wrong counts wrong passcodes over the link's whole life. why says what
-- ended it. The row outlives its files, to tell the owner who opened the link.
CREATE TABLE share_link (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    address_hash TEXT NOT NULL,
    passcode_hash TEXT NOT NULL,
    label TEXT NOT NULL,
    sections TEXT NOT NULL,
    sensitive BOOLEAN NOT NULL,
    wrong BIGINT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    why TEXT NOT NULL CHECK (why IN ('', 'owner', 'passcode', 'expired'))
);
CREATE UNIQUE INDEX share_link_address ON share_link (address_hash);
CREATE INDEX share_link_list ON share_link (account_id, patient_id, made_at, id);
-- What the sweep looks for.
CREATE INDEX share_link_expires ON share_link (expires_at) WHERE ended_at IS NULL;

-- What a link leads to, encrypted with the link's key (JWE, compact).
CREATE TABLE share_file (
    share_id TEXT NOT NULL REFERENCES share_link (id),
    place BIGINT NOT NULL,
    content_type TEXT NOT NULL,
    jwe TEXT NOT NULL,
    PRIMARY KEY (share_id, place)
);

-- Who opened a link: the name is what they said, nobody checked it.
CREATE TABLE share_opening (
    id TEXT PRIMARY KEY,
    share_id TEXT NOT NULL REFERENCES share_link (id),
    opened_at TIMESTAMPTZ NOT NULL,
    recipient TEXT NOT NULL,
    source TEXT NOT NULL
);
CREATE INDEX share_opening_list ON share_opening (share_id, opened_at, id);
