-- +goose Up

-- Copies of a record that people asked for: which account, of whose record, what
-- is to be in it, and how far it is. sections and missing are lists with commas;
-- the days are YYYY-MM-DD, '' for open. build names the latest attempt to make
-- it: only that one may put parts down or finish, so that a worker whose lease
-- ran out leaves nothing behind. The row outlives the file, to tell that it is
-- gone.
CREATE TABLE download (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    format TEXT NOT NULL CHECK (format IN ('pdf', 'text', 'fhir', 'ccd')),
    lang TEXT NOT NULL,
    sections TEXT NOT NULL,
    from_day TEXT NOT NULL,
    to_day TEXT NOT NULL,
    sensitive BOOLEAN NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('making', 'ready', 'failed', 'expired')),
    parts BIGINT NOT NULL,
    done BIGINT NOT NULL,
    missing TEXT NOT NULL,
    size BIGINT NOT NULL,
    build TEXT NOT NULL,
    tries BIGINT NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    made_at TIMESTAMPTZ,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX download_list ON download (account_id, patient_id, asked_at, id);
-- One at a time is made for an account. This index settles two requests at once.
CREATE UNIQUE INDEX download_making ON download (account_id) WHERE state = 'making';
-- What the sweep looks for.
CREATE INDEX download_expires ON download (expires_at) WHERE state IN ('making', 'ready');

-- The file of a copy in sealed pieces, so that neither making nor reading it
-- holds all of it.
CREATE TABLE download_file (
    download_id TEXT NOT NULL REFERENCES download (id),
    build TEXT NOT NULL,
    place BIGINT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (download_id, build, place)
);
