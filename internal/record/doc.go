// Package record is the store of health records: FHIR R4 resources as they came
// in, every version kept, and the rows that pages read.
//
// The document is the truth. It is kept byte for byte, with two exceptions: the
// resource's own id and its references become ours, so that they can always be
// followed. A reference to something that has not come in yet gets the
// identifier that will be given to it. Numbers stay as they were written.
//
// Beside each document stand, written in the same transaction: promoted columns
// and tokens to search by, links to other resources, one read-model row (Row)
// with what lists and timelines show, and for each value of a test a narrow one
// (Mark) with what a chart draws. Lists read rows; one item's page reads its
// document; downloads are made of documents.
//
// A resource that came in unchanged writes nothing. One older than the version
// that is known goes into history. One about another patient than its bundle is,
// or than its former version was, is refused, as is one that refers into another
// patient's record.
//
// # Who may read
//
// Every reading takes an access.Reading: a patient's own Chart, or a record that
// staff or a duty opened. All SQL filters by its patient. A reading that is not
// whole gets rows that are not released yet without what they say (Row.Held), and
// their documents not at all. A report that is released while something in it is
// not comes without what repeats that (Row.Partly, Doc.Partly). A document that holds
// the text of a report opens no earlier than the report (abide.go). What was entered in
// error is in no list and no reading of a patient; it stays in the history that
// staff can open.
//
// The lists of the release desk, over all patients, join record_row and
// resource_label for reading: those two are shared.
//
// When a result is released is not decided here but by Rules, which room results
// satisfies; what is to be done when records arrive, by Watcher.
//
// When the patient index joins records, or parts them again, the chart follows in
// the same transaction (Follow): every resource knows the record it came in for.
//
// Tables: record_home, resource, resource_version, resource_name, resource_token,
// resource_link, resource_label, record_row, record_part, record_value, record_source. Routes: none. Jobs:
// none. Audit: record.taken.
package record
