-- +goose Up

-- Reminders that were queued. The time is part of the key: a visit that was moved
-- is reminded of anew, and a job that runs twice writes nothing twice.
CREATE TABLE visit_reminder (
    appointment_id TEXT NOT NULL REFERENCES appointment (id),
    days BIGINT NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    queued_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (appointment_id, days, starts_at)
);
