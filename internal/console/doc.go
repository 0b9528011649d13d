// Package console is the door the clinic's own people come in by: finding a
// patient, issuing and revoking codes, reviewing identity requests, what did not
// arrive, accounts locked by their owners, and the office pages of
// administrators and auditors. It owns pages only; what happens, happens in the
// rooms it calls, each operation with the proof of the staff user's task.
//
// What a clerk looks for (a name, a birth date, a number) never stands in an
// address: the search form posts, and the page it leads to carries the question
// sealed for this staff session. A title in the window names no patient.
//
// Pages that change something say what will happen beside the button, show the
// form again with what was typed when it cannot be done, and lead to a page that
// says what was done.
//
// Tables: none. Routes: all under /staff but signing in. Jobs: none. Audit: what
// the rooms write, and the line the router writes for each page.
package console
