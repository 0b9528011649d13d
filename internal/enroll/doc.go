// Package enroll opens accounts: three ways to show who one is, the steps after
// that, activation codes, and the requests of those who have no code.
//
// # The three ways
//
// Patient number and birth date can be guessed (a script that tries one date on
// 100,000 numbers finds about three people), so they open nothing. They lead to
// a code sent to the contact on file, which the server chooses, and to a page
// that is the same for a match, a mismatch, no contact, an account that exists,
// and a person who died: everybody gets a verification session with a row of
// its own, and a job, queued for everybody, finds out what to do. See TryNumber.
//
// An activation code has a half that finds its row, so that wrong tries can be
// counted on it, and a half that is secret. The try is counted in a transaction
// of its own before anything is checked; the fifth wrong one suspends the code.
// A link carries a token instead. Opening a link reads nothing and changes
// nothing; only the form does. See OpenCode.
//
// A request for a code is answered with the same page whoever sends it. A job
// looks for a strict match; staff decide about the rest, and their yes makes a
// code, never a session. See Ask and Approve.
//
// # Nothing before the end
//
// What a person chooses on the way lies sealed in the row of the verification
// session. The last step makes account, credential, second step, recovery codes
// and acceptances, uses the code up by one conditional UPDATE, ends the
// verification session and begins a signed-in one, in one transaction. See Finish.
//
// # The breaker
//
// Limits per client and per number do not see one birth date tried on every
// number from everywhere. All misses are counted together; see breaker.go.
//
// # What it refuses
//
// To show a masked contact before a code came back; to let a stranger choose
// where a code goes; to send to a contact that is new on file; to show a code to
// staff twice; to say why anything did not match; to serve a page of the portal.
//
// Tables: activation_code, enrolment, identity_request, request_note,
// enroll_pulse, enroll_usual, enroll_breaker.
// Routes: GET /enroll and below; GET /a/{token}.
// Jobs: enroll.answer, enroll.match, enroll.alarm, enroll.watch, enroll.tidy.
// Audit: enroll.…, code.…, request.…, account.opened, breaker.tripped.
package enroll
