-- +goose Up

-- A patient's own page views are most of the lines about them. What others did,
-- and what the patient asks the access log to show without page views, is found
-- here without reading past those; the views cost this index nothing.
CREATE INDEX audit_entry_deeds ON audit_entry (patient_id, at) WHERE action <> 'chart.opened';
