package notify

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/jobs"
	"portico/internal/store"
)

// CallbackPath is where the provider reports what became of texts and calls.
const CallbackPath = "/callbacks/phone"

// Callback takes the provider's status reports at POST CallbackPath. A report
// may come twice, late or in the wrong order; only a failure of a message that
// counted as sent changes anything, once.
func (o *Outbox) Callback(p *Phone) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		if r.Method != http.MethodPost || r.ParseForm() != nil || !p.Signed(r.PostForm, r.Header.Get("X-Twilio-Signature")) {
			http.Error(w, "", http.StatusForbidden)
			return
		}
		ref, status := r.PostForm.Get("MessageSid"), r.PostForm.Get("MessageStatus")
		if ref == "" {
			ref, status = r.PostForm.Get("CallSid"), r.PostForm.Get("CallStatus")
		}
		if err := o.report(r.Context(), ref, status, r.PostForm.Get("ErrorCode")); err != nil {
			o.Log.Error("notify: phone report", "err", err)
			http.Error(w, "", http.StatusServiceUnavailable) // the provider will try again
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

var number = regexp.MustCompile(`^[0-9]{1,6}$`)

// reportArgs are what the provider reported: its reference, a code, and when.
type reportArgs struct {
	Ref, Why string
	At       time.Time
}

// overtake is how long a report may come before our own note that the message
// was handed over: the lease of a worker that died in between.
const overtake = 10 * time.Minute

var errEarly = errors.New("the report came before the message was settled")

// reportJob marks a message as failed after the provider said so.
var reportJob = jobs.Kind[reportArgs]{Name: "notify.report"}

// report queues what matters of a report. A call that nobody answered
// ("no-answer", "busy") is not a failure of ours.
func (o *Outbox) report(ctx context.Context, ref, status, code string) error {
	if !sid.MatchString(ref) || (status != "failed" && status != "undelivered") {
		return nil
	}
	why := "phone_undelivered"
	if number.MatchString(code) {
		why += "_" + code
	}
	return o.DB.Housekeep(ctx, "notify", func(tx *store.Tx) error {
		return reportJob.Enqueue(ctx, tx, reportArgs{ref, why, tx.Now}, jobs.Options{Unique: ref})
	})
}

// fail marks a sent message as failed. A second report finds nothing to mark; one
// that overtook our own note is tried again until the note is there.
func (o *Outbox) fail(ctx context.Context, d access.Duty, a reportArgs) error {
	err := o.DB.Record(ctx, func(tx *store.Tx) (audit.Entry, error) {
		m, err := store.Get(ctx, tx, scanBrief, `
			UPDATE outbox SET state = 'failed', why = $2, settled_at = $3 WHERE provider_ref = $1 AND state = 'sent'
			RETURNING id, patient_id`, a.Ref, a.Why, store.Time(tx.Now))
		if errors.Is(err, store.ErrNone) && tx.Now.Before(a.At.Add(overtake)) {
			n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM outbox WHERE provider_ref = $1`, a.Ref)
			if err == nil && n == 0 {
				return audit.Entry{}, errEarly
			}
			return audit.Entry{}, errors.Join(err, store.ErrNone)
		}
		return did(d, audit.NoticeFailed, m).As(audit.Failed).With(a.Why), err
	})
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	return err
}
