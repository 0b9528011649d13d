package signon

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

const (
	// patience is how long one request to the provider may take in all.
	patience = 10 * time.Second
	// most is how much of an answer is read. Key sets and tokens have a few
	// thousand bytes.
	most = 256 << 10
)

var (
	errElsewhere = errors.New("the address is not on a configured host")
	errRedirect  = errors.New("the provider answered with a redirect")
	errLarge     = errors.New("the provider's answer is too large")
	errAddress   = errors.New("the host's address is not one to call")
)

// reach calls the configured hosts and nothing else.
type reach struct {
	hosts []string // host or host:port, as in the issuer's address
	plain bool     // http on loopback, for the demo and its tests
	next  http.RoundTripper
}

// outside is a client that calls the provider alone.
type outside struct {
	http.Client
	reach *reach
}

// newOutside makes the client for an issuer. roots are the authorities that are
// trusted beside the machine's, nil for none.
func newOutside(issuer *url.URL, hosts []string, roots *x509.CertPool) *outside {
	home := loopback(issuer.Hostname())
	d := &net.Dialer{Timeout: patience, Control: func(_, address string, _ syscall.RawConn) error { return callable(address, home) }}
	t := &http.Transport{DialContext: d.DialContext, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		TLSHandshakeTimeout: patience, ResponseHeaderTimeout: patience, MaxResponseHeaderBytes: 64 << 10, ForceAttemptHTTP2: true}
	r := &reach{hosts: append([]string{issuer.Host}, hosts...), plain: home && issuer.Scheme == "http", next: t}
	return &outside{reach: r, Client: http.Client{Timeout: patience, Transport: r,
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirect }}}
}

// read gets one document of the provider, and the time that it says it is, zero if
// it does not say.
func (o *outside) read(ctx context.Context, address string) (body []byte, at time.Time, err error) {
	q, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, at, err
	}
	res, err := o.Do(q)
	if err != nil {
		return nil, at, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, at, fmt.Errorf("it answered %d", res.StatusCode)
	}
	at, _ = http.ParseTime(res.Header.Get("Date")) // a provider need not say
	body, err = io.ReadAll(res.Body)
	return body, at, err
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}

// callable refuses addresses that no provider has: those of the machine itself
// (unless that is what was configured), of its neighbours on the wire, where clouds
// keep their machines' credentials, and of nobody.
func callable(address string, home bool) error {
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		return errAddress
	}
	ip := a.Addr().Unmap()
	if ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified() || ip.IsLoopback() && !home {
		return errAddress
	}
	return nil
}

// allowed tells whether an address may be called, or a browser be sent there.
func (r *reach) allowed(u *url.URL) error {
	if u.Scheme != "https" && !(r.plain && u.Scheme == "http") || u.User != nil || !slices.Contains(r.hosts, u.Host) {
		return errElsewhere
	}
	return nil
}

// RoundTrip implements http.RoundTripper.
func (r *reach) RoundTrip(q *http.Request) (*http.Response, error) {
	if err := r.allowed(q.URL); err != nil {
		return nil, err
	}
	res, err := r.next.RoundTrip(q)
	if err != nil {
		return nil, err
	}
	res.Body = &bounded{ReadCloser: res.Body, left: most}
	return res, nil
}

// bounded is a body that ends in an error where it is too long.
type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errLarge
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	b.left -= int64(n)
	if b.left < 0 {
		return 0, errLarge
	}
	return n, err
}
