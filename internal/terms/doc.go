// Package terms keeps the clinic's terms of use and privacy practices: versions
// in every language, and who accepted which.
//
// Administrators write drafts, every saved state of which is kept, look at them
// as patients will see them, and publish both languages together, at once or for
// a later day. A published version never changes; the database itself refuses.
// It is kept with the SHA-256 of its words, and an acceptance keeps version,
// language, hash, time, browser and address. A newer version in force makes the
// one before it retired. One that still waits for its day can be taken back.
//
// A version marked material must be accepted before its owner goes on; any other
// takes the place of the old one quietly. From the moment it is in force, every
// page of a patient leads to it, but for signing out, help, copies of the record
// and closing the account. What they were sending then is not handled and not
// lost. Whether a session has to be looked at is read with the session itself
// (access.Chart.Behind), so that it costs no page a query. Everybody is told by a
// message when a version is published.
//
// The texts of version 1.0 are built in, with the clinic's name and phone filled
// in when they are first published. The privacy practices name what 45 CFR
// 164.520(b)(1) asks of a notice; a clinic lets its own counsel read both before
// going live and publishes its own version if need be.
//
// It refuses to publish a version with one language missing, the same version
// twice with other words, a draft that somebody else changed meanwhile, and to
// take an acceptance of anything but the version in force.
//
// Tables: terms_document, terms_acceptance, terms_draft, terms_draft_text,
// terms_withdrawn.
// Routes: GET /terms, GET /privacy, GET /documents/{id}, GET and POST
// /terms/accept, GET /terms/decline, and all under /staff/terms.
// Jobs: terms.announce. Audit: terms.drafted, terms.published, terms.withdrawn,
// terms.accepted, terms.listed, notice.queued.
package terms
