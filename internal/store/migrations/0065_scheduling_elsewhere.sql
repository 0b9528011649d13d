-- +goose Up

-- Visits that the clinic keeps in another system, as they came in. appointment_id is
-- the visit of ours that one is, '' if it is none. blocks: its clinician is known
-- and not to be had then. A trigger (store/guard_time.go) refuses a visit here that
-- begins to take such time; what was booked before it came in stays.
CREATE TABLE visit_elsewhere (
    resource_id TEXT PRIMARY KEY,
    home_id TEXT NOT NULL REFERENCES patient (id),
    patient_id TEXT NOT NULL REFERENCES patient (id),
    source TEXT NOT NULL,
    state TEXT NOT NULL,
    title TEXT NOT NULL,
    who TEXT NOT NULL,
    place TEXT NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    clinician_id TEXT NOT NULL,
    appointment_id TEXT NOT NULL,
    day TEXT NOT NULL,
    first_cell BIGINT NOT NULL,
    end_cell BIGINT NOT NULL,
    blocks BOOLEAN NOT NULL,
    CHECK (end_cell > first_cell AND end_cell - first_cell <= 289)
);
CREATE INDEX visit_elsewhere_patient ON visit_elsewhere (patient_id, starts_at);
CREATE INDEX visit_elsewhere_home ON visit_elsewhere (home_id);
CREATE INDEX visit_elsewhere_day ON visit_elsewhere (day, starts_at);
CREATE INDEX visit_elsewhere_clinician ON visit_elsewhere (clinician_id, first_cell) WHERE blocks;
CREATE INDEX visit_elsewhere_visit ON visit_elsewhere (appointment_id) WHERE appointment_id <> '';
