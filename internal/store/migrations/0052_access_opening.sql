-- +goose Up

-- Charts that staff opened without a task, in an emergency (45 CFR
-- 164.312(a)(2)(ii)). reason is sealed: it may tell about the patient. Each waits
-- until somebody else has reviewed it.
CREATE TABLE chart_opening (
    id TEXT PRIMARY KEY,
    staff_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    reviewed_at TIMESTAMPTZ,
    reviewer_id TEXT,
    verdict TEXT
);
-- What waits for a review, oldest first.
CREATE INDEX chart_opening_waiting ON chart_opening (opened_at, id) WHERE reviewed_at IS NULL;
