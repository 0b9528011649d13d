// Package web turns requests into proofs, calls a handler with them, and turns
// what it returns into a reply.
//
// A route has an audience, or it cannot be registered: Visitor, Enrolling,
// Patient, Staff, System. Patient and staff routes name the permission they
// need; the router opens the chart or the desk and hands it over, so that a
// handler can neither forget nor forge it. PatientRaised, PatientRaisedForm and
// StaffRaised want a session raised within the last ten minutes as well, and send whoever
// has none to confirm who they are and back. Registering a form (POST) is another
// method than registering a page (GET), and only it carries the checks that a
// change needs:
//
//   - http.CrossOriginProtection refuses what another site sends. It lets
//     requests pass that carry neither Sec-Fetch-Site nor Origin, so each form
//     also has a key of its own, bound by HMAC to the browser's cookie for that
//     audience: another browser's form is refused.
//   - A form key works once. When the handler answered with a redirect, a second
//     submission (double click, reload, replay) gets that same redirect and does
//     nothing. When it did not, the key is free again: the person corrects and
//     resends.
//
// Replies are rendered to memory before a byte is sent. Errors are mapped to
// pages in one place; nothing internal reaches the browser. What somebody signed
// in asks for and may not have, or is not there, is one answer, 404, and a line
// in the audit log (page.refused).
package web
