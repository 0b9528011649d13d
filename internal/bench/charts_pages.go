package bench

import (
	"context"
	"fmt"
	"net/http"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/store"
)

// besideList measures the list of results of a usual chart beside a bare server.
func (r *run) besideList(ctx context.Context, c *clinic, g *guest) ([]string, error) {
	// The second view: the first of a process also reads what is kept.
	if _, err := g.get("/results"); err != nil {
		return nil, err
	}
	v, err := g.get("/results")
	if err != nil {
		return nil, err
	}
	id, err := c.app.Registry.Numbered(ctx, access.NewDuty("bench"), c.cards.Accounts[0].Number)
	if err != nil {
		return nil, err
	}
	var rows []string
	for _, a := range []asked{
		{"results", g.raw("/results", false), v, false, id, nil},
		{"results, gzip", g.raw("/results", true), v, false, id, nil},
		{"results, floor writes", g.raw("/results", false), v, true, id, nil},
		{"results, floor writes, reads rows", g.raw("/results", false), v, true, id, func(ctx context.Context) error { return c.rows(ctx, id) }},
	} {
		row, err := r.beside(ctx, c, a)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.name, err)
		}
		rows = append(rows, string(c.app.DB.Engine())+" "+row)
	}
	return rows, nil
}

// rows reads a page of results with as little as can be.
func (c *clinic) rows(ctx context.Context, id ids.Patient) error {
	return c.app.DB.View(ctx, func(tx *store.Tx) error {
		_, err := readingWays()[0].read(ctx, tx, access.NewDuty("bench").For(id))
		return err
	})
}

// showing is what the two pages of a test cost.
type showing struct {
	each, floor [2]float64 // milliseconds of processor time
	bytes       [2]int
}

// show opens the list of results and the history of one test, signed in.
func (c *clinic) show(ctx context.Context, g *guest, code string) (s showing, err error) {
	duty := access.NewDuty("bench")
	id, err := c.app.Registry.Numbered(ctx, duty, c.cards.Accounts[0].Number)
	if err != nil {
		return s, err
	}
	paths := [2]string{"/results"}
	err = c.app.DB.View(ctx, func(tx *store.Tx) error {
		rows, _, err := record.List(ctx, tx, duty.For(id), record.Query{Section: record.Results, Code: code, Limit: 1})
		if err == nil && len(rows) == 0 {
			err = fmt.Errorf("nobody has a value of %s", code)
		}
		if err == nil {
			paths[1] = "/results/" + string(rows[0].ID) + "/history"
		}
		return err
	})
	for i := range paths {
		if err != nil {
			break
		}
		var v view
		s.each[i], err = often(func() (err error) {
			if v, err = g.get(paths[i]); err == nil && v.status != http.StatusOK {
				err = fmt.Errorf("%s answered %d", paths[i], v.status)
			}
			return err
		})
		if err != nil {
			break
		}
		s.bytes[i] = len(v.body)
		bare := c.bare(asked{view: v, writes: true, patient: id}, len(v.body))
		least := func() error { return c.rows(ctx, id) }
		if i == 1 {
			least = func() error { return c.numbers(ctx, duty.For(id), code) }
		}
		s.floor[i], err = often(func() error {
			if err := least(); err != nil {
				return err
			}
			bare.ServeHTTP(&answer{header: http.Header{}}, (&http.Request{}).WithContext(ctx))
			return nil
		})
	}
	return s, err
}

// numbers reads all values of a test with as little as can be.
func (c *clinic) numbers(ctx context.Context, who access.Reading, code string) error {
	return c.app.DB.View(ctx, func(tx *store.Tx) error {
		_, err := store.Get(ctx, tx, store.One[string], `SELECT STRING_AGG(num, ' ') FROM record_value WHERE patient_id = $1 AND code = $2 AND system = 'http://loinc.org'`, who.Patient(), code)
		return err
	})
}

// often does something twenty times and gives the processor time of one, in
// milliseconds. The first ones prepare statements and are not counted.
func often(do func() error) (float64, error) {
	var u used
	for n := range 22 {
		took, err := timed(do)
		if err != nil {
			return 0, err
		}
		if n >= 2 {
			u.Done, u.cpu = u.Done+1, u.cpu+took
		}
	}
	return u.each() / 1000, nil
}
