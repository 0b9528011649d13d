package store_test

import (
	"net"
	"net/url"
	"os"
	"strings"
	"testing"

	"portico/internal/clock"
	"portico/internal/store"
	"portico/internal/testkit"
)

// T60: an address of several servers is taken apart, and one that does not answer
// is passed over by the portal and by what it makes of the address.
func TestAddressesOfSeveralServers(t *testing.T) {
	for address, want := range map[string]string{
		"postgres://u:p@db.example/x":                                                          "db.example:5432",
		"postgres://u:p@db.example/x?sslmode=prefer":                                           "db.example:5432",
		"postgres://u:p@a.example:1,b.example:2/x?target_session_attrs=read-write":             "a.example:1 b.example:2",
		"postgres://u:p@a.example,b.example:2,[2001:db8::7]:3/x?sslmode=prefer":                "a.example:5432 b.example:2 [2001:db8::7]:3",
		"postgres://u:p@a.example:1,b.example:2,a.example:1/x?sslmode=disable&search_path=own": "a.example:1 b.example:2",
	} {
		if got, err := store.Servers(address); err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v", address, got, err)
		}
	}
	if _, err := store.Open(t.Context(), "postgres://u:password9@a.example:x,b.example:2/x", clock.System{}); err == nil || strings.Contains(err.Error(), "password9") {
		t.Errorf("an address that is none: %v", err)
	}
	testkit.Postgres(t) // skips, or fails, where there is none
	u, err := url.Parse(os.Getenv("PORTICO_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close() // nobody listens there now
	u.Host = l.Addr().String() + "," + u.Host
	own, drop, err := store.Scratch(t.Context(), u.String())
	if err != nil {
		t.Fatal(err)
	}
	defer drop()
	db, err := store.Open(t.Context(), own, clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.View(t.Context(), func(tx *store.Tx) error {
		where, err := store.Get(t.Context(), tx, store.One[string], `SELECT current_schema()`)
		if err == nil && !strings.HasPrefix(where, "scratch") {
			t.Errorf("it is in %s", where)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}
