package access

import (
	"context"

	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// Reading is the proof that somebody may read one patient's record: a Chart the
// patient opened, or an Opened one of staff or of a job.
type Reading interface {
	Patient() ids.Patient
	// Whole tells whether what is not released yet may be seen too.
	Whole() bool
	reading()
}

// Whole is false: who looks at their own record sees what was released.
func (c Chart) Whole() bool { return false }
func (Chart) reading()      {}

// Opened is a patient's record opened by staff with a task, or by a duty.
type Opened struct {
	patient ids.Patient
	desk    Desk
	duty    Duty
	whole   bool
}

func (o Opened) Patient() ids.Patient { return o.patient }
func (o Opened) Whole() bool          { return o.whole }
func (Opened) reading()               {}

// Did makes an audit entry of what was done with this record.
func (o Opened) Did(a audit.Action, object string) audit.Entry {
	e := o.duty.Did(a, object)
	if o.desk.staff != "" {
		e = o.desk.Did(a, object)
	}
	return e.On(string(o.patient))
}

// Open opens a patient's record for one of the staff user's tasks and writes the
// line that says so, which the patient can read.
func (g *Gate) Open(ctx context.Context, d Desk, t Task, p ids.Patient) (Opened, error) {
	if err := d.Need(t); err != nil {
		return Opened{}, err
	}
	if p == "" {
		return Opened{}, fault.Missing()
	}
	o := Opened{patient: p, desk: d, whole: true}
	return o, g.DB.Change(ctx, o.Did(audit.RecordOpened, string(p)).With(string(t)), func(*store.Tx) error { return nil })
}

// For opens one patient's record for a duty: what was released, as the patient
// sees it. The duty writes the line about what it did with it.
func (d Duty) For(p ids.Patient) Opened { return Opened{patient: p, duty: d} }

// Whole opens one patient's record for a duty with what is not released yet.
func (d Duty) Whole(p ids.Patient) Opened { return Opened{patient: p, duty: d, whole: true} }
