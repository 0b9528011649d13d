// Package emergency is how staff open a chart without a task when it cannot wait
// (45 CFR 164.312(a)(2)(ii)), and how that is answered for.
//
// Who may is in access.Roles. The person gives a reason and a fresh code of their
// authenticator, or has just proved anew at the clinic's sign-on who they are; from
// then on they read one patient's whole record for an hour,
// and change nothing. In the same transaction messages to every administrator and
// auditor and to the patient are queued, a line is written that the patient can
// read, and the opening waits until somebody else has reviewed it, within 72
// hours. Where nobody else could, that is said before. It ends by itself to the
// second, or by a button.
//
// The reason is sealed: it tells about the patient. Only reviewers read it.
//
// Tables: none; package access keeps the openings, for it proves them.
// Routes: GET and POST /staff/patients/{id}/emergency, GET /staff/chart, GET /staff/chart/{id}, GET
// /staff/chart/{id}/entry/{entry} and its /file, POST /staff/chart/{id}/end, GET /staff/emergencies, POST /staff/emergencies/{id}.
// Jobs: none. Audit: emergency.opened, emergency.closed, emergency.reviewed, and
// record.opened for each page of the chart.
package emergency
