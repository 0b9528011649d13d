package console_test

import (
	"strings"
	"testing"
	"time"

	"portico/internal/audit"
	"portico/internal/config"
	"portico/internal/store"
	"portico/internal/testkit"
)

// The numbers of the day count since the clinic's midnight. Administrators and
// auditors see them, and only who reads the audit log is led into it.
func TestNumbersOfTheDay(t *testing.T) {
	k := open(t)
	happens := func(a audit.Action, o audit.Outcome) {
		if err := k.app.DB.Change(ctx, duty.Did(a, "").As(o), func(*store.Tx) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	day := func(b *testkit.Browser) string { return b.Get("/staff").Want(200, "Desk").Text("section:has(#day)") }
	zone, err := time.LoadLocation(config.Default().Clinic.Zone)
	if err != nil {
		t.Fatal(err)
	}
	midnight := time.Date(2026, 3, 12, 0, 0, 0, 0, zone)
	k.c.Move(midnight.Add(-time.Second).Sub(k.c.Now()))
	happens(audit.AccountOpened, audit.Done)
	happens(audit.SecondStep, audit.Refused)
	admin, _ := k.hire("Sam Whitfield", "administrator")
	auditor, _ := k.hire("Dana Osei", "auditor")
	clerk, _ := k.hire("Jordan Kim", "front_desk")
	if got := day(admin); !strings.Contains(got, "1 accounts opened") || !strings.Contains(got, "1 failed tries of patients") {
		t.Errorf("before midnight: %q", got)
	}
	k.c.Move(time.Second)
	if got := day(admin); !strings.Contains(got, "0 accounts opened") || !strings.Contains(got, "0 failed tries of patients") {
		t.Errorf("at midnight: %q", got)
	}
	happens(audit.AccountOpened, audit.Done)
	if got := day(auditor); !strings.Contains(got, "1 accounts opened") {
		t.Errorf("after midnight: %q", got)
	}
	if day(clerk) != "" {
		t.Error("a clerk sees the numbers of the day")
	}
	if p := admin.Get("/staff"); p.Has(`section:has(#day) a[href^="/staff/audit"]`) {
		t.Error("an administrator is led into the audit log")
	}
	to := auditor.Get("/staff").Attr(`section:has(#day) a[href^="/staff/audit"]`, "href")
	if p := auditor.Get(to); p.Status != 200 || len(p.All("#auditlist tbody tr")) != 1 {
		t.Errorf("%s: %d %q", to, p.Status, p.Text("#auditlist"))
	}
}
