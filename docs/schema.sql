-- 0001_store_audit.sql
-- The audit log. Rows are only ever added; package trail chains them into a
-- Merkle tree whose signed heads lie outside this database.
CREATE TABLE audit_entry (
    id TEXT PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    actor TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    object TEXT NOT NULL,
    source TEXT NOT NULL,
    session TEXT NOT NULL,
    detail TEXT NOT NULL
);
-- "Who looked at this patient", newest first.
CREATE INDEX audit_entry_patient ON audit_entry (patient_id, at);
CREATE INDEX audit_entry_actor ON audit_entry (actor_id, at);
CREATE INDEX audit_entry_at ON audit_entry (at);

-- Entries not yet sealed. A queue of its own because on PostgreSQL a
-- transaction that began earlier may commit later: no "largest id so far"
-- would find it.
CREATE TABLE audit_pending (
    entry_id TEXT PRIMARY KEY REFERENCES audit_entry (id),
    at TIMESTAMPTZ NOT NULL
);

-- Sealed entries in their order in the Merkle tree.
CREATE TABLE audit_leaf (
    leaf BIGINT PRIMARY KEY,
    entry_id TEXT NOT NULL REFERENCES audit_entry (id),
    hash BYTEA NOT NULL
);
CREATE UNIQUE INDEX audit_leaf_entry ON audit_leaf (entry_id);

-- The stored hashes of the tree, by golang.org/x/mod/sumdb/tlog's index.
CREATE TABLE audit_hash (
    idx BIGINT PRIMARY KEY,
    hash BYTEA NOT NULL
);

-- Signed tree heads; each is also written to a file outside the database.
CREATE TABLE audit_checkpoint (
    size BIGINT PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL,
    note TEXT NOT NULL
);

-- One-time keys of forms that were accepted, with the answer given, so that a
-- double click or a replay gets the first answer again and does nothing twice.
CREATE TABLE form_key (
    key_hash TEXT PRIMARY KEY,
    used_at TIMESTAMPTZ NOT NULL,
    location TEXT
);
CREATE INDEX form_key_used ON form_key (used_at);

-- 0002_limit.sql
-- Events per key and window. The key is a keyed hash of rule and key.
CREATE TABLE limit_count (
    key_hash TEXT PRIMARY KEY,
    n BIGINT NOT NULL,
    began_at TIMESTAMPTZ NOT NULL,
    until_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX limit_count_until ON limit_count (until_at);

-- Different members per key and window, e.g. patient numbers tried by an address.
CREATE TABLE limit_member (
    key_hash TEXT NOT NULL,
    member_hash TEXT NOT NULL,
    until_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (key_hash, member_hash)
);
CREATE INDEX limit_member_until ON limit_member (until_at);

-- Failures in a row and the wait they earned.
CREATE TABLE limit_wait (
    key_hash TEXT PRIMARY KEY,
    fails BIGINT NOT NULL,
    until_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX limit_wait_until ON limit_wait (until_at);

-- 0003_access_session.sql
-- Signed-in browsers of patients and proxies. Only the SHA-256 of the token is
-- kept, so that a stolen backup opens nothing.
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    account_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    device_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    ended_why TEXT
);
CREATE UNIQUE INDEX session_token ON session (token_hash);
CREATE INDEX session_account ON session (account_id, created_at);
CREATE INDEX session_expires ON session (expires_at);

-- Signed-in browsers of staff: a table of its own, so that no mistake in a
-- WHERE clause can make one kind of session pass for the other.
CREATE TABLE staff_session (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    staff_id TEXT NOT NULL,
    agent TEXT NOT NULL,
    source TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX staff_session_token ON staff_session (token_hash);
CREATE INDEX staff_session_staff ON staff_session (staff_id);
CREATE INDEX staff_session_expires ON staff_session (expires_at);

-- Browsers half-way through opening an account. patient_id is '' where nobody
-- matched: the person must not notice.
CREATE TABLE verification_session (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    level BIGINT NOT NULL,
    source TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    longest_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX verification_session_token ON verification_session (token_hash);
CREATE INDEX verification_session_patient ON verification_session (patient_id);
CREATE INDEX verification_session_expires ON verification_session (expires_at);

-- People who work at the clinic. Room staff owns it; package access reads name,
-- roles and state on each request, so that disabling someone bites at once.
CREATE TABLE staff (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    roles TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('invited', 'active', 'disabled')),
    created_at TIMESTAMPTZ NOT NULL
);
-- Staff sign in by e-mail address, written in any case.
CREATE UNIQUE INDEX staff_email ON staff (email);

-- 0004_jobs.sql
-- Background work. ready_at is when a waiting job may begin and when a running
-- one's lease ends.
CREATE TABLE job (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    args TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'parked')),
    ready_at TIMESTAMPTZ NOT NULL,
    attempt BIGINT NOT NULL,
    unique_key TEXT,
    why TEXT,
    created_at TIMESTAMPTZ NOT NULL
);
-- What a worker looks for, every second.
CREATE INDEX job_ready ON job (ready_at) WHERE state IN ('waiting', 'running');
-- At most one waiting job of a kind with the same key.
CREATE UNIQUE INDEX job_unique ON job (kind, unique_key) WHERE unique_key IS NOT NULL AND state = 'waiting';

-- 0005_notify_outbox.sql
-- Messages that are to be sent, and what became of them. sealed holds contact
-- and content, encrypted; it is NULL once the message is settled.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    channel TEXT NOT NULL,
    lang TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    unique_key TEXT,
    withdraw_key TEXT,
    sealed TEXT,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'withdrawn', 'failed')),
    why TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    unsure BIGINT NOT NULL,
    charged BOOLEAN NOT NULL,
    lease_at TIMESTAMPTZ,
    provider_ref TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    settled_at TIMESTAMPTZ,
    seen_at TIMESTAMPTZ
);
-- A cause repeated by a retried job or a double click queues one message.
CREATE UNIQUE INDEX outbox_unique ON outbox (unique_key) WHERE unique_key IS NOT NULL;
-- Withdrawal touches only what still waits.
CREATE INDEX outbox_withdraw ON outbox (withdraw_key) WHERE withdraw_key IS NOT NULL AND state = 'queued';
-- What is still on its way, for the hourly look at what was left over.
CREATE INDEX outbox_waiting ON outbox (expires_at) WHERE state IN ('queued', 'sending');
-- The provider reports on its own identifier, often twice.
CREATE INDEX outbox_ref ON outbox (provider_ref) WHERE provider_ref IS NOT NULL;
-- The staff's list of what did not arrive, newest first.
CREATE INDEX outbox_failed ON outbox (settled_at) WHERE state = 'failed' AND seen_at IS NULL;
-- Old rows are deleted by age.
CREATE INDEX outbox_settled ON outbox (settled_at);

