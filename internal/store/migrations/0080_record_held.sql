-- +goose Up

-- What of a chart is not released yet: a report that names such a thing does not
-- say in its own words what is in it. Asked by each reading of a patient's.
CREATE INDEX record_row_held ON record_row (patient_id, release_at);
