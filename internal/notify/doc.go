// Package notify tells people things: by e-mail, text, voice call and letter.
//
// A room calls Outbox.Send inside the transaction that causes the message. The
// row is sealed (it holds a contact and perhaps a code) and a job sends it with
// back-off. What holds whatever breaks:
//
//   - Nothing is lost: row and job commit with their cause; a job whose worker
//     died is taken up again when its lease ends.
//   - Nothing is doubled: a message with the same Key is queued once; a worker
//     takes a lease on the row before it sends, so two workers cannot send the
//     same row. Only a crash between handing over and writing that down can
//     repeat a message, and then an e-mail carries the same Message-ID, by
//     which mail servers and programs drop the second copy.
//   - Nothing pointless is sent: a message has an end (Expires), and a room
//     withdraws by key what no longer makes sense.
//   - Nothing stays behind: contact and content are erased when the message has
//     arrived; kind, channel and times remain. What may still be reported as lost
//     is kept for a day, and what did not arrive for as long as staff may send it
//     again, sealed: never a code or a link, at most ten days, and only to a
//     contact that is proven or on file at that moment.
//   - What comes back later is told: the phone provider reports to Callback, mail
//     servers to Bounced. A report counts once, and for the copy it is about.
//
// Every link begins with the configured base address, never with a host named
// by a request. Subjects hold neither codes nor names of people; no message
// holds health facts.
//
// Tables: outbox, demo_message. Jobs: notify.send, notify.report, notify.sweep.
// Audit: notice.queued (refused), notice.sent, notice.failed, notice.withdrawn,
// notice.again.
//
// It refuses to know why a message is sent or whether it may be: rooms decide.
package notify
