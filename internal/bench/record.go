package bench

import (
	"context"
	"fmt"
	"strings"

	"portico/internal/access"
	"portico/internal/record"
	"portico/internal/store"
)

// Where the pages of a record are: the first demo account has a long one.

// resultPage is one value with a history of some years.
func resultPage(ctx context.Context, w *walk) (string, error) {
	return w.recordPage(ctx, "/results/", record.Query{Section: record.Results, Code: "4548-4", Limit: 1}, nil)
}

func resultHistory(ctx context.Context, w *walk) (string, error) {
	path, err := resultPage(ctx, w)
	return path + "/history", err
}

// deskResult is the same result as staff see it.
func deskResult(ctx context.Context, w *walk) (string, error) {
	path, err := resultPage(ctx, w)
	return "/staff" + path, err
}

// resultFile is a file that came with a report.
func resultFile(ctx context.Context, w *walk) (string, error) {
	path, err := w.recordPage(ctx, "/results/", record.Query{Section: record.Results, Limit: 1000}, func(r record.Row) bool {
		return r.Kind == "DiagnosticReport" && r.Group == record.Imaging && strings.Contains(r.Title, "X-ray")
	})
	return path + "/file", err
}

// deskFile is the same file as staff see it before they release the report.
func deskFile(ctx context.Context, w *walk) (string, error) {
	path, err := resultFile(ctx, w)
	return "/staff" + path, err
}

// recordPage is the address of the newest row that a query finds and fit takes.
func (w *walk) recordPage(ctx context.Context, under string, q record.Query, fit func(record.Row) bool) (path string, err error) {
	duty := access.NewDuty("bench")
	id, err := w.app.Registry.Numbered(ctx, duty, w.cards.Accounts[0].Number)
	if err != nil {
		return "", err
	}
	err = w.app.DB.View(ctx, func(tx *store.Tx) error {
		rows, _, err := record.List(ctx, tx, duty.For(id), q)
		for _, r := range rows {
			if fit == nil || fit(r) {
				path = under + string(r.ID)
				return err
			}
		}
		if err == nil {
			err = fmt.Errorf("the demo has no such row under %s", under)
		}
		return err
	})
	return path, err
}
