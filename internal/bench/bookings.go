package bench

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"portico/internal/scheduling"
	"portico/internal/store"
)

// The clinic of this figure: as large as a calendar of one clinic gets.
const (
	manyClinicians = 50
	manyDays       = 90
	manyVisits     = 100_000
	// workFrom and workUntil are the hours of each working day.
	workFrom, workUntil = 8, 18
	// racesOnOne is how often one time is fought for, by fighters at once.
	racesOnOne, fighters = 1000, 4
)

// bookings measures the calendar.
func bookings(ctx context.Context, r *run) error {
	r.standing = true
	var found, booked, raced, reminded, fed []string
	pages, err := r.each(ctx, func(ctx context.Context, c *clinic) ([]string, error) {
		b := &calendar{clinic: c, run: r}
		for _, step := range []struct {
			do   func(context.Context) ([]string, error)
			into *[]string
		}{{b.fill, new([]string)}, {b.find, &found}, {b.book, &booked}, {b.race, &raced}, {b.remind, &reminded}} {
			rows, err := step.do(ctx)
			if err != nil {
				return nil, err
			}
			*step.into = append(*step.into, rows...)
		}
		pages, err := b.beside(ctx)
		if err != nil {
			return nil, err
		}
		rows, err := b.subscribe(ctx) // last: it gives somebody more visits than anybody has
		fed = append(fed, rows...)
		return pages, err
	})
	if err != nil {
		return err
	}
	for _, t := range []struct {
		head, under string
		rows        []string
	}{
		{fmt.Sprintf("first free times of %d clinicians\tdays searched\ttimes found\tp50 µs\tp99 µs\tCPU µs\tfloor p50 µs", manyClinicians),
			"The floor reads the bits of the same days, which is what a search cannot do without.", found},
		{"booked on one day, 16 at once\tvisits\tper second\tCPU ms\tfloor: changes /s\tCPU ms", "A booking is two durable transactions: the time is held, then booked. The floor is one that writes a line of the audit log.", booked},
		{fmt.Sprintf("%d races for one time\tat once\twinners\tper second", racesOnOne), "", raced},
		{fmt.Sprintf("reminders among %d visits\tdue\tsent\tseconds\tper second\tnothing due, ms", manyVisits), "Each is a row, a sealed message and a job, in transactions of 50.", reminded},
		{fmt.Sprintf("calendar address among %d visits\tvisits in it\tKB\tp50 µs\tp99 µs\tCPU µs\tfloor p50 µs", manyVisits), "Each reading is counted, which is a durable transaction. The floor only reads the same rows, three columns of each.", fed},
	} {
		if err := r.table(t.head, t.rows...); err != nil {
			return err
		}
		r.say("")
		if t.under != "" {
			r.say("%s", t.under)
			r.say("")
		}
	}
	return r.besideTable(pages)
}

// quickly times f as often as the figure lasts.
func (b *calendar) quickly(f func() error) (took []time.Duration, cpu time.Duration, err error) {
	for began := time.Now(); len(took) < 20 || time.Since(began) < b.run.For; {
		at := time.Now()
		u, err := timed(f)
		if err != nil {
			return nil, 0, err
		}
		took, cpu = append(took, time.Since(at)), cpu+u
	}
	slices.Sort(took)
	return took, cpu / time.Duration(len(took)), nil
}

// find searches where there is a time on the first days, and where there is none
// for ninety.
func (b *calendar) find(ctx context.Context) (rows []string, err error) {
	q := scheduling.Query{Type: b.kind}
	for _, way := range []struct {
		name   string
		before func(context.Context) error
	}{{"first page", nil}, {"nothing free before the last day", b.fillDays}} {
		if way.before != nil {
			if err := way.before(ctx); err != nil {
				return nil, err
			}
		}
		var f scheduling.Found
		took, cpu, err := b.quickly(func() (err error) {
			f, err = b.app.Visits.Find(ctx, b.chart[0], q)
			return err
		})
		if err != nil {
			return nil, err
		}
		days := 7 // what a search looks at first
		if way.before != nil {
			days = manyDays
		}
		floor, _, err := b.quickly(func() error { return b.bits(ctx, days) })
		if err != nil {
			return nil, err
		}
		k := len(took)
		rows = append(rows, fmt.Sprintf("%s %s\t%d\t%d\t%d\t%d\t%d\t%d", b.app.DB.Engine(), way.name, days, f.Count(), took[k/2].Microseconds(), took[k*99/100].Microseconds(),
			cpu.Microseconds(), floor[len(floor)/2].Microseconds()))
	}
	return rows, nil
}

// bits reads what is taken of all clinicians on days to come.
func (b *calendar) bits(ctx context.Context, days int) error {
	return b.app.DB.View(ctx, func(tx *store.Tx) error {
		from := b.today.Unix() / (24 * 60 * 60)
		_, err := store.List(ctx, tx, store.One[string], `SELECT bits FROM busy_day WHERE resource LIKE 'cln_bench%' AND day >= $1 AND day <= $2`, from, from+int64(days))
		return err
	})
}

