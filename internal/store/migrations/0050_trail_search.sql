-- +goose Up

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
