-- +goose Up

-- The record of the patient index that a resource came in for. It stays when that
-- record is joined to another; patient_id is whose chart it stands in now, so that
-- parting the records puts back what came for each.
ALTER TABLE resource ADD COLUMN home_id TEXT NOT NULL DEFAULT '';
UPDATE resource SET home_id = patient_id;
CREATE INDEX resource_home ON resource (home_id);

-- In whose chart what comes for a record stands. Taking resources in and joining
-- records both take this row first, so that neither misses what the other does.
CREATE TABLE record_home (
    record_id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL
);
