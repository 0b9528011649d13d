-- +goose Up

-- Moments from which on everybody signed in must have agreed to something new,
-- such as terms. Each raises the count that sessions are compared with; a moment
-- still ahead counts for nothing until it comes.
CREATE TABLE access_demand (
    id TEXT PRIMARY KEY,
    since_at TIMESTAMPTZ NOT NULL
);

-- How many of these moments had come when the session's account was last found to
-- have agreed to everything. Fewer than have come by now: it is looked at again.
ALTER TABLE session ADD COLUMN agreed BIGINT NOT NULL DEFAULT -1;

-- One row, 'all'. Its number is raised with each change of what servers keep in
-- memory, and is read along with the session, so that every server learns of a
-- change with its next request and asks for it only then.
CREATE TABLE access_stamp (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL
);