// book books all times of one day that is free so far: sixteen people at once, each
// for as many others.
func (b *calendar) book(ctx context.Context) ([]string, error) {
	day := b.today.AddDate(0, 0, manyDays+20).Add(workFrom * time.Hour)
	const atOnce, slots = 16, (workUntil - workFrom) * 2
	var todo [atOnce][]scheduling.Pick
	for k, who := range b.who {
		for n := range slots {
			todo[k%atOnce] = append(todo[k%atOnce], scheduling.Pick{Type: b.kind, Clinician: who, Place: b.place, Start: day.Add(time.Duration(n) * 30 * time.Minute).UTC()})
		}
	}
	var done atomic.Int64
	long := 3 * b.run.For
	u, err := inParallel(ctx, atOnce, atOnce, time.Hour, func(ctx context.Context, w int) error {
		for began, i := time.Now(), 0; i < len(todo[w]) && time.Since(began) < long; i++ {
			c := b.chart[w+atOnce*(i/slots)]
			id, err := b.app.Visits.Hold(ctx, c, todo[w][i])
			if err == nil {
				err = b.app.Visits.Confirm(ctx, c, id, "")
			}
			if err != nil {
				return fmt.Errorf("book: %w", err)
			}
			done.Add(1)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	u.Done = int(done.Load())
	floor, err := inParallel(ctx, atOnce, 1<<30, b.run.For, func(ctx context.Context, _ int) error {
		return b.change(ctx, func(*store.Tx) error { return nil })
	})
	if err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("%s\t%d\t%.0f\t%.2f\t%.0f\t%.2f", b.app.DB.Engine(), u.Done, u.rate(), u.each()/1000, floor.rate(), floor.each()/1000)}, nil
}

// race lets people fight for one time again and again. It is an error if one has
// not exactly one winner.
func (b *calendar) race(ctx context.Context) ([]string, error) {
	p := scheduling.Pick{Type: b.kind, Clinician: b.who[0], Place: b.place, Start: b.today.AddDate(0, 0, manyDays+21).Add(workFrom * time.Hour).UTC()}
	began := time.Now()
	for n := range racesOnOne {
		var winners atomic.Int64
		var all sync.WaitGroup
		errs := make(chan error, fighters)
		for i := range fighters {
			all.Go(func() {
				_, err := b.app.Visits.Hold(ctx, b.chart[i], p)
				switch {
				case err == nil:
					winners.Add(1)
				case scheduling.Refused(err) == "":
					errs <- err
				}
			})
		}
		all.Wait()
		if len(errs) > 0 {
			return nil, <-errs
		}
		if winners.Load() != 1 {
			return nil, fmt.Errorf("race %d had %d winners", n, winners.Load())
		}
		for i := range fighters {
			if err := b.app.Visits.LetGo(ctx, b.chart[i]); err != nil {
				return nil, err
			}
		}
	}
	return []string{fmt.Sprintf("%s\t%d\t%d\t%.0f", b.app.DB.Engine(), fighters, racesOnOne, racesOnOne/time.Since(began).Seconds())}, nil
}

// remind sends the reminders that are due this morning.
func (b *calendar) remind(ctx context.Context) ([]string, error) {
	count := func(what string) (n int, err error) {
		err = b.app.DB.View(ctx, func(tx *store.Tx) (err error) {
			n, err = store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM `+what)
			return err
		})
		return n, err
	}
	began := time.Now()
	if err := b.app.Visits.Remind(ctx, benchDuty); err != nil {
		return nil, err
	}
	took := time.Since(began).Seconds()
	due, err := count(`visit_reminder`)
	if err != nil {
		return nil, err
	}
	sent, err := count(`outbox WHERE kind LIKE '%remind%'`)
	if err != nil {
		return nil, err
	}
	idle, _, err := b.quickly(func() error { return b.app.Visits.Remind(ctx, benchDuty) })
	if err != nil {
		return nil, err
	}
	return []string{fmt.Sprintf("%s\t%d\t%d\t%.1f\t%.0f\t%.1f", b.app.DB.Engine(), due, sent, took, float64(due)/took, float64(idle[len(idle)/2].Microseconds())/1000)}, nil
}

// beside measures the page of visits beside a bare server.
func (b *calendar) beside(ctx context.Context) (rows []string, err error) {
	g := b.guest()
	if err := b.signIn(g, b.cards.Accounts[0]); err != nil {
		return nil, err
	}
	v, err := g.get("/visits")
	if err != nil {
		return nil, err
	}
	id, err := b.app.Registry.Numbered(ctx, benchDuty, b.cards.Accounts[0].Number)
	if err != nil {
		return nil, err
	}
	for _, a := range []asked{
		{"visits", g.raw("/visits", false), v, false, id, nil},
		{"visits, gzip", g.raw("/visits", true), v, false, id, nil},
		{"visits, floor writes", g.raw("/visits", false), v, true, id, nil},
	} {
		row, err := b.run.beside(ctx, b.clinic, a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.name, err)
		}
		rows = append(rows, string(b.app.DB.Engine())+" "+row)
	}
	return rows, nil
}
