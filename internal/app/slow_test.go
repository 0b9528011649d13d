package app

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// T22: clients that send a byte a second, or nothing, hold no connection longer
// than its time, while everybody else is answered.
func TestSlowClientsAreCutOff(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			fmt.Fprint(w, "fine")
		}
	}), slog.New(slog.DiscardHandler))
	go srv.Serve(l)
	defer srv.Close()
	crowd, long := 20, os.Getenv("PORTICO_ATTACK") == "long"
	if long {
		crowd = 1000
	}
	ways := []slow{
		{"its head", "GET / HTTP/1.1\r\nHost: x\r\nX-A: ", srv.ReadHeaderTimeout},
		{"its body", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4000\r\n\r\n", srv.ReadTimeout},
	}
	if long {
		ways = append(ways, slow{"nothing more", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", srv.IdleTimeout})
	}
	var wg sync.WaitGroup
	var held atomic.Int64
	for _, s := range ways {
		if s.ends <= 0 || s.ends > 2*time.Minute {
			t.Fatalf("a client that is slow with %s is held for %v", s.with, s.ends)
		}
		for range crowd {
			wg.Go(func() {
				if err := s.hold(l.Addr().String()); err != nil {
					held.Add(1)
					t.Error(err)
				}
			})
		}
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	asked, failed := 0, 0
	for honest := (&http.Client{Timeout: 5 * time.Second}); ; asked++ {
		select {
		case <-done:
			t.Logf("%d slow connections, %d of them held too long; %d of %d honest requests failed", len(ways)*crowd, held.Load(), failed, asked)
			if failed > 0 || asked < 100 {
				t.Errorf("%d of %d honest requests failed", failed, asked)
			}
			return
		case <-time.After(20 * time.Millisecond):
		}
		got, err := honest.Get("http://" + l.Addr().String())
		if err != nil {
			failed++
			continue
		}
		got.Body.Close()
	}
}

// slow is a way to be slow, and after how long it must be over.
type slow struct {
	with, begins string
	ends         time.Duration
}

// hold sends a byte a second until the server hangs up.
func (s slow) hold(addr string) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer c.Close()
	began := time.Now()
	gone := make(chan struct{})
	go func() {
		io.Copy(io.Discard, bufio.NewReader(c)) // until it hangs up
		close(gone)
	}()
	io.WriteString(c, s.begins)
	for left := s.ends + 15*time.Second; time.Since(began) < left; {
		select {
		case <-gone:
			return nil
		case <-time.After(time.Second):
			if !strings.Contains(s.with, "nothing") {
				io.WriteString(c, "x")
			}
		}
	}
	return fmt.Errorf("a client that is slow with %s still holds its connection after %v", s.with, time.Since(began))
}
