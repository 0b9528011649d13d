-- +goose Up

-- The time zone in which the account's owner is told times beside the clinic's, as an
-- IANA name; '' for none: most live where their clinic is.
ALTER TABLE account ADD COLUMN zone TEXT NOT NULL DEFAULT '';
