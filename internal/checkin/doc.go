// Package checkin is what a patient does in the days before a visit instead of at
// the counter: looking through what the clinic has of them, showing the insurance
// card, and saying that they come.
//
// # Steps
//
// A check-in opens three days before its visit and ends when the visit begins. It
// is a list of steps; each is a page of its own with a form, saved by itself, so
// that one can stop anywhere and go on in another browser. What was typed is kept
// as it was typed. The last form sends it: the visit is checked in, in the same
// transaction.
//
// Contacts, address, whom to call, insurance, medicines and allergies are shown as
// the clinic has them, with the question whether they are still right. A "no" is a
// change for the desk, beside what was there, which staff accept or refuse. This
// room changes neither the patient index nor the record: an e-mail address typed
// here would else become one that activation codes are sent to.
//
// # Pictures
//
// Pictures of the card are taken by what they are, JPEG or PNG, bounded in bytes
// and in points before they are decoded, one at a time, and drawn anew: nothing
// else of the file is kept, neither place nor camera nor what hides behind the
// picture. They are sealed.
//
// # Questionnaires
//
// A kind of visit can ask for questionnaires: FHIR R4 Questionnaires that were
// uploaded, with what cannot be drawn refused by its path. A page shows the
// questions that the saved answers open (enableWhen); when answers open more, the
// page comes again with the new ones marked, so that none of it needs a script. What
// repeats is asked once more where somebody ticks that they have another. Answers of a
// value set must come with the questionnaire; attachments and references are refused. The
// answers become QuestionnaireResponses in the record by a job, once the check-in is
// sent. Options with an ordinalValue are summed to a score, which staff alone see.
//
// The PHQ-9 is built in. Any answer but "not at all" to its question about
// self-harm (LOINC 44260-8) shows the person whom to call, on every page from then
// on, and tells the desk at once, on its list and by e-mail, before anything is sent.
//
// # Consents
//
// A kind of visit can ask for texts to be signed by typing one's name. A published
// text is never changed; a new version is a new row. Kept are the version, the
// language it was read in, the hash of what was read, the name (sealed), the time
// and the kind of browser, and no address.
//
// # What it refuses
//
// To check in too early, after the visit has begun, for a visit that was cancelled
// or is somebody else's. Each refusal has a sentence, and what was typed stays. If
// a visit moves, its check-in moves with it and is sent again.
//
// Tables: checkin, checkin_part, checkin_photo, checkin_change, checkin_form,
// checkin_consent, checkin_need, checkin_signature.
// Routes: GET and POST /visits/{id}/checkin and below it each step, GET
// /visits/{id}/checkin/photo; for staff GET /staff/checkins, GET and POST
// /staff/checkins/{id}, GET /staff/checkins/{id}/photo, GET and POST /staff/forms and
// below it form, kinds and consent. Jobs: checkin.file. Audit: checkin.saved,
// checkin.sent, checkin.settled, checkin.signed, checkin.forms_changed.
package checkin
