package bench

import (
	"context"
	"fmt"
	"path"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/agenda"
	"portico/internal/ids"
	"portico/internal/store"
)

// calendarPause lies between two readings: a little more than the limit of one
// address asks for.
const calendarPause = 31 * time.Second

// subscribe reads a patient's calendar address as calendar programs do: first that
// of somebody with few visits, then the longest that an address gives.
func (b *calendar) subscribe(ctx context.Context) (rows []string, err error) {
	id, err := b.app.Registry.Numbered(ctx, benchDuty, b.cards.Accounts[0].Number)
	if err != nil {
		return nil, err
	}
	token, err := b.calendarAddress(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, way := range []struct {
		name   string
		before func() error
	}{{"a usual one", nil}, {"the longest", func() error { return b.giveVisits(ctx, id) }}} {
		if way.before != nil {
			if err := way.before(); err != nil {
				return nil, err
			}
		}
		var file []byte
		took, cpu, err := b.quickly(func() (err error) {
			b.later(calendarPause)
			file, err = b.app.Agenda.Subscribed(ctx, access.NewVisitor("192.0.2.7", "bench"), token)
			return err
		})
		if err != nil {
			return nil, err
		}
		n := strings.Count(string(file), "BEGIN:VEVENT")
		floor, _, err := b.quickly(func() error { return b.nextVisits(ctx, id, n) })
		if err != nil {
			return nil, err
		}
		k := len(took)
		rows = append(rows, fmt.Sprintf("%s %s\t%d\t%d\t%d\t%d\t%d\t%d", b.app.DB.Engine(), way.name, n, len(file)/1024, took[k/2].Microseconds(), took[k*99/100].Microseconds(),
			cpu.Microseconds(), floor[len(floor)/2].Microseconds()))
	}
	return rows, nil
}

// calendarAddress makes an address of somebody with an account and gives its token.
func (b *calendar) calendarAddress(ctx context.Context, id ids.Patient) (string, error) {
	var account ids.Account
	if err := b.app.DB.View(ctx, func(tx *store.Tx) (err error) {
		account, err = store.Get(ctx, tx, store.One[ids.Account], `SELECT id FROM account WHERE person_id = $1`, id)
		return err
	}); err != nil {
		return "", err
	}
	c, err := b.chartOf(ctx, account, id, access.SeeVisits)
	if err != nil {
		return "", err
	}
	address, err := b.app.Agenda.Make(ctx, c, agenda.ShowsBusy, "")
	return path.Base(path.Dir(address)), err
}

// nextVisits reads the first n visits of somebody with as little as can be.
func (b *calendar) nextVisits(ctx context.Context, id ids.Patient, n int) error {
	return b.app.DB.View(ctx, func(tx *store.Tx) error {
		_, err := store.List(ctx, tx, func(r store.Row) (v [3]string, err error) {
			return v, r.Scan(&v[0], &v[1], &v[2])
		}, `SELECT id, day, state FROM appointment WHERE patient_id = $1 ORDER BY starts_at DESC, id LIMIT $2`, id, n)
		return err
	})
}
