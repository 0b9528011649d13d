-- +goose Up

-- Where patients meet a clinician by video: an https address of the clinic's video
-- service, '' for none.
ALTER TABLE clinician ADD COLUMN video_url TEXT NOT NULL DEFAULT '';
