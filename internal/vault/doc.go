// Package vault changes the clinic's keys while the portal works.
//
// It owns which key writes, which processes hold which keys, and the work of
// putting every row under the key that writes. It refuses to know what a row
// means: each room declares its Tables (what of them is sealed, what is a blind
// index and of which text, what is a hash that cannot be made anew), app joins
// them, and a test fails for a seal that no room declares.
//
// # Changing the key
//
// The keys lie in a file, which of them writes stands in the database. A new key
// is first added to the file: every process finds it there and says so in
// vault_holder. Only when all of them can read it is it made the one that writes
// (Rotate). Until each process says that it writes with it, nothing is remade, so
// that no row is made under the old key behind the worker's back. Lookups by
// blind index ask under every key that is held, all the while.
//
// Rows are then remade in batches, along the primary key. Each row is changed
// only if it still holds what was read: whoever writes meanwhile wins, and writes
// under the new key. The cursor is kept with each batch: after a crash the work
// goes on where it was. When a table is through it is looked at once more.
//
// # What cannot be remade
//
// Passwords, activation codes, recovery codes and one-time codes are kept as
// hashes alone. They stay under their key until they are used or end, and Retire
// refuses while one is left, naming table and number. See OneWay.
//
// Tables: vault_key, vault_holder, vault_pass.
// Routes: none.
// Jobs: vault.remake.
// Audit: key.…
package vault
