// Package scheduling is the clinic's calendar: who sees whom, when and where. The
// clinic describes its clinicians, places, kinds of visit and weeks; patients find
// a time, book, move and cancel it; staff do the same and keep the day.
//
// # How a time is never given twice
//
// A visit takes five-minute cells of its clinician and its room, with what comes
// before and after it, and of its patient. The cells are rows whose key is
// resource and cell, written by a trigger of the database whenever a visit changes
// (store/guard_time.go). Two visits that overlap cannot both exist, on either
// database, whoever wrote them. Who comes second gets ErrTaken with the times
// that are nearest; what they typed stays.
//
// A time that was picked is held for five minutes: a visit in the state held. When
// the minutes are over it takes no time any more, whether or not the job has come
// by. Moving a visit changes one row; if the new time is taken nothing changes.
//
// # Finding times
//
// Weeks are rules on the clinic's own clock and are worked out when asked, so that a
// change of a week or of the hour (daylight saving) is right at once. What is taken
// stands beside them as 288 bits a day and resource (busy_day), so that three months
// of fifty clinicians are a few thousand short rows. The bits only spare work: what
// they say wrongly, the cells refuse.
//
// # What it refuses
//
// To drop a booked visit because a week changed; to let staff or patients overlap;
// to say anything about another patient's visits; to take a time in the past, too
// soon, too far ahead, in a closure or outside the week. Each refusal is a Why with a
// sentence.
//
// # Times kept for requests
//
// What staff propose to a patient who asked for a visit is held like a picked time,
// with the wish it is for (held_for). The room of those who wait (waiting) keeps, takes
// and gives back such times through keep.go, in its own transactions, and reads
// appointment; whoever looks for another time meanwhile does not let go of them. A
// Watcher hears of each time that is free.
//
// # Reminders
//
// A job reminds 7, 3 and 1 days before a visit, between nine and eight on the
// clinic's clock. What was queued is written down with the time of the visit, in
// one transaction with the message; moving or cancelling takes back what waits.
// A patient who chose another time zone on the page of language and display is told
// both times; all others are the clinic's, and named.
//
// # Visits kept elsewhere
//
// A clinic may keep visits in another system too. What comes in from there is shown
// beside ours (elsewhere.go). Its clinician, where the name says who that is, is not
// given away at that time: a trigger refuses it. What was booked here first stands,
// and staff see that the two meet.
//
// # Answers without signing in
//
// A message about a visit carries a link of 256 random bits, kept as a hash. Behind it
// stands when the visit is, and nothing of who, with whom, where or why; opening it
// changes nothing, two buttons do: "I will come", and "I can't come", which cancels
// until the cut-off and afterwards tells the desk. It answers for one visit at one
// time: moving or cancelling the visit ends it, and so does its beginning. Any other
// link, however it is wrong, gets the same page.
//
// Tables: place, room, clinician, visit_type, visit_type_clinician, schedule_block,
// schedule_closure, appointment, appointment_event, appointment_cell, busy_day, tick,
// visit_reminder, visit_elsewhere, visit_link, visit_answer.
package scheduling
