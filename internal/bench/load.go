package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// The load comes from a process of its own, so that what this process uses is
// the server's alone.

// loadName is the figure's name with which the program starts itself as a client.
const loadName = "load"

// order is what the client is told.
type order struct {
	Addr     string
	Requests [][]byte // whole requests, sent in turn
	Conns    int
	For      time.Duration
}

// outcome is what the client counted.
type outcome struct {
	Done  int
	Bytes int
	Took  time.Duration
	Error string
}

// rate is requests per second.
func (o outcome) rate() float64 { return float64(o.Done) / o.Took.Seconds() }

// hammer sends o from another process and waits for its end.
func hammer(ctx context.Context, o order) (outcome, error) {
	self, err := os.Executable()
	if err != nil {
		return outcome{}, err
	}
	in, err := json.Marshal(o)
	if err != nil {
		return outcome{}, err
	}
	cmd := exec.CommandContext(ctx, self, "bench", loadName)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	b, err := cmd.Output()
	if err != nil {
		return outcome{}, fmt.Errorf("the client: %w", err)
	}
	var out outcome
	if err := json.Unmarshal(b, &out); err != nil {
		return out, fmt.Errorf("the client's answer: %w", err)
	}
	if out.Error != "" {
		return out, errors.New("the client: " + out.Error)
	}
	return out, nil
}

// load is that other process: it reads an order, carries it out, and writes what
// came of it.
func load(ctx context.Context, in io.Reader, out io.Writer) error {
	var o order
	if err := json.NewDecoder(in).Decode(&o); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.For)
	defer cancel()
	var wg sync.WaitGroup
	var done, read atomic.Int64
	errs := make(chan error, o.Conns)
	began := time.Now()
	for i := range o.Conns {
		wg.Go(func() {
			if err := o.client(ctx, i, &done, &read); err != nil {
				errs <- err
			}
		})
	}
	wg.Wait()
	res := outcome{Done: int(done.Load()), Bytes: int(read.Load()), Took: time.Since(began)}
	select {
	case err := <-errs:
		res.Error = err.Error()
	default:
	}
	return json.NewEncoder(out).Encode(res)
}

// client sends one request after the other on one connection until ctx ends.
func (o order) client(ctx context.Context, first int, done, read *atomic.Int64) error {
	c, err := net.Dial("tcp", o.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	r := bufio.NewReaderSize(c, 64<<10)
	for i := first; ctx.Err() == nil; i += o.Conns {
		if _, err := c.Write(o.Requests[i%len(o.Requests)]); err != nil {
			return err
		}
		n, err := response(r)
		if err != nil {
			return err
		}
		done.Add(1)
		read.Add(int64(n))
	}
	return nil
}

// response reads one answer and gives the size of its body. Only 200 and 303
// count as answers; a length must stand in the header.
func response(r *bufio.Reader) (size int, err error) {
	size = -1
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 || (string(line[9:12]) != "200" && string(line[9:12]) != "303") {
		return 0, fmt.Errorf("answered %q", line)
	}
	moved := string(line[9:12]) == "303"
	for {
		if line, err = r.ReadSlice('\n'); err != nil {
			return 0, err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		if name, value, ok := bytes.Cut(line, []byte(": ")); ok && bytes.EqualFold(name, []byte("Content-Length")) {
			if size, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		}
	}
	if size < 0 && !moved {
		return 0, errors.New("an answer without a length")
	}
	_, err = r.Discard(max(size, 0))
	return max(size, 0), err
}
