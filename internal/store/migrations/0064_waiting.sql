-- +goose Up

-- What a patient waits for: an answer to a request for a visit, or an earlier
-- time ('request', 'earlier').
CREATE TABLE wish (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    -- The record it was made under, to go back to if records are parted.
    home_id TEXT NOT NULL REFERENCES patient (id),
    kind TEXT NOT NULL,
    type_id TEXT NOT NULL REFERENCES visit_type (id),
    -- Empty for anyone, any place, any day, any part of the day.
    clinician_id TEXT NOT NULL,
    place_id TEXT NOT NULL,
    video BOOLEAN NOT NULL,
    weekdays TEXT NOT NULL,
    parts TEXT NOT NULL,
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    -- The visit that it wants earlier; in the end the one that came of it.
    visit_id TEXT NOT NULL,
    state TEXT NOT NULL,
    ended_why TEXT NOT NULL,
    last_day TEXT NOT NULL,
    version BIGINT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX wish_patient ON wish (patient_id, made_at);
CREATE INDEX wish_home ON wish (home_id);
-- The desk's queue, and who waits for times of a kind, the longest first.
CREATE INDEX wish_open ON wish (kind, type_id, made_at) WHERE state IN ('open', 'proposed');
-- One place on the list for each visit and, without a visit, for each kind; two
-- windows cannot make two.
CREATE UNIQUE INDEX wish_one_place ON wish (patient_id, type_id, visit_id) WHERE kind = 'earlier' AND state = 'open';

-- Times offered: those that staff propose are held (appointment_id), those
-- offered to the waiting list are not, and go to the first who takes them.
CREATE TABLE wish_offer (
    id TEXT PRIMARY KEY,
    wish_id TEXT NOT NULL REFERENCES wish (id),
    appointment_id TEXT NOT NULL,
    clinician_id TEXT NOT NULL,
    place_id TEXT NOT NULL,
    video BOOLEAN NOT NULL,
    day TEXT NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX wish_offer_of ON wish_offer (wish_id, made_at);
CREATE INDEX wish_offer_open ON wish_offer (clinician_id, starts_at) WHERE state = 'open';
CREATE INDEX wish_offer_ends ON wish_offer (expires_at) WHERE state = 'open';
-- Nobody is asked about two earlier times at once.
CREATE UNIQUE INDEX wish_offer_one ON wish_offer (wish_id) WHERE state = 'open' AND appointment_id = '';

-- What happened to a wish, in order.
CREATE TABLE wish_event (
    id TEXT PRIMARY KEY,
    wish_id TEXT NOT NULL REFERENCES wish (id),
    at TIMESTAMPTZ NOT NULL,
    what TEXT NOT NULL,
    actor TEXT NOT NULL
);
CREATE INDEX wish_event_of ON wish_event (wish_id, at);
