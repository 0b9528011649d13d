-- +goose Up

-- Charts that one staff user has open without a task: the way back to them stands on
-- each of their pages.
CREATE INDEX chart_opening_own ON chart_opening (staff_id, ends_at);
