-- +goose Up

-- Questionnaires as they were uploaded: FHIR R4 Questionnaire, byte for byte. A
-- new one of the same canonical address is a new row; what was answered in the
-- old one stays readable.
CREATE TABLE checkin_form (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    title_en TEXT NOT NULL,
    title_es TEXT NOT NULL,
    body TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    made_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX checkin_form_url ON checkin_form (url) WHERE active AND url <> '';

-- Texts that patients sign. A row is never changed but for active: what somebody
-- signed can be shown as they read it.
CREATE TABLE checkin_consent (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    title_en TEXT NOT NULL,
    title_es TEXT NOT NULL,
    body_en TEXT NOT NULL,
    body_es TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    made_at TIMESTAMPTZ NOT NULL
);

-- What a kind of visit asks its patients for.
CREATE TABLE checkin_need (
    type_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('form', 'consent')),
    item_id TEXT NOT NULL,
    PRIMARY KEY (type_id, item_id)
);
CREATE INDEX checkin_need_item ON checkin_need (item_id);

-- Who signed what before which visit. text_hash is the SHA-256 of the text in the
-- language it was read in; the name is sealed. No address is kept.
CREATE TABLE checkin_signature (
    appointment_id TEXT NOT NULL REFERENCES checkin (appointment_id),
    consent_id TEXT NOT NULL REFERENCES checkin_consent (id),
    account_id TEXT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    agent TEXT NOT NULL,
    signed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (appointment_id, consent_id)
);
