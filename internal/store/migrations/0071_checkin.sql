-- +goose Up

-- One check-in for each visit. It is open until it is sent, and again when the
-- visit is moved after that.
CREATE TABLE checkin (
    appointment_id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    sent_at TIMESTAMPTZ
);

-- What was typed in one step, as it was typed, so that the step can be shown again.
-- Sealed: it is about somebody's health and insurance.
CREATE TABLE checkin_part (
    appointment_id TEXT NOT NULL REFERENCES checkin (appointment_id),
    part TEXT NOT NULL,
    body TEXT NOT NULL,
    saved_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (appointment_id, part)
);

-- Pictures of the insurance card, drawn anew by us, sealed.
CREATE TABLE checkin_photo (
    appointment_id TEXT NOT NULL REFERENCES checkin (appointment_id),
    side TEXT NOT NULL CHECK (side IN ('front', 'back')),
    sealed TEXT NOT NULL,
    saved_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (appointment_id, side)
);

-- What a patient said is different from what the clinic has, for staff to accept
-- or refuse. was and now are sealed.
CREATE TABLE checkin_change (
    id TEXT PRIMARY KEY,
    appointment_id TEXT NOT NULL REFERENCES checkin (appointment_id),
    what TEXT NOT NULL,
    was TEXT NOT NULL,
    now TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'accepted', 'refused')),
    asked_at TIMESTAMPTZ NOT NULL,
    settled_at TIMESTAMPTZ,
    staff_id TEXT NOT NULL
);
-- One open question about one thing: sending twice asks once.
CREATE UNIQUE INDEX checkin_change_open ON checkin_change (appointment_id, what) WHERE state = 'waiting';
CREATE INDEX checkin_change_waiting ON checkin_change (asked_at) WHERE state = 'waiting';
CREATE INDEX checkin_change_settled ON checkin_change (settled_at);
