package ingest

import (
	"context"
	"errors"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/record"
	"portico/internal/secret"
	"portico/internal/store"
)

// Feed is a sender of records with credentials of its own.
type Feed struct {
	ID      ids.Feed
	Name    string
	Source  string
	Created time.Time
	Ended   time.Time // zero while it may send
	Last    time.Time // its newest message; zero if none came yet
}

// maxName is the longest name of a feed, in bytes.
const maxName = 60

// AddFeed makes a feed and gives its bearer token, which is nowhere else: only
// its hash is kept. For an administrator.
func (i *Door) AddFeed(ctx context.Context, d access.Desk, name string) (ids.Feed, string, error) {
	if err := d.Need(access.ManageFeeds); err != nil {
		return "", "", err
	}
	return i.addFeed(ctx, d.Did, string(d.Staff()), name)
}

// AddFeedByDuty is AddFeed for the command line.
func (i *Door) AddFeedByDuty(ctx context.Context, d access.Duty, name string) (ids.Feed, string, error) {
	return i.addFeed(ctx, d.Did, d.Name(), name)
}

func (i *Door) addFeed(ctx context.Context, did func(audit.Action, string) audit.Entry, by, name string) (ids.Feed, string, error) {
	name = strings.Join(strings.Fields(store.Clean(name)), " ")
	if name == "" || len(name) > maxName {
		return "", "", fault.Bad("name", "ingest.feeds.name.bad")
	}
	id, key := ids.NewFeed(), secret.Token()
	err := i.DB.Change(ctx, did(audit.FeedChanged, string(id)).With("added"), func(tx *store.Tx) error {
		n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM feed WHERE name = $1 AND ended_at IS NULL`, name)
		if err != nil {
			return err
		}
		if n > 0 {
			return fault.Bad("name", "ingest.feeds.name.taken")
		}
		// A feed's names for things are its own for ever: a later feed of the same
		// name is another sender.
		_, err = tx.Exec(ctx, `INSERT INTO feed (id, name, source, secret_hash, created_at, created_by, ended_at, last_at) VALUES ($1, $2, $3, $4, $5, $6, NULL, NULL)`,
			id, name, string(id), secret.TokenHash(key), store.Time(tx.Now), by)
		if err != nil {
			return err
		}
		return record.NameSender(ctx, tx, string(id), name)
	})
	return id, string(id) + "." + key, err
}

// EndFeed ends a feed: from now on nothing it sends is taken.
func (i *Door) EndFeed(ctx context.Context, d access.Desk, id ids.Feed) error {
	if err := d.Need(access.ManageFeeds); err != nil {
		return err
	}
	return i.endFeed(ctx, d.Did(audit.FeedChanged, string(id)), id)
}

// EndFeedByDuty is EndFeed for the command line.
func (i *Door) EndFeedByDuty(ctx context.Context, d access.Duty, id ids.Feed) error {
	return i.endFeed(ctx, d.Did(audit.FeedChanged, string(id)), id)
}

func (i *Door) endFeed(ctx context.Context, e audit.Entry, id ids.Feed) error {
	return i.DB.Change(ctx, e.With("ended"), func(tx *store.Tx) error {
		n, err := tx.Exec(ctx, `UPDATE feed SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL`, id, store.Time(tx.Now))
		if err == nil && n == 0 {
			err = fault.Missing()
		}
		return err
	})
}

// Feeds lists all feeds, those that may send first, by name.
func (i *Door) Feeds(ctx context.Context, d access.Desk) (all []Feed, err error) {
	if !d.Can(access.ManageFeeds) && !d.Can(access.SeeImports) {
		return nil, fault.Refused()
	}
	err = i.DB.View(ctx, func(tx *store.Tx) error {
		all, err = store.List(ctx, tx, scanFeed, `SELECT `+feedColumns+` FROM feed ORDER BY CASE WHEN ended_at IS NULL THEN 0 ELSE 1 END, name, id`)
		return err
	})
	return all, err
}

const feedColumns = `id, name, source, created_at, ended_at, last_at`

func scanFeed(r store.Row) (f Feed, err error) {
	var created, ended, last store.Time
	err = r.Scan(&f.ID, &f.Name, &f.Source, &created, &ended, &last)
	f.Created, f.Ended, f.Last = created.Std(), ended.Std(), last.Std()
	return f, err
}

// errStranger means that credentials belong to no feed that may send.
var errStranger = errors.New("no feed with these credentials")

// known finds the feed of a bearer token.
func (i *Door) known(ctx context.Context, token string) (f Feed, err error) {
	id, key, ok := strings.Cut(token, ".")
	if !ok || len(token) > 200 {
		return Feed{}, errStranger
	}
	err = i.DB.View(ctx, func(tx *store.Tx) error {
		// The hash is of 256 random bits: comparing it in the database tells a
		// guesser nothing.
		f, err = store.Get(ctx, tx, scanFeed, `SELECT `+feedColumns+` FROM feed WHERE id = $1 AND secret_hash = $2 AND ended_at IS NULL`, id, secret.TokenHash(key))
		return err
	})
	if errors.Is(err, store.ErrNone) {
		err = errStranger
	}
	return f, err
}
