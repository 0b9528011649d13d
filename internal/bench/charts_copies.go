package bench

import (
	"context"
	"fmt"
	"time"

	"portico/internal/lang"
	"portico/internal/record"
	"portico/internal/sharing"
)

// counted counts what is written and keeps nothing.
type counted int64

func (n *counted) Write(b []byte) (int, error) {
	*n += counted(len(b))
	return len(b), nil
}

// copies writes the long chart in each format that a patient can take along.
func (c *clinic) copies(ctx context.Context) (rows []string, err error) {
	id, err := c.app.Registry.Numbered(ctx, benchDuty, c.cards.Accounts[0].Number)
	if err != nil {
		return nil, err
	}
	for _, f := range sharing.Formats {
		o := sharing.Order{Format: f, Lang: lang.En, Name: "bench", Selection: sharing.Selection{Sections: record.Sections}}
		var size counted
		began := time.Now()
		u, err := timed(func() error {
			_, err := c.app.Sharing.Write(ctx, benchDuty.For(id), o, &size, nil)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("copy as %s: %w", f, err)
		}
		rows = append(rows, fmt.Sprintf("%s %s\t%.2f\t%.2f\t%d", c.app.DB.Engine(), f, time.Since(began).Seconds(), u.Seconds(), size/1024))
	}
	return rows, nil
}