-- What the demo would have sent, in clear. Empty outside the demo.
CREATE TABLE demo_message (
    id TEXT PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL,
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    html TEXT NOT NULL,
    links TEXT NOT NULL,
    lang TEXT NOT NULL
);
CREATE INDEX demo_message_at ON demo_message (at);

-- 0006_registry_patient.sql
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

-- 0007_terms_document.sql
-- Published texts. A row is written when a text is published and never changed:
-- who accepted it must be able to read what they accepted.
CREATE TABLE terms_document (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('terms', 'privacy')),
    version TEXT NOT NULL,
    lang TEXT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    -- What changed against the version before, in a sentence; '' for the first.
    change TEXT NOT NULL,
    -- Whether people who accepted the version before must accept this one.
    material BOOLEAN NOT NULL,
    published_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX terms_document_version ON terms_document (kind, version, lang);
CREATE INDEX terms_document_newest ON terms_document (kind, lang, published_at);

-- Who accepted what, when, in which language and on what. Only ever added.
CREATE TABLE terms_acceptance (
    account_id TEXT NOT NULL,
    document_id TEXT NOT NULL REFERENCES terms_document (id),
    kind TEXT NOT NULL,
    version TEXT NOT NULL,
    lang TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    agent TEXT NOT NULL,
    source TEXT NOT NULL,
    accepted_at TIMESTAMPTZ NOT NULL,
    -- One acceptance of a version, whatever language it was read in.
    PRIMARY KEY (account_id, kind, version)
);

-- 0008_account.sql
-- A login. user_name is folded; skeleton is how it looks in passing, so that no
-- two people have names that can be mistaken for one another.
CREATE TABLE account (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL,
    user_name TEXT NOT NULL,
    skeleton TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('active', 'frozen', 'closed')),
    level TEXT NOT NULL CHECK (level IN ('requested', 'matched', 'proven')),
    lang TEXT NOT NULL,
    theme TEXT NOT NULL,
    text_size TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    password_at TIMESTAMPTZ NOT NULL,
    frozen_at TIMESTAMPTZ,
    closed_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX account_user_name ON account (user_name);
CREATE UNIQUE INDEX account_skeleton ON account (skeleton);
-- One live account per person. This index settles the race between two browsers
-- that finish opening an account at the same moment.
CREATE UNIQUE INDEX account_person ON account (person_id) WHERE state <> 'closed';

-- Second steps. sealed is the contact or the authenticator's secret; mark is its
-- keyed index ('' for an authenticator), so that one contact is set up once.
CREATE TABLE account_factor (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL CHECK (kind IN ('email', 'sms', 'voice', 'totp')),
    sealed TEXT NOT NULL,
    mark TEXT NOT NULL,
    place BIGINT NOT NULL,
    last_step BIGINT NOT NULL,
    confirmed_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX account_factor_once ON account_factor (account_id, kind, mark) WHERE ended_at IS NULL;

CREATE TABLE recovery_code (
    account_id TEXT NOT NULL REFERENCES account (id),
    code_hash TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    PRIMARY KEY (account_id, code_hash)
);

-- One-time codes. flow is the half-way sign-in or enrolment they were asked for
-- in: a code is worth nothing in another.
CREATE TABLE one_time_code (
    id TEXT PRIMARY KEY,
    flow TEXT NOT NULL,
    channel TEXT NOT NULL,
    -- Whether it went out: a person who has given the password is told if not.
    sent BOOLEAN NOT NULL,
    code_mac TEXT NOT NULL,
    tries BIGINT NOT NULL,
    sent_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ
);
-- One live code per flow: asking again ends the one before.
CREATE UNIQUE INDEX one_time_code_live ON one_time_code (flow) WHERE used_at IS NULL AND ended_at IS NULL;
CREATE INDEX one_time_code_expires ON one_time_code (expires_at);

-- Sign-ins whose password was right and whose second step is awaited. Not a
-- session: its token is another cookie's and opens nothing else.
CREATE TABLE signin_attempt (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id),
    factor_id TEXT NOT NULL,
    next_path TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX signin_attempt_token ON signin_attempt (token_hash);
CREATE INDEX signin_attempt_expires ON signin_attempt (expires_at);

-- Browsers that have signed in before, by account: their wrong passwords are
-- counted apart, so that a stranger cannot lock the owner out.
CREATE TABLE device (
    id TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id),
    agent TEXT NOT NULL,
    first_at TIMESTAMPTZ NOT NULL,
    last_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    PRIMARY KEY (account_id, id)
);

