-- +goose Up

-- How many open requests one patient can have of a kind of visit that the clinic
-- books itself; 0 for no limit.
ALTER TABLE visit_type ADD COLUMN request_most BIGINT NOT NULL DEFAULT 1;

-- What a held time is kept for: '' while its patient is booking it, otherwise the
-- wish (room waiting) to which the clinic proposed it. A person who looks for
-- another time must not let go of those.
ALTER TABLE appointment ADD COLUMN held_for TEXT NOT NULL DEFAULT '';
