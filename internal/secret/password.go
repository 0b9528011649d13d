package secret

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// What one hash costs: OWASP's password storage cheat sheet (2023) names 19 MiB,
// two passes, one lane; measured here at 21 to 25 ms of one core.
const (
	argonMemory = 19 * 1024 // KiB
	argonTime   = 2
	argonLanes  = 1
	argonSalt   = 16 // bytes; RFC 9106 section 3.1
	argonOut    = 32 // bytes
)

// ErrBusy means that the queue is full and nothing was hashed. Callers answer
// 503 and ask to come back in five seconds: a full queue is worked off in under
// two, and the rest lets the wave pass.
var ErrBusy = errors.New("secret: the queue of passwords to hash is full")

// Hasher hashes passwords in a pool of bounded size and queue, so that a flood
// of sign-ins can neither sink the machine nor eat its memory (19 MiB each).
type Hasher struct {
	keys    *Keyring
	slots   chan struct{}
	queue   int64
	waiting atomic.Int64
	inside  atomic.Int64 // people let in by Admit
}

// NewHasher makes a pool of workers hashes at once with queue more waiting. With
// workers below 1 it takes the number of CPUs, at least 2; with queue below 1,
// sixteen for each worker: under half a second of work.
func NewHasher(k *Keyring, workers, queue int) *Hasher {
	if workers < 1 {
		workers = max(2, runtime.NumCPU())
	}
	if queue < 1 {
		queue = 16 * workers
	}
	return &Hasher{keys: k, slots: make(chan struct{}, workers), queue: int64(queue)}
}

// Hash makes the PHC string to keep for password. A full queue answers
// ErrBusy at once, before any work.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, argonSalt)
	rand.Read(salt) // never fails since Go 1.24
	r := h.keys.current()
	p := phc{memory: argonMemory, time: argonTime, lanes: argonLanes, key: r.id, salt: salt}
	var err error
	p.hash, err = h.run(ctx, p, r, password, argonOut)
	if err != nil {
		return "", err
	}
	return p.String(), nil
}

// Verify tells whether password made the stored PHC string; rehash says that it
// did, but under an older secret or at another cost, and should be kept anew.
func (h *Hasher) Verify(ctx context.Context, password, stored string) (ok, rehash bool, err error) {
	p, err := parsePHC(stored)
	if err != nil {
		return false, false, err
	}
	r := h.keys.byID(p.key)
	if r == nil {
		return false, false, errors.New("secret: password hashed under a secret that is no longer kept")
	}
	got, err := h.run(ctx, p, r, password, len(p.hash))
	if err != nil {
		return false, false, err
	}
	if !hmac.Equal(got, p.hash) {
		return false, false, nil
	}
	fresh := p.key == h.keys.current().id && p.memory == argonMemory && p.time == argonTime &&
		p.lanes == argonLanes && len(p.hash) == argonOut
	return true, !fresh, nil
}

// VerifyNobody costs what Verify costs and matches nothing: for user names that
// do not exist, so that the time tells no one which do.
func (h *Hasher) VerifyNobody(ctx context.Context, password string) error {
	p := phc{memory: argonMemory, time: argonTime, lanes: argonLanes, salt: make([]byte, argonSalt)}
	_, err := h.run(ctx, p, h.keys.current(), password, argonOut)
	return err
}

// run takes a place in the pool and hashes. Unicode is brought into NFKC first,
// so that the same password typed on another keyboard matches.
func (h *Hasher) run(ctx context.Context, p phc, r *root, password string, size int) ([]byte, error) {
	if err := h.enter(ctx); err != nil {
		return nil, err
	}
	defer func() { <-h.slots }()
	peppered := sum(r.key("pepper"), []string{norm.NFKC.String(password)})
	return argon2.IDKey(peppered, p.salt, p.time, p.memory, p.lanes, uint32(size)), nil
}

// Admit lets in as many as the pool and its queue hold, until they leave; it answers
// ErrBusy beyond that. Whoever reads a database before they hash goes through it first,
// so that those who would find the queue full leave the database to others.
func (h *Hasher) Admit() (leave func(), err error) {
	if h.inside.Add(1) > h.queue+int64(cap(h.slots)) {
		h.inside.Add(-1)
		return nil, ErrBusy
	}
	return sync.OnceFunc(func() { h.inside.Add(-1) }), nil
}

func (h *Hasher) enter(ctx context.Context) error {
	select {
	case h.slots <- struct{}{}:
		return nil
	default:
	}
	if h.waiting.Add(1) > h.queue {
		h.waiting.Add(-1)
		return ErrBusy
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("waiting to hash: %w", ctx.Err())
	}
}

// phc is a password hash in the PHC string format
// (github.com/P-H-C/phc-string-format), with the pepper's key as "keyid".
type phc struct {
	memory, time uint32
	lanes        uint8
	key          string
	salt, hash   []byte
}

func (p phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d,keyid=%s$%s$%s", argon2.Version,
		p.memory, p.time, p.lanes, p.key, b64.EncodeToString(p.salt), b64.EncodeToString(p.hash))
}

var errPHC = errors.New("secret: stored password hash cannot be read")

func parsePHC(s string) (phc, error) {
	var p phc
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, errPHC
	}
	params, key, _ := strings.Cut(part[3], ",keyid=")
	p.key = key
	if _, err := fmt.Sscanf(params, "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.lanes); err != nil {
		return p, errPHC
	}
	var err1, err2 error
	p.salt, err1 = base64.RawStdEncoding.DecodeString(part[4])
	p.hash, err2 = base64.RawStdEncoding.DecodeString(part[5])
	// The bounds keep a damaged row from asking for gigabytes or dividing by zero.
	if err1 != nil || err2 != nil || len(p.salt) < 8 || len(p.hash) < 16 ||
		p.memory < 8 || p.memory > 256*1024 || p.time < 1 || p.time > 16 || p.lanes < 1 || p.lanes > 8 {
		return p, errPHC
	}
	return p, nil
}