-- What happened to an account, for its owner to read. The audit log is apart.
CREATE TABLE account_event (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL,
    agent TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX account_event_account ON account_event (account_id, at);

-- "This was not me" links, and once used, the queue of frozen accounts that
-- staff look at.
CREATE TABLE disown_link (
    token_hash TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    cause TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    settled_at TIMESTAMPTZ
);
CREATE INDEX disown_link_account ON disown_link (account_id);
CREATE INDEX disown_link_open ON disown_link (used_at) WHERE used_at IS NOT NULL AND settled_at IS NULL;

-- 0009_staff.sql
-- How a staff user signs in. sealed is the authenticator's secret; last_step is
-- the step of the last code taken, so that none is taken twice.
CREATE TABLE staff_credential (
    staff_id TEXT PRIMARY KEY REFERENCES staff (id),
    password_hash TEXT NOT NULL,
    sealed TEXT NOT NULL,
    last_step BIGINT NOT NULL,
    set_at TIMESTAMPTZ NOT NULL,
    signed_in_at TIMESTAMPTZ
);

-- One-time links by which a person sets up their own sign-in. Only the SHA-256
-- of the link's token is kept. password_hash is what the person chose on the
-- first of the two pages.
CREATE TABLE staff_setup (
    id TEXT PRIMARY KEY,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    token_hash TEXT NOT NULL,
    password_hash TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX staff_setup_token ON staff_setup (token_hash);
-- One live link per person: a newer one ends the older.
CREATE UNIQUE INDEX staff_setup_live ON staff_setup (staff_id) WHERE used_at IS NULL AND ended_at IS NULL;

-- Browsers between password and authenticator code.
CREATE TABLE staff_attempt (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL,
    staff_id TEXT NOT NULL REFERENCES staff (id),
    next_path TEXT NOT NULL,
    tries BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX staff_attempt_token ON staff_attempt (token_hash);
-- For the sweep, and to end all when a person is disabled.
CREATE INDEX staff_attempt_staff ON staff_attempt (staff_id);
CREATE INDEX staff_attempt_expires ON staff_attempt (expires_at);

-- Addresses from which a person has signed in, as keyed hashes: what strangers
-- try elsewhere must not keep a clinic's own people out.
CREATE TABLE staff_place (
    staff_id TEXT NOT NULL REFERENCES staff (id),
    place_hash TEXT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (staff_id, place_hash)
);
CREATE INDEX staff_place_seen ON staff_place (seen_at);

-- 0010_enroll.sql
-- Activation codes. selector is the half that finds the row; of the secret half
-- only a keyed, salted, slow hash is kept, of the link's token its SHA-256. For
-- a code read out on the phone selector is the reference of the open identity
-- request, without which its eight symbols are worth nothing. shown holds the
-- code sealed until staff have seen it once, at most 15 minutes; sent_to a keyed
-- hash of the contact it was sent to: who brings it back holds that contact.
CREATE TABLE activation_code (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL,
    channel TEXT NOT NULL CHECK (channel IN ('letter', 'email', 'handover', 'phone', 'text')),
    selector TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    token_hash TEXT,
    state TEXT NOT NULL CHECK (state IN ('issued', 'opened', 'used', 'expired', 'revoked', 'superseded', 'suspended')),
    tries BIGINT NOT NULL,
    request_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    sent_to TEXT NOT NULL,
    shown TEXT,
    shown_at TIMESTAMPTZ,
    shown_to TEXT NOT NULL,
    issued_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    opened_at TIMESTAMPTZ,
    used_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ
);
-- The selector finds one row, also of codes that are over. A reference can be
-- used for a second phone code when the first ran out, hence the split.
CREATE UNIQUE INDEX activation_code_selector ON activation_code (selector) WHERE channel NOT IN ('phone', 'text');
CREATE UNIQUE INDEX activation_code_reference ON activation_code (selector) WHERE channel IN ('phone', 'text') AND state IN ('issued', 'opened');
CREATE UNIQUE INDEX activation_code_token ON activation_code (token_hash) WHERE token_hash IS NOT NULL;
-- One live code per patient. This index, not the program, settles a race
-- between two people at the desk.
CREATE UNIQUE INDEX activation_code_live ON activation_code (patient_id) WHERE state IN ('issued', 'opened');
-- The desk's lists: by state and by patient, newest first.
CREATE INDEX activation_code_state ON activation_code (state, issued_at);
CREATE INDEX activation_code_patient ON activation_code (patient_id, issued_at);

-- What somebody who is opening an account has done so far. It belongs to a
-- verification session and dies with it. Nobody's attempts (patient_id '') have
-- rows too, so that a stranger cannot tell the difference. draft is sealed.
-- digits_* is the one-time code that was sent, if any; answered is the number of
-- the asking that a job has dealt with, so that it deals with each once.
CREATE TABLE enrolment (
    verification_id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL,
    way TEXT NOT NULL CHECK (way IN ('number', 'code', 'phone', 'expired', 'request')),
    code_id TEXT NOT NULL,
    draft TEXT NOT NULL,
    version BIGINT NOT NULL,
    digits_hash TEXT NOT NULL,
    digits_until TIMESTAMPTZ,
    asked_at TIMESTAMPTZ,
    asked BIGINT NOT NULL,
    answered BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    wrong BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL
);
-- Old drafts are erased by age.
CREATE INDEX enrolment_created ON enrolment (created_at);

-- "I have no code", and matches that a person has to look at. claim is sealed
-- and NULL once erased. person_key is a keyed hash of who it is said to be.
CREATE TABLE identity_request (
    id TEXT PRIMARY KEY,
    reference TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    person_key TEXT NOT NULL,
    why TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'open', 'asked', 'calling', 'approved', 'matched', 'rejected', 'expired', 'double')),
    flagged BOOLEAN NOT NULL,
    again BIGINT NOT NULL,
    double_of TEXT NOT NULL,
    claim TEXT,
    lang TEXT NOT NULL,
    first_by TEXT NOT NULL,
    first_patient TEXT NOT NULL,
    code_id TEXT NOT NULL,
    closed_by TEXT NOT NULL,
    came_at TIMESTAMPTZ NOT NULL,
    touched_at TIMESTAMPTZ NOT NULL,
    closed_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX identity_request_reference ON identity_request (reference);
-- One open request per person, however often it is sent.
CREATE UNIQUE INDEX identity_request_open ON identity_request (person_key) WHERE state IN ('new', 'open', 'asked', 'calling');
-- The queue: oldest first.
CREATE INDEX identity_request_queue ON identity_request (state, came_at);
CREATE INDEX identity_request_double ON identity_request (double_of) WHERE double_of <> '';

-- Who did what with a request. note is sealed and erased with its request.
CREATE TABLE request_note (
    id TEXT PRIMARY KEY,
    request_id TEXT NOT NULL REFERENCES identity_request (id),
    staff_id TEXT NOT NULL,
    what TEXT NOT NULL,
    detail TEXT NOT NULL,
    note TEXT,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX request_note_request ON request_note (request_id, at);

-- Tries of number and birth date per minute, for the global breaker.
CREATE TABLE enroll_pulse (
    minute_at TIMESTAMPTZ PRIMARY KEY,
    tried BIGINT NOT NULL,
    missed BIGINT NOT NULL
);

-- The usual number of misses in ten minutes over the last week; one row.
CREATE TABLE enroll_usual (
    name TEXT PRIMARY KEY,
    missed BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL
);

-- Times when the breaker was on.
CREATE TABLE enroll_breaker (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('on', 'over')),
    since_at TIMESTAMPTZ NOT NULL,
    over_at TIMESTAMPTZ
);
-- One breaker, one alarm: of many requests that trip it at once one wins.
CREATE UNIQUE INDEX enroll_breaker_on ON enroll_breaker (state) WHERE state = 'on';

-- 0011_trail.sql
-- Sealing takes the oldest waiting lines. After sealing stood still for hours
-- there may be very many, and each batch would sort them all.
CREATE INDEX audit_pending_at ON audit_pending (at, entry_id);

-- 0012_record.sql
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

-- 0013_results.sql
-- When a result was first and last opened, by whom. The first opening ends the
-- wait for a critical result that nobody has looked at; a version that came
-- after the last opening is marked as new again.
CREATE TABLE result_seen (
    resource_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    first_at TIMESTAMPTZ NOT NULL,
    last_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (resource_id, account_id)
);

-- In which session somebody chose to see a result that may be hard to read
-- alone. The choice ends with the session.
CREATE TABLE result_shown (
    session_id TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    shown_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (session_id, resource_id)
);
-- Choices of sessions that are over are cleared away with the patient's next one.
CREATE INDEX result_shown_patient ON result_shown (patient_id, shown_at);

-- Whether a patient wants to see results only once the clinician has commented
-- on them. Without a row they do not wait.
CREATE TABLE result_choice (
    patient_id TEXT PRIMARY KEY,
    wait BOOLEAN NOT NULL,
    account_id TEXT NOT NULL,
    chosen_at TIMESTAMPTZ NOT NULL
);

-- 0014_record_row_opened.sql
-- What has become visible lately in a section, newest opening first: the home
-- page asks it each time.
CREATE INDEX record_row_opened ON record_row (patient_id, section, parent_id, release_at, resource_id);

-- 0016_ingest.sql
-- Which patient record a sender's own name for a patient became: "Patient/12",
-- "urn:uuid:…". Files and messages that come later refer to people by these names
-- without sending them again. A name never changes whom it stands for.
CREATE TABLE ingest_person (
    source TEXT NOT NULL,
    ref TEXT NOT NULL,
    patient_id TEXT NOT NULL REFERENCES patient (id),
    PRIMARY KEY (source, ref)
);

-- Senders of records with credentials of their own. secret_hash is of 256 random
-- bits. source is what their names for things are kept under; it never changes.
CREATE TABLE feed (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    source TEXT NOT NULL UNIQUE,
    secret_hash TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    created_by TEXT NOT NULL,
    ended_at TIMESTAMPTZ,
    last_at TIMESTAMPTZ
);

-- What came in: one row for a run of the command that wrote something, one a day
-- for a feed. day is the UTC day of a feed's messages, '' for a command. types
-- holds the counts of each type as JSON. Names of files stand nowhere: they may
-- be people's.
CREATE TABLE ingest_run (
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    feed_id TEXT REFERENCES feed (id),
    day TEXT NOT NULL,
    began_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ NOT NULL,
    parts BIGINT NOT NULL,
    people BIGINT NOT NULL,
    added BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    same BIGINT NOT NULL,
    older BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    types TEXT NOT NULL
);
-- One row a day: this index settles a race between two messages.
CREATE UNIQUE INDEX ingest_run_day ON ingest_run (feed_id, day) WHERE feed_id IS NOT NULL;
CREATE INDEX ingest_run_ended ON ingest_run (ended_at, id);

-- 0017_record_home.sql
-- The record of the patient index that a resource came in for. It stays when that
-- record is joined to another; patient_id is whose chart it stands in now, so that
-- parting the records puts back what came for each.
ALTER TABLE resource ADD COLUMN home_id TEXT NOT NULL DEFAULT '';
UPDATE resource SET home_id = patient_id;
CREATE INDEX resource_home ON resource (home_id);

-- In whose chart what comes for a record stands. Taking resources in and joining
-- records both take this row first, so that neither misses what the other does.
CREATE TABLE record_home (
    record_id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL
);

-- 0018_records_correction.sql
-- What patients ask to have corrected (45 CFR 164.526). wanted and answer are
-- sealed: they are free text about somebody's health.
CREATE TABLE correction (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    wanted TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'corrected', 'refused')),
    answer TEXT NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    settled_at TIMESTAMPTZ,
    staff_id TEXT NOT NULL
);
-- One open request about one thing.
CREATE UNIQUE INDEX correction_open ON correction (resource_id) WHERE state = 'asked';
CREATE INDEX correction_patient ON correction (patient_id, asked_at);
-- The desk's list: who has waited longest.
CREATE INDEX correction_waiting ON correction (state, asked_at);

