// Package ingest is the door health records come in by: files an operator names,
// and messages of feeds. It takes the people to the patient index first, then
// everything else to the record, and keeps which patient each sender's own name
// became, so that later files and messages can refer to people sent before.
//
// It decides nothing about resources: record and registry refuse what they
// cannot take. It refuses what names a patient nobody has sent, and a sender's
// name for a patient that suddenly stands for somebody else.
//
// Everything can be sent again: what is known writes nothing, so an import that
// was killed is simply run again. Memory is bounded by one window of a file,
// whatever its size. What was refused is told by file, entry and path, never by
// value, and kept until the same file comes in without it.
//
// A clerk brings in a file about one patient in the browser (Upload). It goes into
// the chart of the patient the clerk names, if name and birth date in it are
// theirs, and never changes the patient index.
//
// Tables: ingest_person, feed, ingest_run. Routes: POST /feeds/fhir,
// /staff/imports…, /staff/feeds…. Jobs: none. Audit: feed.changed, feed.tried,
// patients.imported, record.taken.
package ingest
