-- +goose Up

-- Background work. ready_at is when a waiting job may begin and when a running
-- one's lease ends.
CREATE TABLE job (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    args TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'parked')),
    ready_at TIMESTAMPTZ NOT NULL,
    attempt BIGINT NOT NULL,
    unique_key TEXT,
    why TEXT,
    created_at TIMESTAMPTZ NOT NULL
);
-- What a worker looks for, every second.
CREATE INDEX job_ready ON job (ready_at) WHERE state IN ('waiting', 'running');
-- At most one waiting job of a kind with the same key.
CREATE UNIQUE INDEX job_unique ON job (kind, unique_key) WHERE unique_key IS NOT NULL AND state = 'waiting';