-- 0021_access_session.sql
-- When the person behind a session last proved password and second step again.
-- Sensitive work is open for ten minutes from then on; NULL is never.
ALTER TABLE session ADD COLUMN raised_at TIMESTAMPTZ;

-- 0022_account_confirmation.sql
-- Signed-in people who have given their password again and whose second step is
-- awaited. One for each session: beginning again replaces it, and its id, to
-- which one-time codes are bound, is new each time. There is no token: it is
-- found by the session alone, so that no other session can finish it.
CREATE TABLE confirmation (
    session_id TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id),
    factor_id TEXT NOT NULL,
    next_path TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX confirmation_id ON confirmation (id);
CREATE INDEX confirmation_expires ON confirmation (expires_at);

-- 0023_account_twin.sql
-- The record an account was opened for. person_id is whom that record stands for
-- now, after records were joined: if they are parted again, the account goes
-- back with its record.
ALTER TABLE account ADD COLUMN record_id TEXT NOT NULL DEFAULT '';
UPDATE account SET record_id = person_id;
-- Which accounts go along with a record.
CREATE INDEX account_record ON account (record_id);

-- Accounts held back because the person their record was joined to has one
-- already, until staff say which of the two stays.
CREATE TABLE account_twin (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    held_at TIMESTAMPTZ NOT NULL,
    settled_at TIMESTAMPTZ,
    -- 'stays', 'closed' or 'parted'
    how TEXT NOT NULL
);
-- An account is held back once at a time.
CREATE UNIQUE INDEX account_twin_open ON account_twin (account_id) WHERE settled_at IS NULL;

