// Package results is the room of test results: what a patient reads of them,
// what it means in plain words, and when they may see it.
//
// A result reads in this order: words first (in range, above, below; up or down
// since last time), then a bar, then a chart over time, then a table with every
// value. Values, ranges and flags stand as their sender wrote them; a code this
// room does not know is shown raw. Values in different units never share an
// axis.
//
// A result that is marked as sensitive asks first: the person chooses to see it,
// for this session only. One that is held says that it arrived and when it opens,
// and nothing else. What was entered in error is gone.
//
// Opening a result is written to the audit log and kept in result_seen, from
// which new marks and unopened critical results come.
//
// A search may hold health facts, so its words stand in no address: they are
// sealed for the session.
//
// What it refuses: to change a value, to make up a range, to reassure beyond
// what the sender or the clinician said.
//
// Tables: result_seen, result_shown, result_choice.
// Routes: GET and POST /results, GET /results/{id}, POST /results/{id}/show, GET
// /results/{id}/history, GET /results/{id}/file, GET and POST /results/settings.
// Jobs: none.
// Audit: result.seen, result.shown, result.wait_chosen.
package results
