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
// # The release desk
//
// Rules say when results of a class, or of one test, open: at once (the default),
// some hours after they arrive, or when a clinician releases them. Nothing stays
// shut longer than Cap after it arrived, whatever rule, choice or hold says.
// Staff comment on a result, release it, hold it with a reason from a closed
// list, and mark it as sensitive; each decision is about the state of the result
// that they saw, and one that moved on since is refused. It is for all that is in
// a report, but for what staff held by itself and what is sensitive in a report
// that is not: these stay shut until they are named. Meanwhile the report opens
// without its summary and files, which repeat them, and a note with the same text stays
// shut (package record). A new version
// of a result never takes away what its patient could see. Comments are sealed, every
// version is kept, and a patient reads them only beside a result they may see.
//
// When something may be seen that was not there before, a job looks whether the
// patient has opened it meanwhile, and if not tells them once that something is
// new, and nothing else. Old history and the first arrival of a whole chart are
// no news.
//
// The desk's lists join the tables record_row and resource_label of package
// record, and patient, for reading.
//
// Tables: result_seen, result_shown, result_choice, result_rule, result_decision,
// result_comment, result_notice.
// Routes: GET and POST /results, GET /results/{id}, POST /results/{id}/show, GET
// /results/{id}/history, GET /results/{id}/file, GET and POST /results/settings,
// GET /staff/results, GET /staff/results/{id}, GET /staff/results/{id}/file, POST
// /staff/results/{id}/comment,
// /release, /hold, /mark, GET and POST /staff/results/rules, POST
// /staff/results/rules/drop.
// Jobs: result.notice.
// Audit: result.seen, result.shown, result.wait_chosen, result.released,
// result.held, result.commented, result.marked, result.rules_changed,
// notice.queued.
package results
