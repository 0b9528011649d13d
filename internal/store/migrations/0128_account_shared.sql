-- +goose Up

-- The person said with the password that others use the browser too; the second step
-- starts from it.
ALTER TABLE signin_attempt ADD COLUMN shared BOOLEAN NOT NULL DEFAULT FALSE;