-- 0024_results_desk.sql
-- When patients may see results, where the clinic wants it otherwise than at
-- once. kind is 'class' (name is a group of results, 'notes' or 'sensitive') or
-- 'code' (name is the test's code; title is for people). how is 'at_once',
-- 'after_hours' or 'after_review'; hours counts for 'after_hours' only.
CREATE TABLE result_rule (
    kind TEXT NOT NULL CHECK (kind IN ('class', 'code')),
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    how TEXT NOT NULL CHECK (how IN ('at_once', 'after_hours', 'after_review')),
    hours BIGINT NOT NULL,
    sensitive BOOLEAN NOT NULL,
    staff_id TEXT NOT NULL,
    changed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (kind, name)
);

-- What staff decided about single results, every decision kept. what is 'release',
-- 'hold', 'mark' or 'unmark'; why is a code from a closed list; the note, sealed,
-- is for staff only.
CREATE TABLE result_decision (
    id TEXT PRIMARY KEY,
    resource_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    what TEXT NOT NULL CHECK (what IN ('release', 'hold', 'mark', 'unmark')),
    why TEXT NOT NULL,
    until_at TIMESTAMPTZ,
    sealed TEXT NOT NULL,
    staff_id TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX result_decision_resource ON result_decision (resource_id, at);

-- What clinicians wrote to the patient about a result, sealed. An edit is a new
-- version; the old one stays with the time it was replaced. The primary key
-- settles a race between two edits. patient_id here and above is the chart it was
-- written in; who may read it hangs on whose the result is now.
CREATE TABLE result_comment (
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    resource_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    staff_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    replaced_at TIMESTAMPTZ,
    PRIMARY KEY (id, version)
);
CREATE INDEX result_comment_resource ON result_comment (resource_id) WHERE replaced_at IS NULL;

-- When a patient was last told that there is something new, so that they are not
-- told again at once. covered_at is when the newest of what they were told of
-- could first be seen: it, not told_at, says what is news, since something may
-- have been on its way in while they were told.
CREATE TABLE result_notice (
    patient_id TEXT PRIMARY KEY,
    told_at TIMESTAMPTZ NOT NULL,
    covered_at TIMESTAMPTZ NOT NULL
);

-- The desk's lists over all patients: what is critical, what was corrected
-- lately, what is sensitive.
CREATE INDEX record_row_critical ON record_row (release_at, resource_id) WHERE critical;
CREATE INDEX record_row_corrected ON record_row (changed_at, resource_id) WHERE status IN ('corrected', 'amended', 'appended');
CREATE INDEX record_row_sensitive ON record_row (received_at, resource_id) WHERE sensitive;

-- 0026_sharing_download.sql
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

-- 0028_sharing_link.sql
-- SMART Health Links that people made of a record. The address is kept as a hash
-- and the passcode as a password hash; the key that opens the files is not kept
-- at all. wrong counts wrong passcodes over the link's whole life. why says what
-- ended it. The row outlives its files, to tell the owner who opened the link.
CREATE TABLE share_link (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    address_hash TEXT NOT NULL,
    passcode_hash TEXT NOT NULL,
    label TEXT NOT NULL,
    sections TEXT NOT NULL,
    sensitive BOOLEAN NOT NULL,
    wrong BIGINT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    why TEXT NOT NULL CHECK (why IN ('', 'owner', 'passcode', 'expired'))
);
CREATE UNIQUE INDEX share_link_address ON share_link (address_hash);
CREATE INDEX share_link_list ON share_link (account_id, patient_id, made_at, id);
-- What the sweep looks for.
CREATE INDEX share_link_expires ON share_link (expires_at) WHERE ended_at IS NULL;

-- What a link leads to, encrypted with the link's key (JWE, compact).
CREATE TABLE share_file (
    share_id TEXT NOT NULL REFERENCES share_link (id),
    place BIGINT NOT NULL,
    content_type TEXT NOT NULL,
    jwe TEXT NOT NULL,
    PRIMARY KEY (share_id, place)
);

-- Who opened a link: the name is what they said, nobody checked it.
CREATE TABLE share_opening (
    id TEXT PRIMARY KEY,
    share_id TEXT NOT NULL REFERENCES share_link (id),
    opened_at TIMESTAMPTZ NOT NULL,
    recipient TEXT NOT NULL,
    source TEXT NOT NULL
);
CREATE INDEX share_opening_list ON share_opening (share_id, opened_at, id);

-- 0029_trail_others.sql
-- A patient's own page views are most of the lines about them. What others did,
-- and what the patient asks the access log to show without page views, is found
-- here without reading past those; the views cost this index nothing.
CREATE INDEX audit_entry_deeds ON audit_entry (patient_id, at) WHERE action <> 'chart.opened';

-- 0031_account_second_step.sql
-- What a signed-in person is about to add to their account and has not proven
-- yet: a second step, or recovery codes they were just shown. One for each
-- session: beginning anew replaces it, and its id, to which one-time codes are
-- bound, is new each time. sealed is the contact, the secret or the codes.
CREATE TABLE account_draft (
    session_id TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    account_id TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL CHECK (kind IN ('email', 'sms', 'voice', 'totp', 'recovery')),
    sealed TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX account_draft_account ON account_draft (account_id);
CREATE INDEX account_draft_expires ON account_draft (expires_at);

-- Browsers that skip the second step for a while. token_hash is the SHA-256 of
-- the mark the browser holds now; it changes at each use, so that a copy shows
-- itself when both have been used.
CREATE TABLE remembered_browser (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    device_id TEXT NOT NULL,
    token_hash TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    -- 'changed', 'forgotten', 'replaced', 'copied', 'disowned', 'closed'
    ended_why TEXT
);
-- One live mark for a browser and an account.
CREATE UNIQUE INDEX remembered_browser_live ON remembered_browser (account_id, device_id) WHERE ended_at IS NULL;
CREATE INDEX remembered_browser_expires ON remembered_browser (expires_at);

-- 0032_account_contact.sql
-- Contacts that a person gave for their account: asked for until the code that
-- went there was typed, then proven, then ended by the next one. sealed is the
-- address or number.
CREATE TABLE account_contact (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    kind TEXT NOT NULL CHECK (kind IN ('email', 'phone')),
    sealed TEXT NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    proven_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ
);
-- One change of a kind at a time, and one contact of a kind in force: these
-- indexes settle what two browsers do at the same moment.
CREATE UNIQUE INDEX account_contact_asked ON account_contact (account_id, kind) WHERE proven_at IS NULL AND ended_at IS NULL;
CREATE UNIQUE INDEX account_contact_live ON account_contact (account_id, kind) WHERE proven_at IS NOT NULL AND ended_at IS NULL;

-- Proven contacts that staff may take over into the chart. What they decide
-- changes nothing at the account.
CREATE TABLE contact_proposal (
    contact_id TEXT PRIMARY KEY REFERENCES account_contact (id),
    made_at TIMESTAMPTZ NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'accepted', 'rejected')),
    settled_at TIMESTAMPTZ,
    staff_id TEXT
);
CREATE INDEX contact_proposal_waiting ON contact_proposal (made_at) WHERE state = 'waiting';

-- 0033_sharing_home.sql
-- The record of the patient index that a copy or link was made for. It stays when
-- that record is joined to another; patient_id is whose chart it belongs to now.
-- joined tells that the chart held what came for several records then: it must
-- end when these turn out to be of different people.
ALTER TABLE share_link ADD COLUMN home_id TEXT NOT NULL DEFAULT '';
ALTER TABLE share_link ADD COLUMN joined BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE share_link SET home_id = patient_id;
CREATE INDEX share_link_home ON share_link (home_id);
ALTER TABLE download ADD COLUMN home_id TEXT NOT NULL DEFAULT '';
ALTER TABLE download ADD COLUMN joined BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE download SET home_id = patient_id;
CREATE INDEX download_home ON download (home_id);

-- 0034_record_home_person.sql
-- Which records are joined to a person's: asked for each copy and link that is made.
CREATE INDEX record_home_person ON record_home (person_id);

-- 0036_record_value.sql
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

-- 0039_passkey_key.sql
-- Who has, had or was offered passkeys: an account or a staff user. handle is the
-- random mark by which an authenticator tells owners apart; authenticators show
-- and copy it freely, so nothing personal may be in it.
CREATE TABLE passkey_owner (
    kind TEXT NOT NULL CHECK (kind IN ('account', 'staff')),
    owner_id TEXT NOT NULL,
    handle TEXT NOT NULL,
    -- Until when the offer of a passkey was put off.
    later_until TIMESTAMPTZ,
    PRIMARY KEY (kind, owner_id)
);
CREATE UNIQUE INDEX passkey_owner_handle ON passkey_owner (handle);

-- Passkeys. credential is the authenticator's name for it, public_key its COSE key
-- in base64url, model what the authenticator says it is (AAGUID), counter its
-- count of signatures.
CREATE TABLE passkey (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    credential TEXT NOT NULL,
    public_key TEXT NOT NULL,
    name TEXT NOT NULL,
    model TEXT NOT NULL,
    transports TEXT NOT NULL,
    -- Whether it may be copied to the owner's other devices, and whether it is.
    eligible BOOLEAN NOT NULL,
    synced BOOLEAN NOT NULL,
    counter BIGINT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    ended_why TEXT,
    FOREIGN KEY (kind, owner_id) REFERENCES passkey_owner (kind, owner_id)
);
-- A credential belongs to one owner, ended ones too: whoever registers another's
-- must not be found in that other's place (WebAuthn section 7.1 step 26).
CREATE UNIQUE INDEX passkey_credential ON passkey (credential);
CREATE INDEX passkey_live ON passkey (kind, owner_id) WHERE ended_at IS NULL;

-- Challenges that were answered, until they are too old to be answered again. What
-- was only asked is not kept: asking costs nothing.
CREATE TABLE passkey_answered (
    challenge_hash TEXT PRIMARY KEY,
    until_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX passkey_answered_until ON passkey_answered (until_at);

-- 0042_recovery.sql
-- What somebody typed on a page that anybody may open, until a job has found out
-- whom it means: the page takes as long for nobody as for somebody. sealed is what
-- was typed. silent: asked too often, so that nothing is sent.
CREATE TABLE recovery_ask (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('name', 'password')),
    sealed TEXT NOT NULL,
    lang TEXT NOT NULL,
    silent BOOLEAN NOT NULL,
    asked_at TIMESTAMPTZ NOT NULL
);

-- Ways back into an account. 'sent': links are out. 'first': staff want it, a
-- second person has to agree. 'granted': an activation code will do. 'open': a
-- browser goes on, named by browser_hash. 'waiting': everything is ready and works
-- once until_at has come. draft is sealed and holds what was chosen so far.
CREATE TABLE recovery (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('password', 'step', 'all')),
    state TEXT NOT NULL CHECK (state IN ('sent', 'first', 'granted', 'open', 'waiting', 'done', 'stopped', 'void')),
    came_by TEXT NOT NULL,
    browser_hash TEXT,
    draft TEXT NOT NULL,
    version BIGINT NOT NULL,
    staff_id TEXT NOT NULL,
    how TEXT NOT NULL,
    second_id TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    until_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ,
    ended_why TEXT NOT NULL
);
CREATE UNIQUE INDEX recovery_browser ON recovery (browser_hash) WHERE browser_hash IS NOT NULL;
CREATE INDEX recovery_account ON recovery (account_id, created_at);
CREATE INDEX recovery_patient ON recovery (patient_id, created_at);
CREATE INDEX recovery_expires ON recovery (expires_at) WHERE ended_at IS NULL;
-- Everything is replaced in one way at a time: this index settles what two clerks
-- begin at the same moment.
CREATE UNIQUE INDEX recovery_all ON recovery (account_id) WHERE kind = 'all' AND state IN ('first', 'granted', 'open', 'waiting');

