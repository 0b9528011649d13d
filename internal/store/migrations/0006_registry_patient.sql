-- +goose Up

-- People the clinic knows, one row for each record it was sent. Other rooms may
-- join this table for reading. merged_into is the record that took this one's
-- place, always one that was not itself replaced. birth_date is YYYY-MM-DD, ''
-- in a record that only says by which it was replaced. content_hash is keyed: it
-- tells whether a record came in unchanged, and nothing else.
CREATE TABLE patient (
    id TEXT PRIMARY KEY,
    given TEXT NOT NULL,
    family TEXT NOT NULL,
    sort_name TEXT NOT NULL,
    birth_date TEXT NOT NULL,
    sex TEXT NOT NULL,
    language TEXT NOT NULL,
    deceased_at TIMESTAMPTZ,
    merged_into TEXT,
    vip BOOLEAN NOT NULL,
    active BOOLEAN NOT NULL,
    multi_birth BOOLEAN NOT NULL,
    source_ref TEXT NOT NULL,
    sole_ref TEXT,
    content_hash TEXT NOT NULL,
    sent_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL
);
-- Who was born that day: the desk's search, and candidates for a request.
CREATE INDEX patient_birth ON patient (birth_date);
-- Links between records name the sender's identifier.
CREATE INDEX patient_source ON patient (source_ref) WHERE source_ref <> '';
-- A record without a number is known by its sender's identifier alone; two
-- imports at once must not make two of it.
CREATE UNIQUE INDEX patient_sole ON patient (sole_ref) WHERE sole_ref IS NOT NULL;
-- Which records were joined to one.
CREATE INDEX patient_merged ON patient (merged_into) WHERE merged_into IS NOT NULL;

-- Patient numbers. patient_id is the record a number came with, person_id whom
-- it leads to after records were joined. number_index is the keyed index of the
-- number, pair_index that of number and that person's birth date (security rule
-- A2.7); '' where there is no birth date.
CREATE TABLE patient_number (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    person_id TEXT NOT NULL REFERENCES patient (id),
    system TEXT NOT NULL,
    usage TEXT NOT NULL CHECK (usage IN ('current', 'former')),
    sealed TEXT NOT NULL,
    number_index TEXT NOT NULL,
    pair_index TEXT NOT NULL
);
-- A number belongs to one record. This index, not the program, settles a race
-- between two imports.
CREATE UNIQUE INDEX patient_number_once ON patient_number (system, number_index);
CREATE INDEX patient_number_index ON patient_number (number_index);
CREATE INDEX patient_number_pair ON patient_number (pair_index);
CREATE INDEX patient_number_patient ON patient_number (patient_id);
CREATE INDEX patient_number_person ON patient_number (person_id);

-- Names now and before, as written; place 0 is the one in use.
CREATE TABLE patient_name (
    patient_id TEXT NOT NULL REFERENCES patient (id),
    place BIGINT NOT NULL,
    usage TEXT NOT NULL CHECK (usage IN ('current', 'former', 'alias')),
    given TEXT NOT NULL,
    family TEXT NOT NULL,
    suffix TEXT NOT NULL,
    PRIMARY KEY (patient_id, place)
);

-- The words of all names, without accents and case, for the desk's search by
-- the beginning of a word. start is the first three letters, head the first
-- five: equality on them uses an index on both databases whatever their sorting
-- rules.
CREATE TABLE patient_word (
    patient_id TEXT NOT NULL REFERENCES patient (id),
    word TEXT NOT NULL,
    start TEXT NOT NULL,
    head TEXT NOT NULL,
    PRIMARY KEY (patient_id, word)
);
-- patient_id comes before word, so that a second word of the same person is
-- found by equality too: with word first, two common beginnings cost their product.
CREATE INDEX patient_word_start ON patient_word (start, patient_id, word);
CREATE INDEX patient_word_head ON patient_word (head, patient_id, word);

-- Keys by sound of family and given name together: whom to compare with a
-- request whose birth date was mistyped.
CREATE TABLE patient_key (
    patient_id TEXT NOT NULL REFERENCES patient (id),
    sound TEXT NOT NULL,
    PRIMARY KEY (sound, patient_id)
);
CREATE INDEX patient_key_patient ON patient_key (patient_id);

-- Contacts on file. A contact that disappeared keeps its row with ended_at: if
-- it comes back it counts as new. since_at is what rule A2.3 asks for.
CREATE TABLE patient_contact (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    kind TEXT NOT NULL CHECK (kind IN ('email', 'phone', 'mobile')),
    used_as TEXT NOT NULL,
    preference BIGINT NOT NULL,
    sealed TEXT NOT NULL,
    value_index TEXT NOT NULL,
    since_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX patient_contact_once ON patient_contact (patient_id, value_index);
-- Whose e-mail address or phone is this.
CREATE INDEX patient_contact_value ON patient_contact (value_index) WHERE ended_at IS NULL;

-- Postal addresses, sealed whole; place 0 is the one to write to.
CREATE TABLE patient_address (
    patient_id TEXT NOT NULL REFERENCES patient (id),
    place BIGINT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (patient_id, place)
);

-- What records say about each other. target is how the sender names the other
-- record; target_id is NULL until that has come in.
CREATE TABLE patient_link (
    patient_id TEXT NOT NULL REFERENCES patient (id),
    kind TEXT NOT NULL CHECK (kind IN ('replaced-by', 'replaces', 'seealso')),
    target TEXT NOT NULL,
    target_id TEXT REFERENCES patient (id),
    PRIMARY KEY (patient_id, kind, target)
);
CREATE INDEX patient_link_target ON patient_link (target_id) WHERE target_id IS NOT NULL;
CREATE INDEX patient_link_open ON patient_link (patient_id) WHERE target_id IS NULL;

-- What an import could not take in, with its place, until the same file comes
-- in without it. source_index is the keyed index of the file's name, which may
-- hold a person's.
CREATE TABLE import_fault (
    id TEXT PRIMARY KEY,
    source_index TEXT NOT NULL,
    sealed TEXT NOT NULL,
    mark TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX import_fault_once ON import_fault (source_index, mark);
