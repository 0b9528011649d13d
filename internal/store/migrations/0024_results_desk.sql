-- +goose Up

-- When patients may see results, where the clinic wants it otherwise than at
-- once. kind is 'class' (name is a group of results, 'notes' or 'sensitive') or
-- 'code' (name is the test's code; title is for people). how is 'at_once',
-- 'after_hours' or 'after_review'; hours counts for 'after_hours' only.
CREATE TABLE result_rule (
    kind TEXT NOT NULL CHECK (kind IN ('class', 'code')),
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    how TEXT NOT NULL CHECK (how IN ('at_once', 'after_hours', 'after_review')),
    hours BIGINT NOT NULL,
    sensitive BOOLEAN NOT NULL,
    staff_id TEXT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (kind, name)
);

-- What staff decided about single results, every decision kept. what is 'release',
-- 'hold', 'mark' or 'unmark'; why is a code from a closed list; the note, sealed,
-- is for staff only.
CREATE TABLE result_decision (
    id TEXT PRIMARY KEY,
    resource_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('release', 'hold', 'mark', 'unmark')),
    why TEXT NOT NULL,
    until_at TIMESTAMPTZ,
    sealed TEXT NOT NULL,
    staff_id TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX result_decision_resource ON result_decision (resource_id, at);

-- What clinicians wrote to the patient about a result, sealed. An edit is a new
-- version; the old one stays with the time it was replaced. The primary key
-- settles a race between two edits. patient_id here and above is the chart it was
-- written in; who may read it hangs on whose the result is now.
CREATE TABLE result_comment (
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    resource_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    staff_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    replaced_at TIMESTAMPTZ,
    PRIMARY KEY (id, version)
);
CREATE INDEX result_comment_resource ON result_comment (resource_id) WHERE replaced_at IS NULL;

-- When a patient was last told that there is something new, so that they are not
-- told again at once. covered_at is when the newest of what they were told of
-- could first be seen: it, not told_at, says what is news, since something may
-- have been on its way in while they were told.
CREATE TABLE result_notice (
    patient_id TEXT PRIMARY KEY,
    told_at TIMESTAMPTZ NOT NULL,
    covered_at TIMESTAMPTZ NOT NULL
);

-- The desk's lists over all patients: what is critical, what was corrected
-- lately, what is sensitive.
CREATE INDEX record_row_critical ON record_row (release_at, resource_id) WHERE critical;
CREATE INDEX record_row_corrected ON record_row (changed_at, resource_id) WHERE status IN ('corrected', 'amended', 'appended');
CREATE INDEX record_row_sensitive ON record_row (received_at, resource_id) WHERE sensitive;