-- Links that were sent: 'go' leads to a new password, 'stop' ends a way back in.
-- Only the SHA-256 of the token is kept. came_by is how a link travelled.
CREATE TABLE recovery_link (
    token_hash TEXT PRIMARY KEY,
    recovery_id TEXT NOT NULL REFERENCES recovery (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('go', 'stop')),
    came_by TEXT NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    used_at TIMESTAMPTZ
);
CREATE INDEX recovery_link_of ON recovery_link (recovery_id);
CREATE INDEX recovery_link_expires ON recovery_link (expires_at);

-- Calls by staff to a number on file before they help somebody back in. sealed is
-- their note.
CREATE TABLE recovery_call (
    id TEXT PRIMARY KEY,
    patient_id TEXT NOT NULL,
    staff_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    outcome TEXT NOT NULL,
    evidence TEXT NOT NULL,
    sealed TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX recovery_call_patient ON recovery_call (patient_id, at);

-- 0045_access_demand.sql
-- Moments from which on everybody signed in must have agreed to something new,
-- such as terms. Each raises the count that sessions are compared with; a moment
-- still ahead counts for nothing until it comes.
CREATE TABLE access_demand (
    id TEXT PRIMARY KEY,
    since_at TIMESTAMPTZ NOT NULL
);

-- How many of these moments had come when the session's account was last found to
-- have agreed to everything. Fewer than have come by now: it is looked at again.
ALTER TABLE session ADD COLUMN agreed BIGINT NOT NULL DEFAULT -1;

-- One row, 'all'. Its number is raised with each change of what servers keep in
-- memory, and is read along with the session, so that every server learns of a
-- change with its next request and asks for it only then.
CREATE TABLE access_stamp (
    id TEXT PRIMARY KEY,
    number BIGINT NOT NULL
);

-- 0046_terms_draft.sql
-- Texts that administrators are still writing.
CREATE TABLE terms_draft (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('terms', 'privacy')),
    state TEXT NOT NULL CHECK (state IN ('open', 'published', 'dropped')),
    begun_by TEXT NOT NULL,
    begun_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ
);
-- One draft of a kind at a time: two would overtake each other.
CREATE UNIQUE INDEX terms_draft_open ON terms_draft (kind) WHERE state = 'open';

-- Every saved state of a draft in one language; the highest rev is the present
-- one. Saving adds a row and changes none, so that nothing anybody wrote is lost,
-- and the key settles who was first when two save at once.
CREATE TABLE terms_draft_text (
    draft_id TEXT NOT NULL REFERENCES terms_draft (id),
    lang TEXT NOT NULL,
    rev BIGINT NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL,
    change TEXT NOT NULL,
    saved_by TEXT NOT NULL,
    saved_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (draft_id, lang, rev)
);

-- published_at is from when on a version is in force, which may be ahead;
-- signed_at and signed_by say when and by whom that was decided. NULL and '' for
-- texts that came with the program.
ALTER TABLE terms_document ADD COLUMN signed_at TIMESTAMPTZ;
ALTER TABLE terms_document ADD COLUMN signed_by TEXT NOT NULL DEFAULT '';

