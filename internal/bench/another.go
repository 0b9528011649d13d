package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"time"

	"portico/internal/web"
)

// Memory and the time to start are those of a process that does nothing else.

// portalName is the figure's name with which the program starts itself as a portal.
const portalName = "portal"

// task is what that process is told.
type task struct {
	Dir     string // of the clinic, "" to do nothing
	Seed    uint64
	Tokens  []string // sessions that open the home page
	SignIns int      // people who sign in at once
}

// result is what it says: a line when it is ready and one at the end.
type result struct {
	Ready         time.Duration // since it was started, measured by who started it
	Before, After int64         // the most memory held, in bytes: idle, and at the end
	Done          int
	Slowest       time.Duration
}

// another carries a task out in a process of its own.
func another(ctx context.Context, t task) (result, error) {
	self, err := os.Executable()
	if err != nil {
		return result{}, err
	}
	in, err := json.Marshal(t)
	if err != nil {
		return result{}, err
	}
	cmd := exec.CommandContext(ctx, self, "bench", portalName)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return result{}, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return result{}, err
	}
	lines := bufio.NewReader(out)
	_, rerr := lines.ReadString('\n')
	ready := time.Since(began)
	var got result
	derr := json.NewDecoder(lines).Decode(&got)
	if err := cmd.Wait(); err != nil {
		return result{}, fmt.Errorf("the other process: %w", err)
	}
	if rerr != nil || derr != nil {
		return result{}, fmt.Errorf("the other process said nothing: %v %v", rerr, derr)
	}
	got.Ready = ready
	return got, nil
}

// portal is that other process.
func portal(ctx context.Context, in io.Reader, out io.Writer) error {
	var t task
	if err := json.NewDecoder(in).Decode(&t); err != nil {
		return err
	}
	var r result
	var c *clinic
	var err error
	if t.Dir != "" {
		if c, err = open(ctx, opening{dir: t.Dir, seed: t.Seed}); err != nil {
			return err
		}
		defer c.app.Close()
		v, err := c.guest().get("/readyz")
		if err != nil {
			return err
		}
		if v.status != http.StatusOK {
			return fmt.Errorf("not ready: %d", v.status)
		}
	}
	fmt.Fprintln(out, "ready")
	if r.Before, err = held(); err != nil {
		return err
	}
	if t.SignIns > 0 {
		r.Done, r.Slowest, err = c.rush(t.SignIns)
	} else if len(t.Tokens) > 0 {
		err = c.homes(ctx, t.Tokens)
	}
	if err != nil {
		return err
	}
	if r.After, err = held(); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(r)
}

// homes lets every session open the home page.
func (c *clinic) homes(ctx context.Context, tokens []string) error {
	guests := make([]*guest, len(tokens))
	for i, token := range tokens {
		guests[i] = c.guest()
		guests[i].jar.SetCookies(c.base, []*http.Cookie{{Name: web.SessionCookie, Value: token, Path: "/", Secure: true}})
	}
	_, err := inParallel(ctx, conns, len(tokens), time.Minute, func(_ context.Context, i int) error {
		v, err := guests[i].get("/home")
		if err == nil && v.status != http.StatusOK {
			err = fmt.Errorf("the home page answered %d", v.status)
		}
		return err
	})
	return err
}

// rush lets n people send their passwords at the same moment.
func (c *clinic) rush(n int) (done int, slowest time.Duration, err error) {
	send := make([]func() error, n)
	for i := range send {
		if send[i], err = c.guest().ready(crowdName(i), newPassword); err != nil {
			return 0, 0, err
		}
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	began := time.Now()
	for _, f := range send {
		wg.Go(func() {
			serr := f()
			mu.Lock()
			defer mu.Unlock()
			if slowest = max(slowest, time.Since(began)); serr != nil {
				err = serr
				return
			}
			done++
		})
	}
	wg.Wait()
	return done, slowest, err
}
