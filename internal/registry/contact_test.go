package registry

import (
	"slices"
	"testing"
	"time"

	"portico/internal/audit"
	"portico/internal/clock"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/store"
)

// A contact taken on file counts from now; one that is there keeps its age, and
// the other sort is left alone.
func TestTakenContacts(t *testing.T) {
	each(t, func(t *testing.T, r *Room, c *clock.Fake) {
		take(t, r, ana("0012345"))
		id, err := r.Numbered(ctx, duty, "0012345")
		if err != nil {
			t.Fatal(err)
		}
		on := func() (out []string) {
			t.Helper()
			if err := r.DB.View(ctx, func(tx *store.Tx) error {
				p, err := r.Person(ctx, tx, id)
				for _, k := range p.Contacts {
					out = append(out, string(k.Kind)+" "+k.Value)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			slices.Sort(out)
			return out
		}
		accept := func(p ids.Patient, k Contact, replace bool) error {
			return r.DB.Change(ctx, duty.Did(audit.ContactReviewed, "x"), func(tx *store.Tx) error { return r.TakeContact(ctx, tx, p, k, replace) })
		}
		before := on()
		c.Move(30 * 24 * time.Hour)
		if err := accept(id, Contact{Kind: Email, Value: "Ana.New@Example.org"}, false); err != nil {
			t.Fatal(err)
		}
		if got := on(); len(got) != len(before)+1 || !slices.Contains(got, "email Ana.New@Example.org") {
			t.Errorf("added to %v: %v", before, got)
		}
		c.Move(10 * 24 * time.Hour)
		if err := accept(id, Contact{Kind: Email, Value: "ana.new@example.org"}, true); err != nil {
			t.Fatal(err)
		}
		mails := slices.DeleteFunc(on(), func(s string) bool { return s[:5] != "email" })
		phones := slices.DeleteFunc(on(), func(s string) bool { return s[:5] == "email" })
		if len(mails) != 1 || !slices.Equal(phones, slices.DeleteFunc(before, func(s string) bool { return s[:5] == "email" })) {
			t.Errorf("replaced: %v %v", mails, phones)
		}
		if err := r.DB.View(ctx, func(tx *store.Tx) error {
			old, err := r.ContactsOnFile(ctx, tx, id)
			if !slices.ContainsFunc(old, func(k Contact) bool { return k.Kind == Email }) {
				t.Error("a contact that was on file counts as new")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := accept("pat_none", Contact{Kind: Email, Value: "a@example.org"}, true); !fault.Is(err, fault.NotFound) {
			t.Errorf("nobody: %v", err)
		}
		if err := accept(id, Contact{Kind: Email, Value: "no address"}, true); err == nil {
			t.Error("no address was taken")
		}
	})
}
