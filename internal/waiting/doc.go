// Package waiting keeps what patients wait for: an answer to a request for a visit
// that the clinic books itself, and an earlier time of a visit that they book. Both
// are a Wish: a kind of visit, with whom, where, on which days.
//
// # Requests
//
// A request stands in the staff's queue until they book a time, propose up to three
// or decline with a reason. Proposed times are held in the calendar for the request:
// they take time of the clinician, the room and the patient, so nobody else gets
// them. The patient takes one, says that none suits (the request is in the queue
// again), or lets them run out, of which they are told.
//
// # The waiting list
//
// Whoever has a visit, or found no time, can wait for an earlier one. When a time is
// free, up to five who fit are asked at once, who waits the longest first. The time is
// not held for any of them: the first to take it has it, and the cells of the calendar
// settle who that is. A winner who has a visit moves in one step; the old time is then
// free and offered in turn. The others are told and keep their visit and their place.
//
// # What it refuses
//
// To offer one time to crowds, or one person two times at once; to let staff propose
// times that overlap each other; to keep words of patients in clear; to say anything
// about another patient's wish. Each refusal is a Why with a sentence.
//
// It reads appointment, which belongs to the calendar (scheduling), and changes it
// through Calendar alone.
//
// Locks are taken in one order: the wish, then what the calendar locks.
//
// Tables: wish, wish_offer, wish_event.
package waiting
