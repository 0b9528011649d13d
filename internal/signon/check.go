package signon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Check asks the provider for what it says of itself and for its keys, for
// `portico doctor`, and says what to put right.
func (p *Provider) Check(ctx context.Context) error {
	_, more, err := p.discovered(ctx)
	if err != nil {
		return err
	}
	if len(more.PKCE) > 0 && !slices.Contains(more.PKCE, "S256") {
		return errors.New("the provider does not know PKCE with S256")
	}
	if len(more.Algs) > 0 && !slices.ContainsFunc(more.Algs, func(a string) bool { return slices.Contains(signedWith, a) }) {
		return errors.New("the provider signs with no algorithm that is allowed; turn on RS256 or ES256 there")
	}
	if len(more.Auth) > 0 && !slices.Contains(more.Auth, "client_secret_basic") && !slices.Contains(more.Auth, "client_secret_post") {
		return errors.New("the provider takes no client secret; let it take client_secret_basic")
	}
	if _, err := p.keys.get(ctx, p.now(), false, p.askKeys(more.Keys)); err != nil {
		return err
	}
	return p.checkClock(ctx)
}

// checkClock compares the provider's clock with ours by the head of an answer.
func (p *Provider) checkClock(ctx context.Context) error {
	_, at, err := p.client.read(ctx, p.set.Issuer+"/.well-known/openid-configuration")
	if err != nil || at.IsZero() {
		return err
	}
	if off := p.now().Sub(at); off > skew || off < -skew {
		return fmt.Errorf("its clock and this one differ by %s; sign-ons would be refused. Set both by NTP", off.Abs().Round(time.Second))
	}
	return nil
}
