package clinic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nyaruka/phonenumbers"

	"portico/internal/access"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/store"
)

// Parts are what the room is made of.
type Parts struct {
	DB       *store.DB
	Gate     *access.Gate
	Log      *slog.Logger
	Defaults page.Clinic // from the settings, without colour and logo
	Colour   string      // from the settings, "" for the built-in colours
	Logo     *File       // from the settings, nil for the built-in mark
	LogoExt  string      // of that file, ".svg" or ".png"
	Base     *url.URL    // what links in messages begin with
	Region   string      // where phone numbers are dialled, "US"
}

// Room is the room. It is the page.Profile of all others and the web.Watch of
// the router.
type Room struct {
	Parts

	now    atomic.Pointer[state]
	load   sync.Mutex
	looked atomic.Int64
}

// state is the profile as one server holds it.
type state struct {
	stamp  int64
	rev    int64
	clinic *page.Clinic
	files  map[string]File
	words  wordings
}

// between is how often a server looks for itself while only people without a
// session come.
const between = time.Second

// New makes the room, with the settings in force until the first look.
func New(p Parts) (*Room, error) {
	r := &Room{Parts: p}
	s, err := r.dress(Profile{}, nil)
	if err != nil {
		return nil, err
	}
	s.stamp = -1
	r.now.Store(s)
	return r, nil
}

// Now gives the clinic as it is at this moment. Nobody may write to it.
func (r *Room) Now() *page.Clinic { return r.now.Load().clinic }

// Seen looks again if a session was read with another stamp than this server's.
// Not in the request's name: what it finds is for all.
func (r *Room) Seen(stamp int64) {
	if stamp == r.now.Load().stamp {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), between)
	defer stop()
	if err := r.look(ctx, stamp); err != nil {
		// The profile before goes on; the next request tries again.
		r.Log.Error("clinic profile", "err", err)
	}
}

// Glance looks for itself, at most once a second.
func (r *Room) Glance() {
	now := r.DB.Now().UnixNano()
	last := r.looked.Load()
	if last != 0 && now-last < int64(between) || !r.looked.CompareAndSwap(last, now) {
		return
	}
	ctx, stop := context.WithTimeout(context.Background(), between)
	defer stop()
	var stamp int64
	err := r.DB.View(ctx, func(tx *store.Tx) (err error) {
		stamp, err = r.Gate.Stamp(ctx, tx)
		return err
	})
	if err != nil {
		return // a database that does not answer is told of by those who need it
	}
	r.Seen(stamp)
}

// Load reads the profile at the start of a program.
func (r *Room) Load(ctx context.Context, _ access.Duty) error {
	r.load.Lock()
	defer r.load.Unlock()
	return r.read(ctx)
}

// look reads the profile, unless another request has just done it.
func (r *Room) look(ctx context.Context, stamp int64) error {
	r.load.Lock()
	defer r.load.Unlock()
	if r.now.Load().stamp == stamp {
		return nil
	}
	return r.read(ctx)
}

func (r *Room) read(ctx context.Context) error {
	var s *state
	err := r.DB.View(ctx, func(tx *store.Tx) error {
		stamp, err := r.Gate.Stamp(ctx, tx) // first: see there
		if err != nil {
			return err
		}
		last, err := newest(ctx, tx)
		if err != nil {
			return err
		}
		if s, err = r.dressed(ctx, tx, last.Profile); err != nil {
			return err
		}
		s.stamp, s.rev = stamp, last.Rev
		s.words, err = words(ctx, tx)
		return err
	})
	if err != nil {
		return err
	}
	r.now.Store(s)
	return nil
}

// dressed is dress with the logo from the database.
func (r *Room) dressed(ctx context.Context, tx *store.Tx, p Profile) (*state, error) {
	var logo *File
	if p.Logo != "" {
		f, err := file(ctx, tx, p.Logo)
		if err != nil && !errors.Is(err, store.ErrNone) {
			return nil, err
		}
		if err == nil {
			logo = &f
		}
	}
	return r.dress(p, logo)
}

// dress puts a profile over the settings.
func (r *Room) dress(p Profile, logo *File) (*state, error) {
	c := r.Defaults
	s := &state{clinic: &c, files: map[string]File{}}
	set := func(to *string, v string) {
		if v != "" {
			*to = v
		}
	}
	set(&c.Name, p.Name)
	set(&c.Emergency, p.Emergency)
	if p.Phone != "" {
		c.Phone, c.PhoneLink = p.Phone, Dialled(p.Phone, r.Region)
	}
	if p.Address != "" {
		c.Address = strings.Split(p.Address, "\n")
	}
	c.Hours, c.NumberLabel, c.Welcome = over(c.Hours, p.Hours), over(c.NumberLabel, p.NumberLabel), over(c.Welcome, p.Welcome)
	colour := r.Colour
	set(&colour, p.Colour)
	var err error
	if c.Brand, err = page.Brand(colour); err != nil {
		return nil, fmt.Errorf("clinic.colour: %w", err)
	}
	if colour != "" {
		css, err := page.Theme(colour)
		if err != nil {
			return nil, fmt.Errorf("clinic.colour: %w", err)
		}
		c.ThemeCSS = s.add("theme", ".css", File{"text/css; charset=utf-8", css})
	}
	if logo != nil {
		c.Logo, c.LogoPNG = s.add("logo", ".png", *logo), logo.Body
	} else if r.Logo != nil {
		c.Logo = s.add("logo", r.LogoExt, *r.Logo)
		if r.LogoExt == ".png" {
			c.LogoPNG = r.Logo.Body
		}
	}
	return s, nil
}

func (s *state) add(kind, ext string, f File) string {
	name := named(kind, ext, f.Body)
	s.files[name] = f
	return "/clinic/" + name
}

func over(base, top map[lang.Lang]string) map[lang.Lang]string {
	out := maps.Clone(base)
	if out == nil {
		out = map[lang.Lang]string{}
	}
	maps.Copy(out, top)
	return out
}

// Dialled writes a phone number for a tel: link.
func Dialled(phone, region string) string {
	n, err := phonenumbers.Parse(phone, region)
	if err != nil {
		return phone
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// parse reads a stored profile. A field that a newer version of the program wrote
// is passed over.
func parse(doc string) (Profile, error) {
	var p Profile
	err := json.Unmarshal([]byte(doc), &p)
	return p, err
}
