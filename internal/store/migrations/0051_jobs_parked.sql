-- +goose Up

-- Since when a job has been given up, for the staff's list of what failed.
ALTER TABLE job ADD COLUMN parked_at TIMESTAMPTZ;
CREATE INDEX job_parked ON job (created_at, id) WHERE state = 'parked';
