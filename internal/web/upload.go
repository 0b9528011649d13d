package web

import (
	"errors"
	"io"
	"net/http"

	"portico/internal/access"
	"portico/internal/fault"
)

// StaffUpload is StaffForm for a form that sends files of up to most bytes in all.
func (r *Router) StaffUpload(pattern string, t access.Task, most int64, h StaffFunc) {
	r.files = append(r.files, upload{pattern, most})
	r.staff(pattern, Route{Need: string(t), Form: true}, h)
}

// StaffRaisedUpload is StaffUpload in a session raised within the last ten minutes.
func (r *Router) StaffRaisedUpload(pattern string, t access.Task, most int64, h StaffFunc) {
	r.files = append(r.files, upload{pattern, most})
	r.staff(pattern, Route{Need: string(t), Form: true, Raised: true}, h)
}

// PatientUpload is PatientForm for a form that sends files of up to most bytes in all.
func (r *Router) PatientUpload(pattern string, p access.Permission, most int64, h patientFunc) {
	r.files = append(r.files, upload{pattern, most})
	r.patient(pattern, Route{Need: string(p), Form: true}, h)
}

// upload is a form that sends files, with how large they may be together.
type upload struct {
	pattern string
	most    int64
}

// most is how many bytes of files this request's form may send.
func (q *Request) most() int64 {
	for _, u := range q.router.files {
		if u.pattern == q.route.Method+" "+q.route.Path {
			return u.most
		}
	}
	return 0
}

// readFiles is readForm for a form that sends files. They are kept in memory,
// never on disk.
func (q *Request) readFiles(most int64) error {
	q.Body = http.MaxBytesReader(q.w, q.Body, most+maxForm)
	err := q.ParseMultipartForm(most + maxForm)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return errTooLarge
	}
	if err != nil && !errors.Is(err, http.ErrNotMultipart) { // without a file it may come like any form
		return fault.Bad("", "error.form.broken")
	}
	return nil
}

// File gives the file sent in a field, nil if none was chosen. Its name and what
// the browser says it is are not believed and not given.
func (q *Request) File(name string) ([]byte, error) {
	if q.MultipartForm == nil || len(q.MultipartForm.File[name]) == 0 || q.MultipartForm.File[name][0].Size == 0 {
		return nil, nil
	}
	f, err := q.MultipartForm.File[name][0].Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}
