package signon

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
)

const (
	// fresh is how long what the provider says is believed without asking again.
	fresh = time.Hour
	// stale is how long it is believed while the provider cannot be asked.
	stale = 24 * time.Hour
	// pause is how long nobody asks again after an attempt that failed.
	pause = 10 * time.Second
	// again is how often a key that is not known may lead to asking for all keys.
	again = time.Minute
	// shortRSA is the smallest RSA key that is believed, in bits (NIST SP 800-131A).
	shortRSA = 2048
)

// signedWith are the algorithms that are believed: all with a key pair. "none" and
// those whose key would be the client's secret are not among them.
var signedWith = []string{oidc.RS256, oidc.RS384, oidc.RS512, oidc.PS256, oidc.PS384, oidc.PS512, oidc.ES256, oidc.ES384, oidc.ES512, oidc.EdDSA}

// word is something that the provider was asked for. One request asks, the others
// wait for it; after a failure none asks again for a while.
type word[T any] struct {
	mu     sync.Mutex
	value  T
	at     time.Time // when it was given, zero if never
	tried  time.Time // when the provider was last asked
	failed error     // how that ended
}

// get gives the word, asking for it where it is old, or where anew is set and it was
// not asked for within the last minute.
func (w *word[T]) get(ctx context.Context, now time.Time, anew bool, ask func(context.Context) (T, error)) (T, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	since := now.Sub(w.tried)
	old := w.at.IsZero() || now.Sub(w.at) >= fresh
	if old && (w.failed == nil || since >= pause) || anew && since >= again {
		// Whoever asks first may hang up; the others still want the answer.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
		defer cancel()
		var v T
		if v, w.failed = ask(ctx); w.failed == nil {
			w.value, w.at = v, now
		}
		w.tried = now
	}
	if w.failed != nil && (w.at.IsZero() || now.Sub(w.at) >= stale) {
		return w.value, w.failed
	}
	return w.value, nil
}

// keys are the provider's.
type keys struct{ word[[]jose.JSONWebKey] }

func (p *Provider) askKeys(at string) func(context.Context) ([]jose.JSONWebKey, error) {
	return func(ctx context.Context) ([]jose.JSONWebKey, error) {
		b, _, err := p.client.read(ctx, at)
		if err != nil {
			return nil, fmt.Errorf("its keys: %w", err)
		}
		return readKeys(b)
	}
}

// readKeys reads a key set. Keys of kinds that we do not know, secret ones and weak
// ones are left out.
func readKeys(b []byte) (all []jose.JSONWebKey, err error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(b, &set); err != nil {
		return nil, errors.New("its keys cannot be read")
	}
	for _, raw := range set.Keys {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(raw) != nil || !k.IsPublic() || !k.Valid() || k.Use != "" && k.Use != "sig" {
			continue
		}
		if r, ok := k.Key.(*rsa.PublicKey); ok && r.N.BitLen() < shortRSA {
			continue
		}
		all = append(all, k)
	}
	if len(all) == 0 {
		return nil, errors.New("it publishes no key that can be used")
	}
	return all, nil
}

// signature checks one token's signature; err is why it failed.
type signature struct {
	p   *Provider
	at  string
	err error
}

// VerifySignature implements oidc.KeySet.
func (s *signature) VerifySignature(ctx context.Context, raw string) (payload []byte, err error) {
	payload, s.err = s.p.signed(ctx, raw, s.at)
	return payload, s.err
}

func (p *Provider) signed(ctx context.Context, raw, at string) ([]byte, error) {
	var algs []jose.SignatureAlgorithm
	for _, a := range signedWith {
		algs = append(algs, jose.SignatureAlgorithm(a))
	}
	sig, err := jose.ParseSignedCompact(raw, algs)
	if err != nil {
		return nil, errToken("its form or algorithm is not allowed")
	}
	known, err := p.keys.get(ctx, p.now(), false, p.askKeys(at))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDown, err)
	}
	h := sig.Signatures[0].Header
	mine := suiting(known, h)
	if len(mine) == 0 { // the provider may have changed its key
		if known, err = p.keys.get(ctx, p.now(), true, p.askKeys(at)); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDown, err)
		}
		mine = suiting(known, h)
	}
	for _, k := range mine {
		if payload, err := sig.Verify(&k); err == nil {
			return payload, nil
		}
	}
	if len(mine) == 0 {
		return nil, errToken("its key is not known")
	}
	return nil, errToken("its signature is wrong")
}

// suiting are the keys that a signature may be by: the one it names, or all where it
// names none.
func suiting(all []jose.JSONWebKey, h jose.Header) (out []jose.JSONWebKey) {
	for _, k := range all {
		if (h.KeyID == "" || k.KeyID == h.KeyID) && (k.Algorithm == "" || k.Algorithm == h.Algorithm) {
			out = append(out, k)
		}
	}
	return out
}
