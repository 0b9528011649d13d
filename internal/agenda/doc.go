// Package agenda brings visits into the patient's own calendar: as a file of one
// visit, and at an address that calendar programs read.
//
// The patient makes such an address. Its secret of 256 bits is kept as a hash and shown
// once; the patient sees when it was last read, ends or renews it. It says only that
// somebody is busy, or where the visit is; never who, with whom or why: a calendar is
// seen at work and at home. It answers 404 once it ended, or the account was closed,
// locked or held back.
//
// Programs read often. Each address has a limit of its own, tries at addresses that
// lead nowhere have one per client, and a reading is logged once a day.
//
// # What it refuses
//
// To know of visits more than a calendar may show: scheduling keeps them, and is asked
// for when and where alone. To change a visit.
//
// Tables: calendar_feed.
// Routes: GET /visits/{id}/visit.ics, GET and POST /visits/calendar, POST
// /visits/calendar/{id}/renew, POST /visits/calendar/{id}/end, GET
// /calendar/{token}/visits.ics.
// Jobs: none.
// Audit: visit.calendar_made, visit.calendar_ended, visit.calendar_read.
package agenda
