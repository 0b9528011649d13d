-- +goose Up

-- Where people are seen.
CREATE TABLE place (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    directions_en TEXT NOT NULL,
    directions_es TEXT NOT NULL,
    phone TEXT NOT NULL,
    active BOOLEAN NOT NULL
);
-- Two places of one name could not be told apart in a list.
CREATE UNIQUE INDEX place_name ON place (name) WHERE active;

-- Rooms in which only one visit can be at a time. A place that does not count
-- its rooms has none.
CREATE TABLE room (
    id TEXT PRIMARY KEY,
    place_id TEXT NOT NULL REFERENCES place (id),
    name TEXT NOT NULL,
    active BOOLEAN NOT NULL
);
CREATE UNIQUE INDEX room_name ON room (place_id, name) WHERE active;

CREATE TABLE clinician (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    title_en TEXT NOT NULL,
    title_es TEXT NOT NULL,
    active BOOLEAN NOT NULL
);

-- Minutes everywhere; multiples of five, which is the grain of the calendar.
CREATE TABLE visit_type (
    id TEXT PRIMARY KEY,
    name_en TEXT NOT NULL,
    name_es TEXT NOT NULL,
    about_en TEXT NOT NULL,
    about_es TEXT NOT NULL,
    prepare_en TEXT NOT NULL,
    prepare_es TEXT NOT NULL,
    minutes BIGINT NOT NULL,
    before_minutes BIGINT NOT NULL,
    after_minutes BIGINT NOT NULL,
    step_minutes BIGINT NOT NULL,
    in_person BOOLEAN NOT NULL,
    video BOOLEAN NOT NULL,
    direct BOOLEAN NOT NULL,
    notice_minutes BIGINT NOT NULL,
    horizon_days BIGINT NOT NULL,
    cutoff_minutes BIGINT NOT NULL,
    day_most BIGINT NOT NULL,
    open_most BIGINT NOT NULL,
    active BOOLEAN NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);

CREATE TABLE visit_type_clinician (
    type_id TEXT NOT NULL REFERENCES visit_type (id),
    clinician_id TEXT NOT NULL REFERENCES clinician (id),
    PRIMARY KEY (type_id, clinician_id)
);

-- One stretch of a clinician's week: days and minutes of the clinic's own clock.
CREATE TABLE schedule_block (
    id TEXT PRIMARY KEY,
    clinician_id TEXT NOT NULL REFERENCES clinician (id),
    place_id TEXT NOT NULL REFERENCES place (id),
    room_id TEXT NOT NULL,
    in_person BOOLEAN NOT NULL,
    video BOOLEAN NOT NULL,
    weekday BIGINT NOT NULL,
    from_minute BIGINT NOT NULL,
    until_minute BIGINT NOT NULL,
    every_weeks BIGINT NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    only_type TEXT NOT NULL
);
CREATE INDEX schedule_block_clinician ON schedule_block (clinician_id, weekday);

-- When nobody is seen in spite of the week: holidays, time off. An empty
-- clinician or place means all of them.
CREATE TABLE schedule_closure (
    id TEXT PRIMARY KEY,
    clinician_id TEXT NOT NULL,
    place_id TEXT NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL,
    from_minute BIGINT NOT NULL,
    until_minute BIGINT NOT NULL,
    why TEXT NOT NULL
);
CREATE INDEX schedule_closure_day ON schedule_closure (last_day, first_day);

CREATE TABLE appointment (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    -- The record it was booked under, to go back to if records are parted.
    home_id TEXT NOT NULL REFERENCES patient (id),
    type_id TEXT NOT NULL REFERENCES visit_type (id),
    clinician_id TEXT NOT NULL REFERENCES clinician (id),
    place_id TEXT NOT NULL REFERENCES place (id),
    room_id TEXT NOT NULL,
    video BOOLEAN NOT NULL,
    state TEXT NOT NULL,
    day TEXT NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    -- Five-minute cells since 1970, the visit itself and with its buffers; the
    -- end is not part of it.
    first_cell BIGINT NOT NULL,
    end_cell BIGINT NOT NULL,
    busy_first BIGINT NOT NULL,
    busy_end BIGINT NOT NULL,
    held_until TIMESTAMPTZ,
    reason TEXT NOT NULL,
    note TEXT NOT NULL,
    ended_by TEXT NOT NULL,
    ended_why TEXT NOT NULL,
    version BIGINT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    CHECK (end_cell > first_cell AND busy_end >= end_cell AND busy_first <= first_cell AND busy_end - busy_first <= 288)
);
CREATE INDEX appointment_patient ON appointment (patient_id, starts_at);
CREATE INDEX appointment_home ON appointment (home_id);
CREATE INDEX appointment_clinician ON appointment (clinician_id, day, starts_at);
CREATE INDEX appointment_day ON appointment (day, starts_at);
-- Holds that ran out are looked for each minute.
CREATE INDEX appointment_held ON appointment (held_until) WHERE state = 'held';

-- What happened to a visit, in order; nothing is lost when it is moved.
CREATE TABLE appointment_event (
    id TEXT PRIMARY KEY,
    appointment_id TEXT NOT NULL REFERENCES appointment (id),
    at TIMESTAMPTZ NOT NULL,
    what TEXT NOT NULL,
    actor TEXT NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    clinician_id TEXT NOT NULL
);
CREATE INDEX appointment_event_of ON appointment_event (appointment_id, at);

-- Numbers 0 to 287: the cells of a day.
CREATE TABLE tick (n BIGINT PRIMARY KEY);
INSERT INTO tick (n) WITH RECURSIVE c (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 287) SELECT n FROM c;

-- The time that live visits take, cell by cell. Its key is what makes a second
-- visit of the same clinician, room or patient at the same time impossible. A
-- trigger keeps it (see store/guard.go), so that no way of writing a visit
-- leads around it.
CREATE TABLE appointment_cell (
    resource TEXT NOT NULL,
    cell BIGINT NOT NULL,
    appointment_id TEXT NOT NULL REFERENCES appointment (id),
    PRIMARY KEY (resource, cell)
);
CREATE INDEX appointment_cell_of ON appointment_cell (appointment_id);

-- The same in 288 bits for each day, so that a search over three months reads
-- one short row a day and clinician.
CREATE TABLE busy_day (
    resource TEXT NOT NULL,
    day BIGINT NOT NULL,
    bits TEXT NOT NULL,
    PRIMARY KEY (resource, day)
);
