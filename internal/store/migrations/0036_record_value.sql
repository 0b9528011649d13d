-- +goose Up

-- One row for each value of a test and for each part of one, with what a chart
-- draws and nothing else: a history reads ten thousand of them, and rows of
-- record_row are ten times as wide. place is 0 for the value itself and counts
-- its parts from 1; num is '' where nothing can be drawn. Written with the row of
-- record_row it stands beside, whose release it repeats. Nothing refers to it, so
-- there is no index but the order in which it is read.
CREATE TABLE record_value (
    patient_id TEXT NOT NULL,
    code TEXT NOT NULL,
    system TEXT NOT NULL,
    sort_at TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    place BIGINT NOT NULL,
    part TEXT NOT NULL,
    title TEXT NOT NULL,
    comparator TEXT NOT NULL,
    num TEXT NOT NULL,
    unit TEXT NOT NULL,
    unit_code TEXT NOT NULL,
    abnormal BOOLEAN NOT NULL,
    at_text TEXT NOT NULL,
    sensitive BOOLEAN NOT NULL,
    release_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (patient_id, code, system, sort_at, resource_id, place)
); -- clustered

INSERT INTO record_value (patient_id, code, system, sort_at, resource_id, place, part, title, comparator, num, unit, unit_code, abnormal, at_text, sensitive, release_at)
SELECT patient_id, code, system, sort_at, resource_id, 0, '', '', comparator,
    CASE WHEN status = 'cancelled' THEN '' WHEN num = '' AND comparator <> '' THEN value ELSE num END, unit, unit_code, abnormal, at_text, sensitive, release_at
FROM record_row WHERE kind = 'Observation' AND code <> '' AND NOT gone;

INSERT INTO record_value (patient_id, code, system, sort_at, resource_id, place, part, title, comparator, num, unit, unit_code, abnormal, at_text, sensitive, release_at)
SELECT r.patient_id, r.code, r.system, r.sort_at, r.resource_id, p.place + 1, p.code, p.title, p.comparator,
    CASE WHEN r.status = 'cancelled' THEN '' WHEN p.num = '' AND p.comparator <> '' THEN p.value ELSE p.num END, p.unit, p.unit_code, p.abnormal, r.at_text, r.sensitive, r.release_at
FROM record_row r JOIN record_part p ON p.resource_id = r.resource_id
WHERE r.kind = 'Observation' AND r.code <> '' AND NOT r.gone;
