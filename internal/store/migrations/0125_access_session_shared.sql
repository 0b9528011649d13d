-- +goose Up

-- The person said that others use the browser too: the session ends after five
-- minutes without use in place of fifteen.
ALTER TABLE session ADD COLUMN shared BOOLEAN NOT NULL DEFAULT FALSE;
