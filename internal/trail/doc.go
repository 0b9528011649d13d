// Package trail seals the audit log and reads it.
//
// Package store writes each line of the log in the transaction of what it is
// about; nothing here can add a line about somebody. Trail chains the lines
// into a Merkle tree, signs the tree's head, keeps the signed heads in a file
// outside the database, finds the first line that was tampered with, and shows
// the log to auditors and to the patient it is about.
//
// # What a patient reads
//
// The access log of a patient (45 CFR 170.315(e)(1)(ii)) says in plain words who
// looked at, changed, took out, shared or was sent what of theirs, and from
// where. Their own page views are counted for each day. Each action is either
// told, with words in every language, or listed as untold with the reason
// (told.go). It shows the clinic's people by name and role, and a part of the
// record by its title if it is released to the patient. It shows no identifier
// and no value, nobody else's name, and no address of the clinic's machines.
//
// # What is sealed, and when
//
// A line waits in audit_pending from the moment it is committed. The sealing
// job takes waiting lines in order of time, hashes each line's whole content
// (SHA-256 of the leaf as in RFC 6962 section 2.1), stores the tree's hashes by
// the index of golang.org/x/mod/sumdb/tlog, and signs the new head with Ed25519
// under a key derived from the clinic's secret. It does so once a minute while
// there is something to seal, and at once when a thousand lines wait.
//
// Several servers may seal at once: a place in the tree is a primary key, so
// one of them wins and the other starts over.
//
// # What is found
//
// Verify hashes every line anew. Whoever can write to the database can rewrite
// lines and hashes alike, but cannot sign a head: a changed, missing, moved or
// added line makes the tree disagree with a signed head. Whoever cuts the tail
// off, or puts an old backup in place, is found by the file of heads, which is
// why it belongs on another disk or machine. A line that was never sealed (at
// most a minute old) is protected by the database alone.
//
// The whole log is checked every night, and the check is a line of it. What it
// finds is told to administrators and auditors by e-mail; patients read when their
// log was checked and whether it was whole.
//
// After a wanted restore the file says so in a signed note of its own, so that
// lines that were lost are named, not hidden.
//
// Tables: audit_leaf, audit_hash, audit_checkpoint, and the deletion of rows of
// audit_pending; audit_entry and staff are read. Routes: GET and POST
// /records/access, GET /records/access.csv. Jobs: audit.seal, audit.check. Audit: audit.read,
// audit.checked, access.read.
package trail
