package console

import (
	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/web"
)

const jobsPath = "/staff/jobs"

// mountJobs adds the list of background work that failed.
func (c *Console) mountJobs(d desk) {
	d.place("GET /staff/jobs", access.SeeJobs, c.failedJobs, page.NavItem{Path: jobsPath, Icon: "wrench", TextKey: "office.jobs.nav"})
	d.form("POST /staff/jobs/{id}/retry", access.SeeJobs, c.retryJob)
	d.form("POST /staff/jobs/{id}/drop", access.SeeJobs, c.dropJob)
}

// FailedJob is background work that was given up.
type FailedJob struct {
	ID    ids.Job
	Title string
	Facts []page.Fact
}

// JobsPage lists it. Fields of a job's form carry its identifier: there may be many.
type JobsPage struct{ Jobs []FailedJob }

// jobWord says what kind of work it is, in words where there are some.
func jobWord(s page.Shell, kind string) string {
	if key := "office.job." + kind; lang.Has(key) {
		return s.T(key)
	}
	return s.T("office.jobs.kind", kind)
}

func (c *Console) failedJobs(q *web.Request, d access.Desk) (web.Reply, error) {
	return c.jobsPage(q, d, nil)
}

func (c *Console) jobsPage(q *web.Request, d access.Desk, wrong error) (web.Reply, error) {
	all, err := c.Jobs.Failed(q.Context(), d)
	if err != nil {
		return web.Reply{}, err
	}
	s := c.words(q)
	var p JobsPage
	for _, j := range all {
		facts := []page.Fact{{Label: s.T("office.jobs.why"), Value: j.Why}, {Label: s.T("office.jobs.tries"), Value: s.T("office.jobs.times", j.Tries)},
			{Label: s.T("office.jobs.since"), Value: s.Moment(j.Created)}}
		if !j.Gave.IsZero() {
			facts = append(facts, page.Fact{Label: s.T("office.jobs.gave"), Value: s.Moment(j.Gave)})
		}
		p.Jobs = append(p.Jobs, FailedJob{j.ID, jobWord(s, j.Kind), facts})
	}
	return c.show(q, q.T("office.jobs.title"), func(s page.Shell) templ.Component { return failedJobs(s, p) }).Fix(wrong), nil
}

func (c *Console) retryJob(q *web.Request, d access.Desk) (web.Reply, error) {
	err := c.Jobs.Retry(q.Context(), d, ids.Job(q.PathValue("id")))
	if bad, ok := refused(err); ok {
		return c.jobsPage(q, d, bad)
	}
	return web.Redirect(jobsPath + "?done=again"), err
}

func (c *Console) dropJob(q *web.Request, d access.Desk) (web.Reply, error) {
	id := ids.Job(q.PathValue("id"))
	err := c.Jobs.Drop(q.Context(), d, id, q.Text("why-"+string(id)))
	if fault.Is(err, fault.Invalid) {
		return c.jobsPage(q, d, fault.Bad("why-"+string(id), "office.jobs.why.choose"))
	}
	return web.Redirect(jobsPath + "?done=dropped"), err
}

func dropReasons(s page.Shell) []page.Option {
	var out []page.Option
	for _, w := range jobs.Reasons {
		out = append(out, page.Option{Value: w, Text: s.T("office.jobs.why." + w)})
	}
	return out
}
