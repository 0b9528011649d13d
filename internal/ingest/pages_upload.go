package ingest

import (
	"github.com/a-h/templ"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/web"
)

// uploadPath is where a clerk brings in a file.
const uploadPath = "/staff/imports/new"

// UploadPage is the form for a file.
type UploadPage struct{ Number, From string }

func (i *Door) showUpload(*web.Request, access.Desk) (web.Reply, error) {
	return uploadPage(UploadPage{}), nil
}

func uploadPage(p UploadPage) web.Reply {
	return web.Show(func(s page.Shell) templ.Component {
		return upload(s.Called(s.T("ingest.upload.title")).BackTo("/staff/imports"), p)
	})
}

func (i *Door) uploadForm(q *web.Request, d access.Desk) (web.Reply, error) {
	file, err := q.File("file")
	if err != nil {
		return web.Reply{}, err
	}
	p := UploadPage{Number: q.Text("number"), From: q.Text("from")}
	run, err := i.Upload(q.Context(), d, Sent{Number: p.Number, From: p.From, File: file})
	if fault.Fixable(err) {
		return uploadPage(p).Fix(err), nil
	}
	return web.Redirect("/staff/imports?run=" + run), err
}

// came says what became of a file.
func came(s page.Shell, r Run) page.CalloutSpec {
	c := page.CalloutSpec{Tone: page.OK, Title: s.T("ingest.upload.done"), Text: s.T("ingest.upload.counts", r.New, r.Changed, r.Unchanged+r.Older)}
	if r.Refused > 0 {
		c.Tone, c.Title = page.Warn, s.T("ingest.upload.partly", r.Refused)
	}
	return c
}
