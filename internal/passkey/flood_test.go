package passkey_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"portico/internal/access"
	"portico/internal/account"
	"portico/internal/testkit"
)

// T20: strangers give 50 wrong passwords a second for one user name, each from an
// address of their own. Its owner signs in by passkey from a new browser, every time.
// The right password from there is refused meanwhile: were it not, the flood would
// not be one.
func TestAFloodOfPasswordsDoesNotStopAPasskey(t *testing.T) {
	r := newRig(t, testkit.MigratedPostgres(t))
	m := r.join()
	d := r.keyed(m)
	during := size(4*time.Second, 10*time.Minute)
	var failed atomic.Int64
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for n := range 50 {
		wg.Go(func() {
			every := time.NewTicker(time.Second) // fifty of them: 50 a second
			defer every.Stop()
			for k := 0; ; k++ {
				select {
				case <-stop:
					return
				case <-every.C:
				}
				v := access.NewVisitor(access.SourceOf(fmt.Sprintf("10.%d.%d.%d", n, k/250%250, k%250)), "test")
				if _, err := r.app.Accounts.Enter(ctx, v, account.Entry{UserName: m.name, Password: "wrong again"}); err != nil {
					failed.Add(1)
				}
			}
		})
	}
	var took []time.Duration
	for began := time.Now(); time.Since(began) < during; {
		one := time.Now()
		if err := r.signIn(d, none); err != nil {
			t.Errorf("sign-in %d: %v", len(took)+1, err)
		}
		took = append(took, time.Since(one))
		time.Sleep(100 * time.Millisecond)
	}
	if _, err := r.app.Accounts.Enter(ctx, anywhere(), account.Entry{UserName: m.name, Password: password}); err == nil {
		t.Error("the right password from a strange browser got through the flood")
	}
	close(stop)
	wg.Wait()
	slices.Sort(took)
	p95 := took[len(took)*95/100]
	t.Logf("%d sign-ins, all but those reported let in, under %d failures; p95 %v", len(took), failed.Load(), p95)
	if p95 > 2*time.Second {
		t.Errorf("p95 is %v", p95)
	}
}
