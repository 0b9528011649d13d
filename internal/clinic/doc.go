// Package clinic keeps what the clinic is called, looks like and is reached by,
// and lets administrators change it while the portal runs.
//
// The settings are the defaults; what an administrator changes stands above them,
// field by field. Each change is a row of its own, so that who changed what can be
// read and taken back. An administrator's draft is shown on a page of samples, in
// light and dark, before anything changes.
//
// Every server holds the profile in memory, as a value nobody writes to. A change
// raises the stamp that is read along with each session (access.Live), so that
// pages of people who are signed in show it with the next request on every server
// and cost no query more. Pages without a session look for themselves, at most
// once a second in each server. The server on which the change was made shows it
// at once.
//
// It refuses a colour that cannot be read (WCAG 2.2 AA, light and dark), and says
// how much is missing and which colour comes nearest. Pictures are taken by what
// they are, PNG or JPEG, never SVG, and drawn anew: nothing of the file that was
// sent is kept.
//
// The wording of messages and of the activation letter can be changed text by
// text, in each language. A text keeps its blanks, gets no others and no address:
// links, codes and "This was not me" are no words and stay. Words that no longer
// fit the shipped text after an upgrade are passed over.
//
// Tables: clinic_profile, clinic_draft, clinic_file, clinic_wording.
// Routes: all under /staff/clinic, GET /clinic/{file}. Jobs: none.
// Audit: clinic.changed.
package clinic
