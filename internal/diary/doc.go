// Package diary keeps the record store like the calendar. What is booked, moved or
// given up in the portal becomes an Appointment in the record, with its Slot and its
// clinician's Schedule, so that copies, feeds and programs see it.
//
// That goes by a job which is queued in the transaction of the change, so none is
// lost and booking never waits for the record. The job writes what stands when it
// runs: of two changes within a second the record may keep the second alone. The
// calendar's own history has both.
//
// It refuses to write what people said about a visit into the record: the patient's
// words and the staff's notes stay sealed in the calendar.
//
// Tables: none. Routes: none. Jobs: scheduling.changed. Audit: visit.mirrored.
package diary
