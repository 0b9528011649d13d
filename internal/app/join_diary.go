package app

import (
	"context"

	"portico/internal/diary"
	"portico/internal/record"
	"portico/internal/store"
)

// joinDiary makes what keeps the calendar and the record alike.
func (a *App) joinDiary() {
	a.Diary = &diary.Diary{DB: a.DB, Record: a.Record, Visits: a.Visits, Clinic: a.clinic, Base: a.base}
	a.Visits.Charts, a.Records.Visits = a.Diary, a.Diary
	a.Record.Watcher = watchers{a.Record.Watcher, a.Diary}
}

// watchers are all told what came in.
type watchers []record.Watcher

func (w watchers) Arrived(ctx context.Context, tx *store.Tx, rows []record.Arrival) error {
	for _, one := range w {
		if err := one.Arrived(ctx, tx, rows); err != nil {
			return err
		}
	}
	return nil
}