-- Versions taken back before they were in force. The version itself stays, as
-- everything published does; its number is not used again.
CREATE TABLE terms_withdrawn (
    kind TEXT NOT NULL,
    version TEXT NOT NULL,
    withdrawn_by TEXT NOT NULL,
    withdrawn_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (kind, version)
);

-- Who accepted what, newest first, and how many accepted a version.
CREATE INDEX terms_acceptance_at ON terms_acceptance (accepted_at, account_id, kind);
CREATE INDEX terms_acceptance_version ON terms_acceptance (kind, version);

-- 0047_clinic_profile.sql
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

-- 0048_clinic_wording.sql
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

-- 0049_account_contact_review.sql
-- Why staff did not take a proven contact over into the chart: one of the codes
-- of account.Reasons. NULL for those not rejected, and for those settled before
-- a reason was asked for.
ALTER TABLE contact_proposal ADD COLUMN why TEXT;

-- 0050_trail_search.sql
-- "Who did this one thing", and the counts of the console's first page. Page
-- views are most of the log and are found by time; the others are found here
-- without reading past them, and views cost these indexes nothing.
CREATE INDEX audit_entry_action ON audit_entry (action, at) WHERE action <> 'chart.opened' AND action <> 'staff.viewed';
-- "What became of this code, this message, this result."
CREATE INDEX audit_entry_object ON audit_entry (object, at) WHERE action <> 'chart.opened' AND action <> 'staff.viewed';
-- "What was refused or failed", which is little.
CREATE INDEX audit_entry_bad ON audit_entry (at) WHERE outcome <> 'done';
-- "What was done from this address."
CREATE INDEX audit_entry_source ON audit_entry (source, at);

-- 0051_jobs_parked.sql
-- Since when a job has been given up, for the staff's list of what failed.
ALTER TABLE job ADD COLUMN parked_at TIMESTAMPTZ;
CREATE INDEX job_parked ON job (created_at, id) WHERE state = 'parked';

-- 0052_access_opening.sql
-- Charts that staff opened without a task, in an emergency (45 CFR
-- 164.312(a)(2)(ii)). reason is sealed: it may tell about the patient. Each waits
-- until somebody else has reviewed it.
CREATE TABLE chart_opening (
    id TEXT PRIMARY KEY,
    staff_id TEXT NOT NULL,
    patient_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    opened_at TIMESTAMPTZ NOT NULL,
    ends_at TIMESTAMPTZ NOT NULL,
    ended_at TIMESTAMPTZ,
    reviewed_at TIMESTAMPTZ,
    reviewer_id TEXT,
    verdict TEXT
);
-- What waits for a review, oldest first.
CREATE INDEX chart_opening_waiting ON chart_opening (opened_at, id) WHERE reviewed_at IS NULL;

