// Package staff is the people who work at the clinic: who they are, which roles
// they have, and how they sign in.
//
// # How signing in is kept safe
//
// Password and authenticator code, always both: no browser is remembered.
// Whatever is wrong with e-mail address or password, the answer is one sentence
// after one Argon2id hash. Tries are counted before the check, in transactions
// of their own, by package limit:
//
//	address                    20 in 60 s, then 429 before any hashing
//	person and address         five in a row, then 60 s doubling to 12 h
//	person, strange addresses  after each failure 1, 2, 4 … s to 1 h; at 100 in a
//	                           row a strange address gets no further
//	person, known address      ten in a row, then 15 min; nothing else counts
//	codes of a person          five in a row, then 30 s doubling to 1 h; at 100 none
//
// A known address is one from which the person has signed in within 30 days, as
// the clinic's own is: what strangers try elsewhere does not keep staff out.
// A half-way sign-in is good for ten minutes and five codes.
//
// # How a sign-in comes to be
//
// By a one-time link, good for 24 hours. The command line prints the link for
// the first administrator; an administrator has it sent to the person's own
// address and never sees it, so that nobody sets or learns another's password.
// The authenticator's secret is derived from the link's token: opening the link
// stores nothing. Using the link ends every session, older links and the old
// password and authenticator.
//
// # What administrators may do
//
// Add people, change roles, disable and enable, sign out, send a new link; to
// themselves nothing of this, so that roles stay with two people and the last
// administrator stays one: whoever takes that away from the others is left.
// Package access reads state and roles on each request: a change bites on the
// next one. A person who is cut off in the middle of a form is told why, and that
// nothing was saved.
//
// # The clinic's sign-on
//
// Where the clinic has one (package signon), a set-up link may lead there instead:
// the person is linked to the provider's lasting name for them, never by an e-mail
// address, and signs in there and nowhere else from then on; their old password,
// passkeys and sessions end. Their roles are what the provider says at each sign-in.
// A set-up link by which they choose a password again ends the link. Where the
// provider asked for no second step, the authenticator here is asked for, which is
// then kept. With Policy.Only, passwords are for administrators alone: those who are
// not linked are how a clinic gets in when the provider is down. What a session is
// called at the provider is kept with ours: when the provider tells that one is over,
// ours ends (Depart).
//
// Tables: staff (shared: other rooms may join it for reading), staff_credential,
// staff_setup, staff_attempt, staff_place, staff_signon, staff_signon_back, staff_signon_out.
// Routes: GET and POST /staff/signin, GET and POST /staff/signin/step, POST
// /staff/signin/cancel, POST /staff/signout, GET /staff/ended, GET and POST /staff/confirm, GET and POST /staff/setup/{token},
// GET and POST /staff/setup/{token}/app, GET /staff/setup/{token}/qr.
// Jobs: staff.sweep. Audit: staff.added, staff.set_up, staff.signed_in,
// staff.tried, session.raised, staff.signed_out, staff.changed.
package staff
