-- +goose Up

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
