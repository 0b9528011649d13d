package agenda

import (
	"context"
	"errors"
	"time"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ical"
	"portico/internal/ids"
	"portico/internal/limit"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
)

const (
	mostFeeds  = 5                   // of one account: a phone, a computer, a partner
	mostInFeed = 300                 // visits
	feedBack   = 60 * 24 * time.Hour // visits that are over stay so long, so that they do not vanish the next day
	feedEvery  = 4 * time.Hour       // what programs are asked to wait; many decide themselves
	feedLogged = 24 * time.Hour      // that a calendar was read goes into the log once in this time
	feedPath   = "/calendar/"
	feedFile   = "/visits.ics"
)

// feedRule bounds how often one calendar is read: a program that asks each minute, on
// several devices, stays below it. missRule bounds tries at addresses that lead
// nowhere, per client: the servers of large calendar services read many from one.
var (
	feedRule = limit.Rule{Name: "visit.feed", Max: 120, Per: time.Hour}
	missRule = limit.Rule{Name: "visit.feed.miss", Max: 60, Per: 10 * time.Minute}
)

// Feed is an address from which a calendar program reads an account's visits.
type Feed struct {
	ID    ids.Calendar
	Shows Shows
	Made  time.Time
	Read  time.Time // last, to a day; zero for never
}

func scanFeed(r store.Row) (f Feed, err error) {
	return f, r.Scan(&f.ID, &f.Shows, (*store.Time)(&f.Made), (*store.Time)(&f.Read))
}

// Feeds lists the addresses that work.
func (s *Agenda) Feeds(ctx context.Context, c access.Chart) (out []Feed, err error) {
	if err := c.Need(access.SeeVisits); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		out, err = store.List(ctx, tx, scanFeed, `SELECT id, shows, made_at, read_at FROM calendar_feed WHERE account_id = $1 AND ended_at IS NULL ORDER BY made_at, id`, c.Account())
		return err
	})
	return out, err
}

