package diary

import (
	"net/url"
	"strings"

	"portico/internal/jobs"
	"portico/internal/page"
	"portico/internal/record"
	"portico/internal/scheduling"
	"portico/internal/store"
)

// Diary is the door.
type Diary struct {
	DB     *store.DB
	Record *record.Records
	Visits *scheduling.Scheduling
	Clinic page.Profile
	Base   *url.URL // the portal's own address
}

// source is how the record knows what was written from here. No feed can have this
// name: theirs have no colon.
const source = "portico:visits"

// system is the name space of our identifiers of visits.
func (d *Diary) system() string { return d.Base.JoinPath("/visits").String() }

// logical is an identifier of ours as it may stand in FHIR (hl7.org/fhir/R4/datatypes.html#id).
func logical[T ~string](id T) string { return strings.Replace(string(id), "_", "-", 1) }

// Work registers the jobs.
func (d *Diary) Work(r *jobs.Runner) {
	jobs.Handle(r, scheduling.Changed, d.Write)
	jobs.Handle(r, arrived, d.Read)
}
