package results

import (
	"context"
	"time"

	"portico/internal/access"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/store"
)

// News is a result that has become visible lately.
type News struct {
	ID           ids.Resource
	System, Code string
	Title        string // as sent; "" for one that is sensitive: a home page is seen over shoulders
	At           time.Time
}

// Name is the everyday name of the test, else the sender's, "" for one that is
// sensitive.
func (n News) Name(l lang.Lang) string { return called(l, n.System, n.Code, n.Title) }

// mostNews is how many the home page has room for.
const mostNews = 3

// Newest gives the newest results of the reader's patient that became visible at
// or after since, but for what was old when it came in: see history. A report that
// was visible before is among them when a value in
// it became so.
func Newest(ctx context.Context, tx *store.Tx, who access.Reading, since time.Time) ([]News, error) {
	rows, err := record.Opened(ctx, tx, who, record.News{Section: record.Results, Since: since, From: since.Add(-late), Limit: mostNews})
	var out []News
	for _, r := range rows {
		n := News{ID: r.ID, At: r.ReleaseAt}
		if !r.Sensitive {
			n.System, n.Code, n.Title = r.System, r.Code, r.Title
		}
		out = append(out, n)
	}
	return out, err
}
