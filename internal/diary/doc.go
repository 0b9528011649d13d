// Package diary keeps the calendar and the record store alike. What is booked, moved
// or given up in the portal becomes an Appointment in the record, with its Slot and
// its clinician's Schedule, so that copies, feeds and programs see it. An
// Appointment that the clinic's own system sends is shown among the patient's
// visits, and its clinician's time is not given away.
//
// Both ways go by a job that is queued in the transaction of the change, so none is
// lost and booking never waits for the record. A job writes what stands when it
// runs: of two changes within a second the record may keep the second alone. The
// calendar's own history has both.
//
// A visit of ours that comes back, by a copy that was made here or from a system
// that keeps it too, is known by our identifier, or by patient, start and clinician,
// and stands in the list once.
//
// It also tells which entry of the record may be what was done at a visit, and at
// which visit it was: by the sender's own link, else by the same day and clinician,
// which is said as no more than that.
//
// It refuses to write what people said about a visit into the record: the patient's
// words and the staff's notes stay sealed in the calendar. It never changes a visit
// that was booked here because of what came in.
//
// Tables: none. Routes: none. Jobs: scheduling.changed, diary.arrived. Audit:
// visit.mirrored.
package diary
