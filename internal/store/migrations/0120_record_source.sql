-- +goose Up

-- What people call a sender of records: a patient reads "Riverside laboratory", not
-- the identifier by which a feed's names for things are told apart.
CREATE TABLE record_source (
    source TEXT PRIMARY KEY,
    name TEXT NOT NULL
);

INSERT INTO record_source (source, name) SELECT source, name FROM feed;
