// Package passkey is passkeys (WebAuthn): adding, listing, naming and removing
// them, and letting their owners in. An owner is an account or a staff user.
//
// # What a passkey is worth
//
// It proves two things at once: something the person has, and their finger, face
// or code, which the device checks (user verification is required, always). So a
// passkey alone signs in, stands for the second step, and raises a session. It is
// beside the password, never in its place: adding one takes nothing away. It may
// become an account's only second step once a second passkey or a recovery code
// exists (see enough).
//
// # How a challenge is kept
//
// It is 256 random bits and good for five minutes. What it was made for is not
// stored: a ticket goes with it, a keyed hash over the challenge, the moment, the
// purpose, the owner and the browser. The browser is the visitor's cookie, or the
// session; a ticket of another browser, purpose or owner is worth nothing. An
// answer uses its challenge up before it is looked at, right or wrong, by an
// insert that succeeds once (table passkey_answered).
//
// # What is checked
//
// Package webauthn checks type, challenge, origin, relying party, presence,
// verification, signature, flags. Origin and relying party come from the
// configured address, never from the request; an address that is a number has no
// passkeys, as browsers want it. A counter that did not rise tells that a passkey
// was copied: it ends, whoever is the thief, and the owner is told. A credential
// is registered once, for one owner, for ever.
//
// Whatever was wrong, a visitor reads one sentence; the audit log has the reason.
// Frozen, closed and disabled owners are refused like strangers.
//
// # What a stranger learns
//
// Whoever types a user name gets a list of four credentials. Those that the
// account has not are made up, by a keyed hash of the name: the same each time,
// of likely lengths, in an order that tells nothing. A name that does not exist
// gets four such.
//
// Passkeys are not counted by the limits of passwords: whoever floods those
// cannot keep an owner with a passkey out. Requests of one client address are
// bounded (60 in a minute), whoever it asks for.
//
// # Staff
//
// Adding a passkey wants a code of the authenticator app at that moment: an open
// session is not enough. An administrator sees that a colleague has passkeys and
// may remove them, and never adds one. A new set-up link ends them.
//
// # What it refuses
//
// To know a fingerprint or a face; to ask devices for their serial numbers
// (attestation); to let a passkey be made without its owner; more than ten live
// passkeys for one owner.
//
// Tables: passkey_owner, passkey, passkey_answered.
// Routes: GET and POST /signin/passkey, POST /signin/passkey/options, POST
// /account/confirm/passkey, POST /account/confirm/passkey/options, GET
// /account/passkeys, GET and POST /account/passkeys/add, POST
// /account/passkeys/add/options, POST /account/passkeys/later, GET and POST
// /account/passkeys/{id}, POST /account/passkeys/{id}/remove, GET /help/passkeys,
// GET and POST /staff/signin/passkey, POST /staff/signin/passkey/options, GET
// /staff/account, GET and POST /staff/account/passkeys, POST
// /staff/account/passkeys/options, POST /staff/account/passkeys/remove, GET
// /staff/people/{id}/passkeys, POST /staff/people/{id}/passkeys/{key}/remove.
// Jobs: passkey.sweep.
// Audit: passkey.asked, passkey.added, passkey.named, passkey.removed, passkey.copied,
// passkey.put_off, signin.done, signin.tried, session.raised, confirm.second_step,
// staff.signed_in, staff.tried.
package passkey
