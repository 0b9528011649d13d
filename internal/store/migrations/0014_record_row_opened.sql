-- +goose Up

-- What has become visible lately in a section, newest opening first: the home
-- page asks it each time.
CREATE INDEX record_row_opened ON record_row (patient_id, section, parent_id, release_at, resource_id);
