package notify

import (
	"context"
	"io"
	"regexp"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/dsn"
	"portico/internal/jobs"
	"portico/internal/limit"
	"portico/internal/store"
)

// BouncePath is where the clinic's mail server passes on the reports it gets.
const BouncePath = "/callbacks/mail"

// MaxBounce is the longest report taken, in bytes.
const MaxBounce = dsn.MaxBytes

// bounceRule bounds what one address passes on: reading a report costs something.
var bounceRule = limit.Rule{Name: "notify.bounce", Max: 300, Per: time.Minute}

// bouncesFor is how long an e-mail can come back. Servers give up after five days
// at most (RFC 5321, 4.5.4.1); the reports of the next one on the way take a while.
const bouncesFor = 10 * 24 * time.Hour

// copies are what e-mails of ours are known by (see row.copy).
var copies = regexp.MustCompile(`^(msg_[a-z0-9]{16,40})(-[0-9]{1,6})?$`)

// Bounced takes a report about an e-mail that a server took and could not deliver
// after all, and puts that before staff. Anything else is nothing to us, and the
// answer does not tell which it was.
//
// Whoever passes it on proves with it that they know the e-mail's identifier, 128
// random bits that stand in the e-mail alone: its servers and its reader know them.
// So the worst that a false report does is to put one e-mail, that its reader got,
// on the staff's list, once.
func (o *Outbox) Bounced(ctx context.Context, v access.Visitor, report io.Reader) error {
	if err := o.Limits.Check(ctx, bounceRule, "error.busy", v.Source().Narrow()); err != nil {
		return err
	}
	got, err := dsn.Read(report)
	if err != nil {
		return nil
	}
	ref, _, _ := strings.Cut(got.MessageID, "@")
	known := copies.FindStringSubmatch(ref)
	if known == nil {
		return nil
	}
	why := "mail_bounced"
	if got.Status != "" {
		why += "_" + got.Status
	}
	return o.DB.Housekeep(ctx, "notify", func(tx *store.Tx) error {
		n, err := store.Get(ctx, tx, store.One[int], `
			SELECT COUNT(*) FROM outbox WHERE id = $1 AND channel = 'email' AND state IN ('queued', 'sending', 'sent')
				AND COALESCE(settled_at, $2) >= $3`, known[1], store.Time(tx.Now), store.Time(tx.Now.Add(-bouncesFor)))
		if err != nil || n == 0 {
			return err
		}
		return reportJob.Enqueue(ctx, tx, reportArgs{ref, why, tx.Now}, jobs.Options{Unique: ref})
	})
}
