-- +goose Up

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
