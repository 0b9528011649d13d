package web

// Watch keeps in step with other servers what this one has in memory, such as
// the clinic's profile.
type Watch interface {
	// Seen says with which stamp a session was read.
	Seen(stamp int64)
	// Glance is called before pages without a session; it looks for itself, at
	// most once in a while.
	Glance()
}

// seen passes on the stamp of the session that was just read, and shows the page
// under the clinic's profile as it is now.
func (q *Request) seen(stamp int64) {
	if w := q.router.set.Watch; w != nil {
		w.Seen(stamp)
		q.shell.Clinic = q.router.set.Clinic.Now()
	}
}