// Make makes an address and gives it: it can be shown this once. One that it takes
// the place of ("" for none) ends in the same moment.
func (s *Agenda) Make(ctx context.Context, c access.Chart, shows Shows, instead ids.Calendar) (address string, err error) {
	if err := c.NeedRaised(access.SeeVisits); err != nil {
		return "", err
	}
	token, id := secret.Token(), ids.NewCalendar()
	err = s.DB.Change(ctx, c.Did(audit.CalendarMade, string(id)), func(tx *store.Tx) error {
		if err := tx.OneAtATime(ctx, "feeds "+string(c.Account())); err != nil {
			return err
		}
		if instead != "" {
			if shows, err = endFeed(ctx, tx, c, instead); err != nil {
				return err
			}
			tx.Log(c.Did(audit.CalendarEnded, string(instead)))
		}
		if !shows.valid() {
			return fault.Bad("shows", "scheduling.choose")
		}
		n, err := store.Get(ctx, tx, store.One[int], `SELECT COUNT(*) FROM calendar_feed WHERE account_id = $1 AND ended_at IS NULL`, c.Account())
		if err == nil && n >= mostFeeds {
			err = fault.Bad("shows", "agenda.many", mostFeeds)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO calendar_feed (id, account_id, token_hash, shows, made_at) VALUES ($1, $2, $3, $4, $5)`,
			id, c.Account(), secret.TokenHash(token), string(shows), store.Time(tx.Now)); err != nil {
			return err
		}
		return s.Accounts.CalendarMade(ctx, tx, c.Account(), c.Agent())
	})
	return s.address(feedPath + token + feedFile), err
}

// End makes an address worth nothing.
func (s *Agenda) End(ctx context.Context, c access.Chart, id ids.Calendar) error {
	if err := c.Need(access.SeeVisits); err != nil {
		return err
	}
	return s.DB.Change(ctx, c.Did(audit.CalendarEnded, string(id)), func(tx *store.Tx) error {
		_, err := endFeed(ctx, tx, c, id)
		return err
	})
}

// endFeed ends an address, which must be the account's and work, and gives what it
// showed.
func endFeed(ctx context.Context, tx *store.Tx, c access.Chart, id ids.Calendar) (Shows, error) {
	shows, err := store.Get(ctx, tx, store.One[Shows], `UPDATE calendar_feed SET ended_at = $3 WHERE id = $1 AND account_id = $2 AND ended_at IS NULL RETURNING shows`,
		id, c.Account(), store.Time(tx.Now))
	if errors.Is(err, store.ErrNone) {
		err = fault.Missing()
	}
	return shows, err
}

// openFeed is an address as a program uses it.
type openFeed struct {
	Feed
	account ids.Account
	patient ids.Patient
}

// Subscribed is what a calendar program reads at an address. An address that ended,
// never was, or whose account was closed, locked or held back is Missing.
func (s *Agenda) Subscribed(ctx context.Context, v access.Visitor, token string) (file []byte, err error) {
	var f openFeed
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		f, err = s.feedAt(ctx, tx, token)
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil, errors.Join(s.Limits.Check(ctx, missRule, "scheduling.link.slow", v.Source().Narrow()), err)
	}
	if err != nil {
		return nil, err
	}
	if err := s.Limits.Check(ctx, feedRule, "scheduling.link.slow", string(f.ID)); err != nil {
		return nil, err
	}
	if err := s.noteRead(ctx, v, f); err != nil {
		return nil, err
	}
	err = s.DB.View(ctx, func(tx *store.Tx) error {
		file, err = s.feed(ctx, tx, f)
		return err
	})
	return file, err
}

func (s *Agenda) feedAt(ctx context.Context, tx *store.Tx, token string) (f openFeed, err error) {
	f, err = store.Get(ctx, tx, func(r store.Row) (f openFeed, err error) {
		return f, r.Scan(&f.ID, &f.Shows, (*store.Time)(&f.Made), (*store.Time)(&f.Read), &f.account)
	}, `SELECT id, shows, made_at, read_at, account_id FROM calendar_feed WHERE token_hash = $1 AND ended_at IS NULL`, secret.TokenHash(token))
	if errors.Is(err, store.ErrNone) {
		return f, fault.Missing()
	}
	if err != nil {
		return f, err
	}
	if f.patient, err = s.Accounts.Person(ctx, tx, f.account); err != nil {
		return f, err
	}
	ok, err := s.Accounts.Reads(ctx, tx, f.account, f.patient)
	if err == nil && !ok {
		err = fault.Missing()
	}
	return f, err
}

// noteRead keeps that a calendar was read: the first time, and then once a day.
func (s *Agenda) noteRead(ctx context.Context, v access.Visitor, f openFeed) error {
	if !f.Read.IsZero() && s.DB.Now().Sub(f.Read) < feedLogged {
		return nil
	}
	return s.DB.Change(ctx, v.Did(audit.CalendarRead, string(f.ID)).On(string(f.patient)), func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE calendar_feed SET read_at = $2 WHERE id = $1`, f.ID, store.Time(tx.Now))
		return err
	})
}

// feed writes the visits that stand, from two months back. One that was cancelled is
// left out: programs drop what an address does not list any more.
func (s *Agenda) feed(ctx context.Context, tx *store.Tx, f openFeed) ([]byte, error) {
	l, err := s.Accounts.Tongue(ctx, tx, f.account)
	if err != nil {
		return nil, err
	}
	visits, err := s.Visits.Since(ctx, tx, f.patient, tx.Now.Add(-feedBack), mostInFeed)
	if err != nil {
		return nil, err
	}
	out := ical.Calendar{Zone: page.ZoneOf(s.Clinic), Name: l.T("agenda.file.name"), Every: feedEvery}
	if f.Shows == ShowsPlace {
		out.Name = s.Clinic.Now().Name
	}
	for _, v := range visits {
		out.Events = append(out.Events, s.entry(v, f.Shows, l))
	}
	return out.Bytes(), nil
}
