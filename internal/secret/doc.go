// Package secret makes and checks everything that must not be guessed: keys
// derived from the clinic's one secret, sealed fields, blind indexes, tokens,
// codes, password hashes and authenticator codes.
//
// It owns the formulas and nothing else: no clock, no database, no request. It
// refuses weak or placeholder secrets, never puts a value into an error, and
// never compares with == what an attacker can send.
//
// # Keys
//
// A clinic sets one secret of at least 32 bytes (PORTICO_SECRET_KEY). From it a
// key for each purpose is derived with HKDF-SHA256 (RFC 5869), so that no two
// uses share a key. A keyring holds several secrets: what was made under any of
// them opens, and everything new is made under one. Every seal, keyed hash and
// password hash names its key by an identifier that tells nothing about it;
// package vault changes the key by them.
//
// # Why a pepper
//
// Passwords pass through an HMAC under a derived key before Argon2id. Whoever
// steals the database alone has nothing to try guesses against. The PHC string
// names the key by its identifier, so the pepper changes with the secret and
// every password is hashed anew at its owner's next sign-in.
package secret
