package enroll_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"portico/internal/enroll"
	"portico/internal/lang"
	"portico/internal/secret"
	"portico/internal/testkit"
)

// child is the address of the database for a process that will be killed.
const child = "PORTICO_KILLED_CHILD"

// TestKilledChild is no test: it is the process that TestKillAtAnyMoment kills.
// It redeems the codes it is given, one after the other.
func TestKilledChild(t *testing.T) {
	address := os.Getenv(child)
	if address == "" {
		t.Skip("runs only as a child process")
	}
	p := open(t, address)
	in := bufio.NewScanner(os.Stdin)
	for i := 0; in.Scan(); i++ {
		code, birth, _ := strings.Cut(in.Text(), " ")
		from := fmt.Sprintf("10.9.%d.%d", i>>8, i&255)
		o, err := p.OpenCode(ctx, visitor(from), enroll.CodeTry{Code: code, Birth: birth, Lang: lang.En})
		if err != nil {
			continue // used before an earlier kill
		}
		fmt.Println("begun") // the parent's cue
		a := p.proof(o.Token, from)
		if _, err := p.finishAll(a, "kettle."+strings.ToLower(secret.Symbols(10))); err != nil {
			t.Error(err)
		}
	}
}

// T8: killed at any moment, a code is either unused and usable, or its account
// is complete.
func TestKillAtAnyMoment(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			address := testkit.MigratedSQLite(t)
			if engine == "postgres" {
				address = testkit.MigratedPostgres(t)
			}
			rounds := size(2, 300)
			n := 6 * rounds
			var codes strings.Builder
			p := open(t, address)
			list := make([]string, n)
			for i := range n {
				x := patient{Number: fmt.Sprint("X-", i), Given: "Kim", Family: "Killed", Birth: "1970-01-01"}
				list[i] = p.give(p.add(x), enroll.ByHand).Text
				codes.WriteString(list[i] + " " + x.Birth + "\n")
			}
			p.app.Close()
			for range rounds {
				kill(t, address, codes.String())
				q := open(t, address)
				q.wholeOrNothing(n)
				q.app.Close()
			}
			q := open(t, address)
			left := 0
			for i, c := range list {
				o, err := q.OpenCode(ctx, visitor(fmt.Sprintf("10.8.%d.%d", i>>8, i&255)), enroll.CodeTry{Code: c, Birth: "1970-01-01", Lang: lang.En})
				if err != nil {
					continue
				}
				if left++; left > 3 {
					continue
				}
				if _, err := q.finishAll(q.proof(o.Token, "10.8.0.1"), "after."+strings.ToLower(secret.Symbols(10))); err != nil {
					t.Errorf("a code that survived: %v", err)
				}
			}
			if accounts := q.count("account"); accounts+left-min(left, 3) != n {
				t.Errorf("%d accounts and %d usable codes make not %d", accounts, left, n)
			}
			t.Logf("%d kills, %d of %d codes were redeemed meanwhile", rounds, q.count("account")-min(left, 3), n)
		})
	}
}

// kill runs the child for a moment and kills it.
func kill(t *testing.T, address, codes string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKilledChild$")
	cmd.Env = append(os.Environ(), child+"="+address)
	cmd.Stdin = strings.NewReader(codes)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for skip := rand.IntN(3); lines.Scan(); {
		if lines.Text() == "begun" {
			if skip == 0 {
				break
			}
			skip--
		}
	}
	time.Sleep(time.Duration(rand.IntN(120_000)) * time.Microsecond)
	cmd.Process.Kill()
	cmd.Wait()
}

// wholeOrNothing checks every account and every code.
func (p *portal) wholeOrNothing(n int) {
	p.t.Helper()
	accounts := p.count("account")
	for what, want := range map[string]int{
		"activation_code WHERE state = 'used' AND used_at IS NOT NULL": accounts, "account_factor": accounts, "recovery_code": 10 * accounts,
		"terms_acceptance": 2 * accounts, "session": accounts, "audit_entry WHERE action = 'account.opened'": accounts,
		"activation_code WHERE state IN ('issued', 'opened')":                                                                n - accounts,
		"account a WHERE NOT EXISTS (SELECT 1 FROM activation_code c WHERE c.patient_id = a.person_id AND c.state = 'used')": 0,
	} {
		if got := p.count(what); got != want {
			p.t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
}
