-- +goose Up

-- What patients ask to have corrected (45 CFR 164.526). wanted and answer are
-- sealed: they are free text about somebody's health.
CREATE TABLE correction (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    wanted TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'corrected', 'refused')),
    answer TEXT NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    settled_at TIMESTAMPTZ,
    staff_id TEXT NOT NULL
);
-- One open request about one thing.
CREATE UNIQUE INDEX correction_open ON correction (resource_id) WHERE state = 'asked';
CREATE INDEX correction_patient ON correction (patient_id, asked_at);
-- The desk's list: who has waited longest.
CREATE INDEX correction_waiting ON correction (state, asked_at);
