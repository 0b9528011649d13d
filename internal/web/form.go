package web

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"time"

	"portico/internal/fault"
	"portico/internal/secret"
	"portico/internal/store"
)

const (
	// formLife is how long a page may stay open before its form is too old.
	formLife = 12 * time.Hour
	nonceLen = 16
	macLen   = 16
)

// newFormKey makes the hidden key of one form: 16 random bytes, the time, and a
// keyed hash over both and the browser's cookie.
func (q *Request) newFormKey() string {
	b := make([]byte, nonceLen+8, nonceLen+8+macLen)
	rand.Read(b[:nonceLen])
	binary.BigEndian.PutUint64(b[nonceLen:], uint64(q.router.db.Now().Unix()))
	mac := q.router.keys.MAC("web.form", q.binding, string(b))
	return base64.RawURLEncoding.EncodeToString(append(b, mac[:macLen]...))
}

// errStale means that a form is not from this browser's present session.
var errStale = fault.New(fault.Denied, "error.form.stale")

func (q *Request) checkFormKey(key string) error {
	b, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil || len(b) != nonceLen+8+macLen {
		return errStale
	}
	body, mac := b[:nonceLen+8], b[nonceLen+8:]
	// Under each key: a page that was open while the key was changed still works.
	ours := false
	for _, want := range q.router.keys.MACs("web.form", q.binding, string(body)) {
		ours = equal(mac, want[:macLen]) || ours
	}
	if !ours {
		return errStale
	}
	made := time.Unix(int64(binary.BigEndian.Uint64(body[nonceLen:])), 0)
	if age := q.router.db.Now().Sub(made); age > formLife || age < -time.Minute {
		return errStale
	}
	return nil
}

// run calls a handler; for a form, after its checks and once only.
func (q *Request) run(form bool, h func() (Reply, error)) (Reply, error) {
	if !form {
		return h()
	}
	if err := q.readForm(); err != nil {
		return Reply{}, err
	}
	key := q.PostFormValue("_form")
	if err := q.checkFormKey(key); err != nil {
		return Reply{}, err
	}
	ctx := q.Context()
	hash := secret.TokenHash(key)
	first, location, err := q.router.takeKey(ctx, hash)
	if err != nil {
		return Reply{}, fault.Down("error.busy", 5*time.Second, err)
	}
	if !first {
		if location == "" {
			return Reply{}, fault.Lost("error.form.sent")
		}
		return Redirect(location), nil
	}
	reply, err := h()
	// Not with the request's context: the deed is done even if the browser left.
	if serr := q.router.settleKey(context.WithoutCancel(ctx), hash, reply.location, err == nil && reply.location != ""); serr != nil {
		q.router.log.Error("form key", "err", serr)
	}
	return reply, err
}

func (q *Request) readForm() error {
	if most := q.most(); most > 0 {
		return q.readFiles(most)
	}
	q.Body = http.MaxBytesReader(q.w, q.Body, maxForm)
	if err := q.ParseForm(); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return errTooLarge
		}
		return fault.Bad("", "error.form.broken")
	}
	return nil
}

var errTooLarge = errors.New("the body is too large")

// takeKey reserves a form key. If it was taken before, it waits a moment for the
// first submission's answer and gives that.
func (r *Router) takeKey(ctx context.Context, hash string) (first bool, location string, err error) {
	for range 40 {
		err = r.db.Housekeep(ctx, "web", func(tx *store.Tx) error {
			n, err := tx.Exec(ctx, `INSERT INTO form_key (key_hash, used_at) VALUES ($1, $2) ON CONFLICT (key_hash) DO NOTHING`, hash, store.Time(tx.Now))
			if first = n == 1; first || err != nil {
				return err
			}
			location, err = store.Get(ctx, tx, store.One[string], `SELECT COALESCE(location, '') FROM form_key WHERE key_hash = $1`, hash)
			return err
		})
		if first || err != nil || location != "" {
			return first, location, err
		}
		select {
		case <-ctx.Done():
			return false, "", ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	return false, "", nil
}

// settleKey keeps the answer of a form that did its work and frees the key of
// one that did not.
func (r *Router) settleKey(ctx context.Context, hash, location string, done bool) error {
	return r.db.Housekeep(ctx, "web", func(tx *store.Tx) error {
		if done {
			_, err := tx.Exec(ctx, `UPDATE form_key SET location = $2 WHERE key_hash = $1`, hash, location)
			return err
		}
		_, err := tx.Exec(ctx, `DELETE FROM form_key WHERE key_hash = $1`, hash)
		return err
	})
}

// SweepForms forgets form keys that are too old to be accepted anyway.
func (r *Router) SweepForms(ctx context.Context) error {
	return r.db.Housekeep(ctx, "web", func(tx *store.Tx) error {
		_, err := tx.Exec(ctx, `DELETE FROM form_key WHERE used_at < $1`, store.Time(tx.Now.Add(-formLife-time.Hour)))
		return err
	})
}
