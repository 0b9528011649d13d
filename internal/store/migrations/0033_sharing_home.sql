-- +goose Up

-- The record of the patient index that a copy or link was made for. It stays when
-- that record is joined to another; patient_id is whose chart it belongs to now.
-- joined tells that the chart held what came for several records then: it must
-- end when these turn out to be of different people.
ALTER TABLE share_link ADD COLUMN home_id TEXT NOT NULL DEFAULT '';
ALTER TABLE share_link ADD COLUMN joined BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE share_link SET home_id = patient_id;
CREATE INDEX share_link_home ON share_link (home_id);
ALTER TABLE download ADD COLUMN home_id TEXT NOT NULL DEFAULT '';
ALTER TABLE download ADD COLUMN joined BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE download SET home_id = patient_id;
CREATE INDEX download_home ON download (home_id);
