-- +goose Up

-- Why staff did not take a proven contact over into the chart: one of the codes
-- of account.Reasons. NULL for those not rejected, and for those settled before
-- a reason was asked for.
ALTER TABLE contact_proposal ADD COLUMN why TEXT;
