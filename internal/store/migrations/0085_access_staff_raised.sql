-- +goose Up

-- When the person of a staff session last proved anew, at the clinic's sign-on, who
-- they are; NULL for never. It counts for ten minutes.
ALTER TABLE staff_session ADD COLUMN raised_at TIMESTAMPTZ;
