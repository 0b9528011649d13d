-- +goose Up

-- When the person behind a session last proved password and second step again.
-- Sensitive work is open for ten minutes from then on; NULL is never.
ALTER TABLE session ADD COLUMN raised_at TIMESTAMPTZ;
