// Package records shows a patient the sections of their health record beside test
// results: conditions, medicines, allergies, immunizations, vital signs,
// procedures, visits, notes and documents, care team, care plans and goals,
// insurance, devices, social and family history, and what belongs to none of
// these. It also has the timeline of everything, with search; the page of a visit
// with what belongs to it; the immunization record to print for a school; and
// requests to correct something.
//
// Every item shows its dates, who recorded it, its status in plain words and
// where it came from. A section without anything says so. What a status code
// means stands in the texts; a code that is not there is shown as it came.
//
// What a person searches for is sealed in the address, bound to their session.
// Files of others are handed out to be saved; a text and a clinical document are
// shown as words of ours, never as markup of theirs.
//
// It refuses to change the record: a request for a correction goes to the
// clinic's staff, who answer it, and the record itself is corrected where it
// comes from.
//
// Tables: correction. Routes: GET and POST /records, GET /records/timeline, GET
// /records/immunizations/print, GET /records/corrections, GET
// /records/part, GET /records/item/{id}, GET
// /records/item/{id}/file, GET and POST /records/item/{id}/correct; for staff GET
// /staff/corrections, GET and POST /staff/corrections/{id}. Jobs: none. Audit:
// correction.asked, correction.settled.
package records
