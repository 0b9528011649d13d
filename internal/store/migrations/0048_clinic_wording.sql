-- +goose Up

-- A clinic's own words for texts of messages and of the activation letter. Each
-- change is a row more; the highest rev of a text holds. The key settles which of
-- two administrators was first.
CREATE TABLE clinic_wording (
    lang TEXT NOT NULL,
    -- Key of the shipped text.
    name TEXT NOT NULL,
    rev BIGINT NOT NULL,
    -- '' is the shipped text again.
    words TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (lang, name, rev)
);
