// Package recovery is getting back into an account: a forgotten user name, a
// forgotten password, a lost second step, everything lost, and the desk's help.
//
// # What a stranger sees
//
// The pages for user name and password answer with one page, whatever was typed:
// what was typed is put down sealed, and a job finds out whom it means. A name that
// was asked for too often falls silent; only the limit of the client's own address
// is said. Messages go to contacts of the account alone. One that is younger than
// 72 hours gets no link (security rule A11): whoever has just put theirs there must
// not profit from it.
//
// # A forgotten password
//
// A link of 256 random bits goes to each contact, works for 30 minutes and once:
// opening it (GET, HEAD, a mail scanner) changes nothing, its form does. Using one
// ends its sisters. From then on the browser that used it goes on, named by a
// cookie. The second step is still asked for, and not on the way the link came by:
// who reads another's mail has one way, not two. E-mail is one way, text and call
// are another. Asking anew ends nothing: a stranger must not be able to cut off the
// owner's link. Once the new password stands, every session, half-way sign-in and
// mark of a browser ends; nobody is signed in by it.
//
// # A lost second step
//
// Begins where somebody is half-way in: the password was given. Then a recovery
// code, or codes to two contacts on different ways, neither of them where the lost
// step's codes went. Contacts on file count as well as proven ones: it is what
// opening an account rests on (ASVS 6.4.4). The lost step goes and the new one
// comes in one transaction, so that there is never an account without any.
//
// # Everything lost
//
// Staff start it (see Start) and hand out an activation code as for a new account.
// With it the person chooses a new password, second step and recovery codes; then
// 24 hours pass, in which the old ones go on working and every contact can stop it.
// A job puts the new ones in place, after asking again whether it still may. User
// name, history and everything else stay.
//
// # The desk
//
// Staff never see or set a password, a code or a second step. They may start only
// after a call, by themselves within the hour, to a number that has been on file
// for 30 days, or with a photo ID in front of them. Nothing is started within seven
// days of a change of contacts, nor while an account is locked. For a person whose
// record asks for it, or who was helped within a month, a second person must agree.
//
// # What it refuses
//
// To say whether an account exists; to help while "this was not me" waits for the
// desk; to sign anybody in; to use a code of one way in another (a code is bound to
// its flow); to let asking again take back a wait or a count.
//
// Tables: recovery_ask, recovery, recovery_link, recovery_call.
// Routes: GET /recover and below, GET and POST /account/regain, GET /staff/recovery
// and below. Jobs: recovery.answer, recovery.end, recovery.sweep. Audit: recovery.…
package recovery
