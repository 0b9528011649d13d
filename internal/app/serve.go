package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/crypto/acme/autocert"

	"portico/internal/config"
)

// grace is how long requests under way may take to end when the server stops.
const grace = 20 * time.Second

// server sets the limits that net/http leaves open: without them a client that
// sends a byte a minute holds a connection for ever.
func server(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       120 * time.Second,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// Listen takes the configured address.
func (a *App) Listen() (net.Listener, error) {
	l, err := net.Listen("tcp", a.cfg.Addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", a.cfg.Addr, err)
	}
	return l, nil
}

// Serve answers requests on l and does background work until ctx ends, then
// lets what is under way finish.
func (a *App) Serve(ctx context.Context, l net.Listener) error {
	l, err := a.encrypt(ctx, l)
	if err != nil {
		return err
	}
	srv := server(a.Router.Handler(), a.Log)
	metrics, err := a.serveMetrics()
	if err != nil {
		l.Close()
		return err
	}
	work, stopWork := context.WithCancel(ctx)
	defer stopWork()
	var wg sync.WaitGroup
	wg.Go(func() { a.Jobs.Run(work, a.cfg.Workers) })
	wg.Go(func() { a.Vault.Watch(work) })
	wg.Go(func() { a.hangUp(work) })
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(l) }()
	a.Log.Info("listening", "addr", l.Addr().String())
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	a.Log.Info("stopping")
	// Not derived from ctx, which has just ended.
	end, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if serr := srv.Shutdown(end); serr != nil {
		srv.Close()
	}
	if metrics != nil {
		metrics.Close()
	}
	stopWork()
	wg.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// hangUp reads the key file anew at each SIGHUP. It would be noticed by itself
// within seconds; scripts like to be sure.
func (a *App) hangUp(ctx context.Context) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGHUP)
	defer signal.Stop(c)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c:
			a.Vault.Wake()
		}
	}
}

// suites are those of TLS 1.2 with forward secrecy and authenticated encryption. Go
// would also offer suites in CBC mode (BEAST, Lucky Thirteen); every browser that
// can show the portal has one of these.
var suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
}

// encrypt puts TLS around l as configured.
func (a *App) encrypt(ctx context.Context, l net.Listener) (net.Listener, error) {
	switch a.cfg.TLS.Mode {
	case "files":
		pair, err := tls.LoadX509KeyPair(a.cfg.TLS.Cert, a.cfg.TLS.Key)
		if err != nil {
			return nil, fmt.Errorf("the TLS certificate or key cannot be used: %w", err)
		}
		return tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, CipherSuites: suites, Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2", "http/1.1"}}), nil
	case "auto":
		base, err := url.Parse(a.cfg.BaseURL)
		if err != nil {
			return nil, fmt.Errorf("base_url: %w", err)
		}
		m := &autocert.Manager{Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(filepath.Join(a.cfg.DataDir, "tls")),
			HostPolicy: autocert.HostWhitelist(append([]string{base.Hostname()}, a.cfg.Hosts...)...)}
		// Port 80 answers the certificate authority and sends everybody else to https.
		plain := server(m.HTTPHandler(nil), a.Log)
		plain.Addr = ":80"
		go func() {
			if err := plain.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
				a.Log.Error("port 80", "err", err)
			}
		}()
		context.AfterFunc(ctx, func() { plain.Close() })
		t := m.TLSConfig()
		t.MinVersion, t.CipherSuites = tls.VersionTLS12, suites
		return tls.NewListener(l, t), nil
	}
	return l, nil
}

func (a *App) serveMetrics() (*http.Server, error) {
	if a.cfg.MetricsAddr == "" {
		return nil, nil
	}
	l, err := net.Listen("tcp", a.cfg.MetricsAddr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s for metrics: %w", a.cfg.MetricsAddr, err)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	reg.MustRegister(a.Router.Collectors()...)
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	srv := server(mux, a.Log)
	go srv.Serve(l)
	return srv, nil
}

// Logger writes JSON lines at the configured level.
func Logger(cfg config.Config, w interface{ Write([]byte) (int, error) }) *slog.Logger {
	var level slog.Level
	if level.UnmarshalText([]byte(cfg.LogLevel)) != nil {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}))
}
