package app

import "portico/internal/diary"

// joinDiary makes what keeps the calendar and the record alike.
func (a *App) joinDiary() {
	a.Diary = &diary.Diary{DB: a.DB, Record: a.Record, Visits: a.Visits, Clinic: a.clinic, Base: a.base}
}
