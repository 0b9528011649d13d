// Package account is the login of a patient or proxy: user name and password,
// second steps, recovery codes, signing in and out, "this was not me", the home
// page, and the pages of one's own account: password, second steps, recovery codes,
// devices, contacts, history, terms, closing.
//
// # How signing in is kept safe
//
// Everything a stranger can see is the same whatever the cause. An unknown user
// name, a wrong password, a running wait, a frozen account: one sentence, one
// status, one Argon2id hash, the same statements in the database. Messages go
// out later through the outbox, so their sending takes no time here.
//
// Guessing is slowed without letting a stranger lock the owner out. Tries are
// counted before the check, in transactions of their own, by package limit:
//
//	source                     20 in 60 s, then 429 before any hashing
//	account and source         five in a row, then 60 s doubling to 12 h
//	account, unknown browsers  after each failure 1, 2, 4 … s to 1 h; at 100 in
//	                           a row an unknown browser gets no further
//	account, known browser     ten in a row, then 15 min; nothing else counts
//	codes of an account        20 in a row, then 30 s doubling to 1 h; at 100 none
//
// A known browser carries a signed cookie and has a small pool of password
// hashing to itself, so that a flood of strangers does not keep the owner
// waiting. A counter that cannot be written is a refusal.
//
// After the password comes a half-way state with a cookie and a token of its
// own, good for ten minutes and for nothing but the second step. A one-time
// code belongs to one such state; it is used up by one conditional UPDATE in
// the transaction that opens the session. An authenticator's code advances the
// last step in the same way. Every session has a new token; the half-way and
// the anonymous cookies die with its beginning. Where an unknown browser gave the
// password and the half-way state ran out, the owner is told, once a day at most:
// somebody else may know the password.
//
// # Confirming who one is
//
// Sensitive work wants a raised session: somebody who finds a browser left open
// must not get far. At /account/confirm the person proves password and second
// step again, under the counters of signing in; a known browser spares nothing.
// The half-way state is found by the session alone. Package access holds how
// long a raise lasts, and gives the session a new token.
//
// # One's own account
//
// A change of what lets somebody in begins by locking the account's row (see
// own), so that it and a sign-in follow one another: whatever was begun with the
// old password ends. It wants a raised session, ends every other session, and is
// told to every contact with a link "this was not me". Ending sessions wants no
// raise: it takes nothing from the owner.
//
// What is added counts once it is proven: a second step by its first code, a new
// contact by the code that went there, within a day. Old contacts hear of a change
// when it is asked for and when it is done. It becomes a proposal for the chart
// (see ProposedContacts); what staff decide undoes nothing here.
//
// A browser may skip the second step for 30 days. Its mark changes at each use,
// and one that comes a second time, or from another browser, was copied and ends.
// It never raises a session, and ends with every change of what lets somebody in.
// Whoever says that others use the browser too is signed out after five minutes
// without use, and nothing in the browser outlasts it.
//
// # When records are joined
//
// An account follows the record it was opened for: see Follow. If its person has
// another account by then it is held back, and the desk says which one stays
// (docs/decisions/joined-records.md).
//
// # What it refuses
//
// To say whether an account exists; to let a password or a code be set or seen
// by staff; to open more than one live account for a person; to tell anybody
// more than the owner's first name.
//
// Tables: account, account_twin, account_factor, recovery_code, one_time_code,
// signin_attempt, confirmation, device, account_event, disown_link, account_draft,
// remembered_browser, account_contact, contact_proposal.
// Routes: GET and POST /signin, GET and POST /signin/step, POST
// /signin/step/send, POST /signin/cancel, GET /signin/help, POST /signout, GET
// /home, GET and POST /account/confirm, GET and POST /account/confirm/step, POST
// /account/confirm/step/send, GET and POST /display, GET and POST /account/display, GET and POST
// /not-me/{token}.
// Jobs: account.locked, account.unfinished, account.follow,
// account.sweep.
// Audit: account.opened, account.disowned, account.restored,
// account.closed, account.moved, account.held, account.display_changed,
// signin.tried, signin.password_passed, signin.second_step,
// signin.one_time_sent, signin.done, signin.out, session.ended,
// confirm.password, confirm.second_step, session.raised, account.password_changed,
// account.browser_forgotten, account.browser_kept, account.browser_copied,
// account.step_asked, account.step_added, account.step_removed, account.step_first,
// account.recovery_shown, account.recovery_made, account.contact_asked,
// account.contact_changed, account.contact_dropped, account.contact_reviewed.
package account
