package trail

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/store"
)

// Deed is an action with how it ended.
type Deed struct {
	Action  audit.Action
	Outcome audit.Outcome
}

// Tally counts deeds.
type Tally map[Deed]int

// Of adds up what was done of actions with an outcome.
func (t Tally) Of(o audit.Outcome, actions ...audit.Action) (n int) {
	for _, a := range actions {
		n += t[Deed{a, o}]
	}
	return n
}

// counted are the actions of the console's numbers of the day. None is a page
// view, which the index they are counted in leaves out.
var counted = []audit.Action{audit.AccountOpened, audit.SignedIn, audit.SignInTried, audit.SecondStep, audit.StaffSignedIn, audit.StaffTried, audit.CodeIssued, audit.CodeOpened,
	audit.CodeExpired, audit.NoticeSent, audit.NoticeFailed, audit.ResultReleased, audit.ResultHeld}

// Day counts what was done since a moment, for administrators and auditors: how
// much, not by whom. It costs what happened since then, not what the log holds.
func (t *Trail) Day(ctx context.Context, d access.Desk, since time.Time) (Tally, error) {
	if d.Need(access.ManageStaff) != nil {
		if err := d.Need(access.ReadAudit); err != nil {
			return nil, err
		}
	}
	args := []any{store.Time(since)}
	for _, a := range counted {
		args = append(args, string(a))
	}
	out := Tally{}
	err := t.DB.View(ctx, func(tx *store.Tx) error {
		_, err := store.List(ctx, tx, func(r store.Row) (struct{}, error) {
			var k Deed
			var n int
			err := r.Scan(&k.Action, &k.Outcome, &n)
			out[k] = n
			return struct{}{}, err
		}, `SELECT e.action, e.outcome, COUNT(*) FROM audit_entry e WHERE e.action IN (`+store.In(2, len(counted))+`) AND e.at >= $1 AND `+rare+` GROUP BY e.action, e.outcome`, args...)
		return err
	})
	return out, err
}
