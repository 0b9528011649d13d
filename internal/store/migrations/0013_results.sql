-- +goose Up

-- When a result was first and last opened, by whom. The first opening ends the
-- wait for a critical result that nobody has looked at; a version that came
-- after the last opening is marked as new again.
CREATE TABLE result_seen (
    resource_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    first_at TIMESTAMPTZ NOT NULL,
    last_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (resource_id, account_id)
);

-- In which session somebody chose to see a result that may be hard to read
-- alone. The choice ends with the session.
CREATE TABLE result_shown (
    session_id TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    shown_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (session_id, resource_id)
);
-- Choices of sessions that are over are cleared away with the patient's next one.
CREATE INDEX result_shown_patient ON result_shown (patient_id, shown_at);

-- Whether a patient wants to see results only once the clinician has commented
-- on them. Without a row they do not wait.
CREATE TABLE result_choice (
    patient_id TEXT PRIMARY KEY,
    wait BOOLEAN NOT NULL,
    account_id TEXT NOT NULL,
    chosen_at TIMESTAMPTZ NOT NULL
);
