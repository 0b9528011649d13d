package notify

import (
	"context"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/store"
)

// ToStaff queues a notice by e-mail to everybody who works at the clinic, can sign
// in, and whose roles are right, except one person ("" for nobody), to each in the
// language they read the console in. A key and an address get it once.
func (o *Outbox) ToStaff(ctx context.Context, tx *store.Tx, right func([]access.Role) bool, except ids.Staff, n Notice, key string) error {
	type colleague struct {
		id           ids.Staff
		email, roles string
	}
	all, err := store.List(ctx, tx, func(r store.Row) (c colleague, err error) { return c, r.Scan(&c.id, &c.email, &c.roles) },
		`SELECT id, email, roles FROM staff WHERE state = 'active' AND id <> $1 ORDER BY email`, except)
	if err != nil {
		return err
	}
	for _, c := range all {
		if !right(access.ParseRoles(c.roles)) {
			continue
		}
		l, err := access.StaffLang(ctx, tx, c.id)
		if err != nil {
			return err
		}
		if _, err := o.Send(ctx, tx, Message{To: c.email, Channel: Mail, Lang: l, Notice: n, Key: key + ":" + c.email}); err != nil {
			return err
		}
	}
	return nil
}
