-- +goose Up

-- What the clinic is called, looks like and is reached by, where it differs from
-- the settings. Each change is a row more; the highest rev holds. The key settles
-- which of two administrators was first.
CREATE TABLE clinic_profile (
    rev BIGINT PRIMARY KEY,
    -- JSON, see clinic.Profile; a field that is missing or empty is as in the settings.
    doc TEXT NOT NULL,
    changed_by TEXT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);

-- What each administrator is about to change and looks at beforehand. over is the
-- rev it began from.
CREATE TABLE clinic_draft (
    staff_id TEXT PRIMARY KEY,
    over BIGINT NOT NULL,
    doc TEXT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);

-- Pictures that were uploaded, as this program drew them anew. The name holds the
-- hash of the content, so that a file never changes under its name.
CREATE TABLE clinic_file (
    name TEXT PRIMARY KEY,
    mime TEXT NOT NULL,
    body BYTEA NOT NULL,
    kept_at TIMESTAMPTZ NOT NULL
);
