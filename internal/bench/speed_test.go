package bench

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"os"
	"testing"
)

// TestMain lets the test's own program be the client that bench starts.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "bench" {
		if err := Run(context.Background(), Options{Name: os.Args[2], In: os.Stdin, Out: os.Stdout}); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// The pages that are opened most, without a network between:
// go test ./internal/bench -bench . -cpuprofile cpu.out
func BenchmarkPages(b *testing.B) {
	c, err := open(context.Background(), opening{dir: b.TempDir(), seed: 1})
	if err != nil {
		b.Fatal(err)
	}
	defer c.app.Close()
	g := c.guest()
	if err := c.signIn(g, c.cards.Accounts[0]); err != nil {
		b.Fatal(err)
	}
	for _, p := range []struct {
		name, path string
		zipped     bool
	}{{"signin", "/signin", false}, {"signin-gzip", "/signin", true}, {"home", "/home", false}, {"results", "/results", false}} {
		b.Run(p.name, func(b *testing.B) {
			raw := g.raw(p.path, p.zipped)
			b.ReportAllocs()
			before, err := cpu()
			if err != nil {
				b.Fatal(err)
			}
			n := 0
			for b.Loop() {
				req, err := http.ReadRequest(bufio.NewReaderSize(bytes.NewReader(raw), 512))
				if err != nil {
					b.Fatal(err)
				}
				w := &nowhere{header: http.Header{}}
				if c.handler.ServeHTTP(w, req); w.status != 200 {
					b.Fatal(w.status)
				}
				n++
			}
			after, err := cpu()
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64((after-before).Microseconds())/float64(n), "cpu-µs/op")
		})
	}
}

// nowhere takes an answer and forgets it.
type nowhere struct {
	header http.Header
	status int
}

func (w *nowhere) Header() http.Header         { return w.header }
func (w *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (w *nowhere) WriteHeader(s int)           { w.status = s }