-- 0053_vault_key.sql
-- The keys under which something in this database was made, by their
-- identifiers; the keys themselves lie outside it. The one with the highest place
-- is the one that writes. Two administrators who change the key at once take
-- different places or the second one fails.
CREATE TABLE vault_key (
    id TEXT PRIMARY KEY,
    place BIGINT NOT NULL,
    since_at TIMESTAMPTZ NOT NULL,
    retired_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX vault_key_place ON vault_key (place);

-- Which keys each running process holds and which it writes with: a key is made
-- the one that writes only once all of them can read it.
CREATE TABLE vault_holder (
    id TEXT PRIMARY KEY,
    held TEXT NOT NULL,
    writes TEXT NOT NULL,
    seen_at TIMESTAMPTZ NOT NULL
);

-- How far each table has been put under the key that writes. The cursor moves
-- only forward and only from where it was read, so that several servers can work
-- on it and none begins again after a crash.
CREATE TABLE vault_pass (
    of_table TEXT PRIMARY KEY,
    key_id TEXT NOT NULL,
    after_row TEXT NOT NULL,
    looked BIGINT NOT NULL,
    remade BIGINT NOT NULL,
    done_at TIMESTAMPTZ
);

-- A number's blind index changes with the key; links that name a record by it
-- are found and changed with it.
CREATE INDEX patient_link_named ON patient_link (target);

-- 0054_staff_signon.sql
-- Who signs in through the clinic's sign-on. People are known by the provider's
-- own lasting name for them; an e-mail address can pass to somebody else.
CREATE TABLE staff_signon (
    staff_id TEXT PRIMARY KEY REFERENCES staff (id),
    issuer TEXT NOT NULL,
    subject TEXT NOT NULL,
    linked_at TIMESTAMPTZ NOT NULL,
    signed_in_at TIMESTAMPTZ
);
-- One person at the provider is one person here.
CREATE UNIQUE INDEX staff_signon_subject ON staff_signon (issuer, subject);

-- Sign-ons that came back, by the hash of their state: each comes back once.
CREATE TABLE staff_signon_back (
    state_hash TEXT PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX staff_signon_back_at ON staff_signon_back (at);

-- 0060_scheduling.sql
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

-- 0061_scheduling_link.sql
-- Links in messages by which a patient says, without signing in, whether they come.
-- Whoever holds one can answer for this visit at this time and for nothing else. It
-- ends when the visit begins; moving or cancelling the visit deletes it.
CREATE TABLE visit_link (
    token_hash TEXT PRIMARY KEY,
    appointment_id TEXT NOT NULL REFERENCES appointment (id),
    starts_at TIMESTAMPTZ NOT NULL,
    made_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX visit_link_of ON visit_link (appointment_id);
CREATE INDEX visit_link_end ON visit_link (starts_at);

-- What the patient answered last. The time is part of the key: who said that they
-- come at one time has not said so of another.
CREATE TABLE visit_answer (
    appointment_id TEXT NOT NULL REFERENCES appointment (id),
    starts_at TIMESTAMPTZ NOT NULL,
    answer TEXT NOT NULL,
    at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (appointment_id, starts_at)
);
-- The desk looks on each page for those who cannot come.
CREATE INDEX visit_answer_cannot ON visit_answer (starts_at) WHERE answer = 'cannot';

-- Addresses from which a patient's calendar program reads the visits. The secret in
-- the address is kept as a hash and shown once.
CREATE TABLE calendar_feed (
    id TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES account (id),
    token_hash TEXT NOT NULL,
    shows TEXT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    read_at TIMESTAMPTZ,
    ended_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX calendar_feed_token ON calendar_feed (token_hash);
CREATE INDEX calendar_feed_account ON calendar_feed (account_id) WHERE ended_at IS NULL;

-- 0062_account_zone.sql
-- The time zone in which the account's owner is told times beside the clinic's, as an
-- IANA name; '' for none: most live where their clinic is.
ALTER TABLE account ADD COLUMN zone TEXT NOT NULL DEFAULT '';

-- 0063_scheduling_kept.sql
-- How many open requests one patient can have of a kind of visit that the clinic
-- books itself; 0 for no limit.
ALTER TABLE visit_type ADD COLUMN request_most BIGINT NOT NULL DEFAULT 1;

-- What a held time is kept for: '' while its patient is booking it, otherwise the
-- wish (room waiting) to which the clinic proposed it. A person who looks for
-- another time must not let go of those.
ALTER TABLE appointment ADD COLUMN held_for TEXT NOT NULL DEFAULT '';

-- 0064_waiting.sql
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

-- 0065_scheduling_elsewhere.sql
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

-- 0070_scheduling_reminder.sql
-- Reminders that were queued. The time is part of the key: a visit that was moved
-- is reminded of anew, and a job that runs twice writes nothing twice.
CREATE TABLE visit_reminder (
    appointment_id TEXT NOT NULL REFERENCES appointment (id),
    days BIGINT NOT NULL,
    starts_at TIMESTAMPTZ NOT NULL,
    queued_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (appointment_id, days, starts_at)
);

-- 0071_checkin.sql
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

-- 0072_checkin_form.sql
-- Questionnaires as they were uploaded: FHIR R4 Questionnaire, byte for byte. A
-- new one of the same canonical address is a new row; what was answered in the
-- old one stays readable.
CREATE TABLE checkin_form (
    id TEXT PRIMARY KEY,
    url TEXT NOT NULL,
    title_en TEXT NOT NULL,
    title_es TEXT NOT NULL,
    body TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    made_at TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX checkin_form_url ON checkin_form (url) WHERE active AND url <> '';

-- Texts that patients sign. A row is never changed but for active: what somebody
-- signed can be shown as they read it.
CREATE TABLE checkin_consent (
    id TEXT PRIMARY KEY,
    version BIGINT NOT NULL,
    title_en TEXT NOT NULL,
    title_es TEXT NOT NULL,
    body_en TEXT NOT NULL,
    body_es TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    made_at TIMESTAMPTZ NOT NULL
);

-- What a kind of visit asks its patients for.
CREATE TABLE checkin_need (
    type_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('form', 'consent')),
    item_id TEXT NOT NULL,
    PRIMARY KEY (type_id, item_id)
);
CREATE INDEX checkin_need_item ON checkin_need (item_id);

-- Who signed what before which visit. text_hash is the SHA-256 of the text in the
-- language it was read in; the name is sealed. No address is kept.
CREATE TABLE checkin_signature (
    appointment_id TEXT NOT NULL REFERENCES checkin (appointment_id),
    consent_id TEXT NOT NULL REFERENCES checkin_consent (id),
    account_id TEXT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    agent TEXT NOT NULL,
    signed_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (appointment_id, consent_id)
);

-- 0080_record_held.sql
-- What of a chart is not released yet: a report that names such a thing does not
-- say in its own words what is in it. Asked by each reading of a patient's.
CREATE INDEX record_row_held ON record_row (patient_id, release_at);

-- 0083_notify_again.sql
-- Staff can send again what did not arrive. Until again_until the content of such
-- a message is kept, and that of a text which the provider may still report as
-- lost; it is NULL where sending again would be pointless. resent is how often
-- staff did so. outage tells a fault of ours or the provider's, which passes, from
-- an address that takes nothing.
ALTER TABLE outbox ADD COLUMN again_until TIMESTAMPTZ;
ALTER TABLE outbox ADD COLUMN resent BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox ADD COLUMN outage BOOLEAN NOT NULL DEFAULT FALSE;
-- What is kept of settled messages is erased by age.
CREATE INDEX outbox_kept ON outbox (settled_at) WHERE sealed IS NOT NULL AND settled_at IS NOT NULL;
-- A message that has become pointless is not sent again either. Takes the place of
-- outbox_withdraw, which a binary of before still needs.
CREATE INDEX outbox_withdraw_kept ON outbox (withdraw_key) WHERE withdraw_key IS NOT NULL AND sealed IS NOT NULL;

-- 0085_access_staff_raised.sql
-- When the person of a staff session last proved anew, at the clinic's sign-on, who
-- they are; NULL for never. It counts for ten minutes.
ALTER TABLE staff_session ADD COLUMN raised_at TIMESTAMPTZ;

-- 0086_staff_signon_out.sql
-- The session of a person at the clinic's sign-on, as the provider names it (OpenID
-- Connect Back-Channel Logout 1.0, sid); '' where it names none. Sessions are looked
-- for by it when the provider tells that one is over.
ALTER TABLE staff_session ADD COLUMN signon_sid TEXT NOT NULL DEFAULT '';
ALTER TABLE staff_attempt ADD COLUMN signon_sid TEXT NOT NULL DEFAULT '';
CREATE INDEX staff_session_signon ON staff_session (signon_sid) WHERE signon_sid <> '' AND ended_at IS NULL;

-- The language a staff user reads the console in, for messages to them; '' for none.
ALTER TABLE staff_session ADD COLUMN lang TEXT NOT NULL DEFAULT '';

-- Tellings of the provider that a session is over, by the hash of their identifier:
-- each counts once.
CREATE TABLE staff_signon_out (
    token_hash TEXT PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL
);
CREATE INDEX staff_signon_out_at ON staff_signon_out (at);

-- 0110_access_opening_own.sql
-- Charts that one staff user has open without a task: the way back to them stands on
-- each of their pages.
CREATE INDEX chart_opening_own ON chart_opening (staff_id, ends_at);

-- 0115_scheduling_video.sql
-- Where patients meet a clinician by video: an https address of the clinic's video
-- service, '' for none.
ALTER TABLE clinician ADD COLUMN video_url TEXT NOT NULL DEFAULT '';

-- 0120_record_source.sql
-- What people call a sender of records: a patient reads "Riverside laboratory", not
-- the identifier by which a feed's names for things are told apart.
CREATE TABLE record_source (
    source TEXT PRIMARY KEY,
    name TEXT NOT NULL
);

INSERT INTO record_source (source, name) SELECT source, name FROM feed;

-- 0125_access_session_shared.sql
-- The person said that others use the browser too: the session ends after five
-- minutes without use in place of fifteen.
ALTER TABLE session ADD COLUMN shared BOOLEAN NOT NULL DEFAULT FALSE;

-- 0128_account_shared.sql
-- The person said with the password that others use the browser too; the second step
-- starts from it.
ALTER TABLE signin_attempt ADD COLUMN shared BOOLEAN NOT NULL DEFAULT FALSE;

