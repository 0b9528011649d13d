// Package store is the only door to the database, SQLite or PostgreSQL.
//
// Three ways in: View reads and cannot write, Change writes and demands a line
// for the audit log in the same transaction, Housekeep writes rows that are
// about nobody. One SQL text serves both databases: $1 placeholders, TEXT,
// BIGINT, BOOLEAN, TIMESTAMPTZ and BYTEA columns, upserts, RETURNING, partial
// unique indexes. What differs between the two stays in this package.
//
// On SQLite all writes go through one goroutine that takes what is waiting,
// runs each in a savepoint of its own, commits once and then answers all
// (group commit): sixteen waiting writers share one disk flush. A function
// passed to Change therefore runs beside nobody, must not wait for anything
// but the database, and must use only the Tx it is given: a second connection
// asked for inside it would wait for itself.
package store
