-- +goose Up

-- FHIR resources as they came in, one row each in its newest version. patient_id
-- is '' for what belongs to nobody: practitioners, organizations, places. body is
-- the document byte for byte but for references and its own id. type, category,
-- code, status and at are promoted for searching; at is the clinical moment in
-- the fixed-width form times have, '' if there is none. sent_at is the sender's
-- word on when this version was made.
CREATE TABLE resource (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    category TEXT NOT NULL,
    code TEXT NOT NULL,
    status TEXT NOT NULL,
    at TEXT NOT NULL,
    version BIGINT NOT NULL,
    hash TEXT NOT NULL,
    body TEXT NOT NULL,
    source TEXT NOT NULL,
    sent_at TIMESTAMPTZ,
    received_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);
-- A chart's resources of a type by date; by category, code and status each one
-- scan of an index of its own.
CREATE INDEX resource_chart ON resource (patient_id, type, at, id);
CREATE INDEX resource_category ON resource (patient_id, type, category, at, id);
CREATE INDEX resource_code ON resource (patient_id, type, code, at, id);
CREATE INDEX resource_status ON resource (patient_id, type, status, at, id);

-- Versions that were replaced. Nothing is ever taken out of here.
CREATE TABLE resource_version (
    resource_id TEXT NOT NULL REFERENCES resource (id),
    version BIGINT NOT NULL,
    status TEXT NOT NULL,
    hash TEXT NOT NULL,
    body TEXT NOT NULL,
    source TEXT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    replaced_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (resource_id, version)
);

-- What senders call a resource: "feed|Observation/12", "feed|urn:uuid:…",
-- "Practitioner?identifier=system|value". A name may come before its resource:
-- what refers to it already holds the identifier it will have. The primary key
-- settles a race between two imports.
CREATE TABLE resource_name (
    name TEXT PRIMARY KEY,
    resource_id TEXT NOT NULL,
    patient_id TEXT NOT NULL
);
CREATE INDEX resource_name_resource ON resource_name (resource_id);

-- Search parameters that can have several values.
CREATE TABLE resource_token (
    resource_id TEXT NOT NULL REFERENCES resource (id),
    patient_id TEXT NOT NULL,
    param TEXT NOT NULL,
    system TEXT NOT NULL,
    code TEXT NOT NULL,
    PRIMARY KEY (resource_id, param, system, code)
);
CREATE INDEX resource_token_code ON resource_token (patient_id, param, code, system);

-- Which resource of a chart refers to which, and by what element.
CREATE TABLE resource_link (
    from_id TEXT NOT NULL REFERENCES resource (id),
    element TEXT NOT NULL,
    to_id TEXT NOT NULL,
    place BIGINT NOT NULL,
    patient_id TEXT NOT NULL,
    PRIMARY KEY (from_id, element, place)
);
-- What belongs to a visit, which report a value is part of.
CREATE INDEX resource_link_to ON resource_link (to_id, element, patient_id);

-- How practitioners, places, organizations and medicines are called, for
-- documents that only refer to them.
CREATE TABLE resource_label (
    resource_id TEXT PRIMARY KEY REFERENCES resource (id),
    label TEXT NOT NULL
);

-- The read model: what lists and timelines show of a resource, written in the
-- transaction that stores it. Several rows never stand for one resource. sort_at
-- orders; at_text is the moment as precise as it came. value, range_text and
-- flag are as received; num is a decimal where the value can be drawn. A row with
-- release_at in the future is listed without what it says.
CREATE TABLE record_row (
    resource_id TEXT PRIMARY KEY REFERENCES resource (id),
    patient_id TEXT NOT NULL,
    section TEXT NOT NULL,
    kind TEXT NOT NULL,
    grp TEXT NOT NULL,
    system TEXT NOT NULL,
    code TEXT NOT NULL,
    title TEXT NOT NULL,
    title_id TEXT NOT NULL,
    words TEXT NOT NULL,
    value TEXT NOT NULL,
    comparator TEXT NOT NULL,
    num TEXT NOT NULL,
    unit TEXT NOT NULL,
    unit_code TEXT NOT NULL,
    low TEXT NOT NULL,
    high TEXT NOT NULL,
    range_text TEXT NOT NULL,
    flag TEXT NOT NULL,
    abnormal BOOLEAN NOT NULL,
    critical BOOLEAN NOT NULL,
    status TEXT NOT NULL,
    state TEXT NOT NULL,
    gone BOOLEAN NOT NULL,
    sort_at TEXT NOT NULL,
    at_text TEXT NOT NULL,
    until_text TEXT NOT NULL,
    who TEXT NOT NULL,
    who_id TEXT NOT NULL,
    place TEXT NOT NULL,
    place_id TEXT NOT NULL,
    visit_id TEXT NOT NULL,
    parent_id TEXT NOT NULL,
    source TEXT NOT NULL,
    sensitive BOOLEAN NOT NULL,
    release_at TIMESTAMPTZ NOT NULL,
    release_why TEXT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);
-- One section of a chart, newest first; members of panels stand apart by parent_id.
CREATE INDEX record_row_section ON record_row (patient_id, section, parent_id, sort_at, resource_id);
-- The timeline.
CREATE INDEX record_row_time ON record_row (patient_id, parent_id, sort_at, resource_id);
-- The history of one test.
CREATE INDEX record_row_code ON record_row (patient_id, code, sort_at, resource_id);
-- What belongs to a visit; the members of a panel.
CREATE INDEX record_row_visit ON record_row (visit_id, sort_at) WHERE visit_id <> '';
CREATE INDEX record_row_parent ON record_row (parent_id, sort_at) WHERE parent_id <> '';
-- What waits to be released.
CREATE INDEX record_row_release ON record_row (release_at, resource_id);

-- Parts of a value: the two numbers of a blood pressure, the organisms of a culture.
CREATE TABLE record_part (
    resource_id TEXT NOT NULL REFERENCES record_row (resource_id),
    place BIGINT NOT NULL,
    patient_id TEXT NOT NULL,
    system TEXT NOT NULL,
    code TEXT NOT NULL,
    title TEXT NOT NULL,
    value TEXT NOT NULL,
    comparator TEXT NOT NULL,
    num TEXT NOT NULL,
    unit TEXT NOT NULL,
    unit_code TEXT NOT NULL,
    low TEXT NOT NULL,
    high TEXT NOT NULL,
    range_text TEXT NOT NULL,
    flag TEXT NOT NULL,
    abnormal BOOLEAN NOT NULL,
    PRIMARY KEY (resource_id, place)
);
CREATE INDEX record_part_code ON record_part (patient_id, code);
