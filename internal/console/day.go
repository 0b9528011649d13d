package console

import (
	"cmp"
	"strconv"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/enroll"
	"portico/internal/jobs"
	"portico/internal/page"
	"portico/internal/registry"
	"portico/internal/store"
	"portico/internal/trail"
	"portico/internal/web"
)

// waitingNow is what waits, whoever's work it is.
type waitingNow struct {
	requests, faults, jobs int
	oldest                 time.Time
}

// dayNumbers are the numbers of the day of administrators and auditors: how much
// was done since midnight, and what waits. They count and name nobody. Each leads
// to its list where the reader may see that.
func (c *Console) dayNumbers(q *web.Request, d access.Desk, p *HomePage) error {
	task := access.ManageStaff
	if d.May(access.ReadAudit) {
		task = access.ReadAudit
	} else if !d.May(task) {
		return nil
	}
	since := c.midnight()
	tally, err := c.Trail.Day(q.Context(), d.For(task), since)
	if err != nil {
		return err
	}
	var now waitingNow
	if err := c.DB.View(q.Context(), func(tx *store.Tx) (err error) {
		if now.requests, now.oldest, err = enroll.CountWaiting(q.Context(), tx); err != nil {
			return err
		}
		if now.faults, err = registry.CountFaults(q.Context(), tx); err != nil {
			return err
		}
		if now.jobs, err = jobs.CountFailed(q.Context(), tx); err != nil {
			return err
		}
		p.Opened, p.Overdue, err = c.Staff.Gate.CountOpenings(q.Context(), tx)
		return err
	}); err != nil {
		return err
	}
	p.Day = append(c.doneToday(q, d, tally, since), c.waits(q, d, now)...)
	return nil
}

// midnight is when the clinic's day began.
func (c *Console) midnight() time.Time {
	zone := time.UTC
	if now := c.Clinic.Now(); now.Zone != nil {
		zone = now.Zone
	}
	y, m, day := c.DB.Now().In(zone).Date()
	return time.Date(y, m, day, 0, 0, 0, 0, zone)
}

// doneToday are the deeds since midnight.
func (c *Console) doneToday(q *web.Request, d access.Desk, t trail.Tally, since time.Time) []Number {
	day := since.Format(time.DateOnly)
	log := func(k conditions) string {
		if !d.May(access.ReadAudit) {
			return ""
		}
		k.From = day
		return c.sealFilter(d, auditPath, k)
	}
	action := func(a audit.Action, o audit.Outcome) string {
		return log(conditions{Action: string(a), Outcome: string(o)})
	}
	s := c.words(q)
	n := func(count int, text, href string) Number {
		return Number{Figure: strconv.Itoa(count), Text: text, Href: href}
	}
	return []Number{
		n(t.Of(audit.Done, audit.AccountOpened), s.T("office.day.accounts"), action(audit.AccountOpened, audit.Done)),
		n(t.Of(audit.Done, audit.SignedIn), s.T("office.day.signins"), action(audit.SignedIn, audit.Done)),
		n(t.Of(audit.Refused, audit.SignInTried, audit.SecondStep), s.T("office.day.failed"), log(conditions{Kind: "signin", Outcome: string(audit.Refused)})),
		n(t.Of(audit.Done, audit.StaffSignedIn), s.T("office.day.staff"), action(audit.StaffSignedIn, audit.Done)),
		n(t.Of(audit.Refused, audit.StaffTried), s.T("office.day.staff.failed"), action(audit.StaffTried, audit.Refused)),
		n(t.Of(audit.Done, audit.CodeIssued), s.T("office.day.codes"), action(audit.CodeIssued, audit.Done)),
		n(t.Of(audit.Done, audit.CodeOpened), s.T("office.day.codes.used"), action(audit.CodeOpened, audit.Done)),
		n(t.Of(audit.Done, audit.CodeExpired), s.T("office.day.codes.expired"), action(audit.CodeExpired, audit.Done)),
		n(t.Of(audit.Done, audit.NoticeSent), s.T("office.day.sent"), action(audit.NoticeSent, audit.Done)),
		n(t.Of(audit.Failed, audit.NoticeFailed), s.T("office.day.unsent"), cmp.Or(log(conditions{Action: string(audit.NoticeFailed)}), allowed(d, access.SeeUndelivered, "/staff/undelivered"))),
		n(t.Of(audit.Done, audit.ResultReleased), s.T("office.day.released"), action(audit.ResultReleased, audit.Done)),
		n(t.Of(audit.Done, audit.ResultHeld), s.T("office.day.held"), action(audit.ResultHeld, audit.Done)),
	}
}

// waits are what waits now.
func (c *Console) waits(q *web.Request, d access.Desk, now waitingNow) []Number {
	s := c.words(q)
	requests := allowed(d, access.ReviewRequests, "/staff/requests")
	oldest := Number{Figure: "–", Text: s.T("desk.home.longest"), Href: requests}
	if !now.oldest.IsZero() {
		oldest.Figure = waited(s, c.DB.Now().Sub(now.oldest))
	}
	return []Number{{Figure: strconv.Itoa(now.requests), Text: s.T("desk.home.requests"), Href: requests}, oldest,
		{Figure: strconv.Itoa(now.jobs), Text: s.T("office.day.jobs"), Href: allowed(d, access.SeeJobs, jobsPath)},
		{Figure: strconv.Itoa(now.faults), Text: s.T("office.day.faults"), Href: allowed(d, access.SeeImports, "/staff/imports")}}
}

// allowed gives an address to whoever may open it.
func allowed(d access.Desk, t access.Task, path string) string {
	if d.May(t) {
		return path
	}
	return ""
}

// openedText says how many charts wait for a review.
func (p HomePage) openedText(s page.Shell) string {
	if p.Overdue > 0 {
		return s.T("emergency.home.late", p.Overdue)
	}
	return s.T("emergency.home.text", p.Opened)
}

func (p HomePage) openedTone() page.Tone {
	if p.Overdue > 0 {
		return page.Bad
	}
	return page.Warn
}
