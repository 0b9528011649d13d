-- +goose Up

-- Sealing takes the oldest waiting lines. After sealing stood still for hours
-- there may be very many, and each batch would sort them all.
CREATE INDEX audit_pending_at ON audit_pending (at, entry_id);
