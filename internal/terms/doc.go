// Package terms keeps the clinic's terms of use and privacy practices: versions
// in every language, and who accepted which.
//
// A published version never changes. It is kept with the SHA-256 of its words,
// and an acceptance keeps version, language, hash, time, browser and address.
// A new version marked material must be accepted before its owner goes on; any
// other takes the place of the old one quietly.
//
// The texts of version 1.0 are built in, with the clinic's name and phone filled
// in when they are first published. The privacy practices name what 45 CFR
// 164.520(b)(1) asks of a notice; a clinic lets its own counsel read both before
// going live and publishes its own version if need be.
//
// It refuses to publish the same version twice with other words, and to take an
// acceptance of anything but the version in force.
//
// Tables: terms_document, terms_acceptance.
// Routes: GET /terms, GET /privacy, GET /documents/{id}, GET and POST
// /terms/accept. Jobs: none. Audit: terms.published, terms.accepted.
package terms
