package secret

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

func TestPasswordsMatchThemselvesAlone(t *testing.T) {
	ctx := t.Context()
	h := NewHasher(mustKeys(t, keyA), 0, 0)
	one, err := h.Hash(ctx, "correct horse battery")
	if err != nil {
		t.Fatal(err)
	}
	two, _ := h.Hash(ctx, "correct horse battery")
	if one == two || !strings.HasPrefix(one, "$argon2id$v=19$m=19456,t=2,p=1,keyid=") {
		t.Fatalf("hashes: %s %s", one, two)
	}
	for pw, want := range map[string]bool{
		"correct horse battery": true, "correct horse batterz": false, "": false,
		"Correct horse battery": false, "correct horse battery ": false,
	} {
		ok, rehash, err := h.Verify(ctx, pw, one)
		if ok != want || rehash || err != nil {
			t.Errorf("%q: %v %v %v", pw, ok, rehash, err)
		}
	}
	// The same letters from a keyboard that composes accents and one that does not.
	accent, _ := h.Hash(ctx, "contrase\u00f1a del r\u00edo")
	if ok, _, _ := h.Verify(ctx, "contrasen\u0303a del ri\u0301o", accent); !ok {
		t.Error("a decomposed accent does not match")
	}
	if err := h.VerifyNobody(ctx, "anything"); err != nil {
		t.Error(err)
	}
}

func TestPepperFollowsTheSecret(t *testing.T) {
	ctx := t.Context()
	stored, _ := NewHasher(mustKeys(t, keyB), 0, 0).Hash(ctx, "correct horse battery")
	ok, rehash, err := NewHasher(mustKeys(t, keyA, keyB), 0, 0).Verify(ctx, "correct horse battery", stored)
	if !ok || !rehash || err != nil {
		t.Errorf("older secret: %v %v %v", ok, rehash, err)
	}
	if ok, _, err := NewHasher(mustKeys(t, keyA), 0, 0).Verify(ctx, "correct horse battery", stored); ok || err == nil {
		t.Error("matches without the secret it was made under")
	}
}

func TestDamagedHashesAreErrors(t *testing.T) {
	h := NewHasher(mustKeys(t, keyA), 0, 0)
	good, _ := h.Hash(t.Context(), "correct horse battery")
	for _, s := range []string{
		"", "$", "plain", strings.Replace(good, "argon2id", "argon2i", 1),
		strings.Replace(good, "m=19456", "m=1", 1), strings.Replace(good, "m=19456", "m=4294967295", 1),
		strings.Replace(good, "t=2", "t=0", 1), strings.Replace(good, "p=1", "p=0", 1),
		strings.Replace(good, "v=19", "v=18", 1), good[:len(good)-30], good + "$x",
	} {
		if ok, _, err := h.Verify(t.Context(), "correct horse battery", s); ok || err == nil {
			t.Errorf("%q: %v %v", s, ok, err)
		}
	}
}

func TestFullQueueAnswersAtOnce(t *testing.T) {
	h := NewHasher(mustKeys(t, keyA), 2, 3)
	for range 2 { // hold both places, so that nothing depends on speed
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	for range 3 {
		done.Go(func() {
			if _, err := h.Hash(ctx, "x"); !errors.Is(err, context.Canceled) {
				t.Errorf("a waiting hash ends with %v", err)
			}
		})
	}
	for h.waiting.Load() < 3 {
		runtime.Gosched()
	}
	err := h.VerifyNobody(t.Context(), "x")
	if !errors.Is(err, ErrBusy) {
		t.Errorf("over the queue: %v", err)
	}
	cancel()
	done.Wait()
	if n := h.waiting.Load(); n != 0 {
		t.Errorf("%d still counted as waiting", n)
	}
}

// As many are let in as the pool and its queue hold, and somebody else for each who
// leaves, however often they say that they do.
func TestWhoWouldFindTheQueueFullIsNotLetIn(t *testing.T) {
	h := NewHasher(mustKeys(t, keyA), 2, 3)
	var leave func()
	for range 5 {
		var err error
		if leave, err = h.Admit(); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := h.Admit(); !errors.Is(err, ErrBusy) {
			t.Errorf("over the queue: %v", err)
		}
	}
	leave()
	leave()
	if _, err := h.Admit(); err != nil {
		t.Errorf("after somebody left: %v", err)
	}
	if _, err := h.Admit(); !errors.Is(err, ErrBusy) {
		t.Errorf("who left twice made room for two: %v", err)
	}
}

// TestFortyAtOnceStayUnder200MiB measures the whole process: forty sign-ins at
// once, two hashed at a time.
func TestFortyAtOnceStayUnder200MiB(t *testing.T) {
	if testing.Short() {
		t.Skip("short: the race detector's own memory would be measured")
	}
	h := NewHasher(mustKeys(t, keyA), 2, 64)
	var failed atomic.Int64
	var done sync.WaitGroup
	for range 40 {
		done.Go(func() {
			if h.VerifyNobody(context.Background(), "correct horse battery") != nil {
				failed.Add(1)
			}
		})
	}
	done.Wait()
	if failed.Load() != 0 {
		t.Errorf("%d refused", failed.Load())
	}
	if peak := peakMiB(t); peak > 200 {
		t.Errorf("peak memory %d MiB", peak)
	} else {
		t.Logf("peak memory %d MiB", peak)
	}
}

// peakMiB reads the high-water mark of resident memory from Linux.
func peakMiB(t *testing.T) int {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("no /proc")
	}
	for _, line := range strings.Split(string(b), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			n, _ := strconv.Atoi(strings.Fields(rest)[0])
			return n / 1024
		}
	}
	t.Skip("no VmHWM")
	return 0
}

func BenchmarkHash(b *testing.B) {
	h := NewHasher(mustKeys(b, keyA), 0, 0)
	for b.Loop() {
		if err := h.VerifyNobody(b.Context(), "correct horse battery"); err != nil {
			b.Fatal(err)
		}
	}
}
