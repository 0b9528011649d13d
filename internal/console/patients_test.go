package console_test

import (
	"net/url"
	"strings"
	"testing"

	"portico/internal/store"
)

// What a clerk looks for stands in no address, and its address works in the
// clerk's own session only.
func TestSearchesAreSealed(t *testing.T) {
	k := open(t)
	id := k.add(maria)
	b, _ := k.hire("Jordan Kim", "front_desk")
	other, _ := k.hire("Alex Romero", "front_desk")
	p := b.Get("/staff/patients").Want(200, "Find a patient")
	refused(t, p.Submit("main form"), "name")
	refused(t, p.Submit("main form", "name", "Alv", "birth_day", "31", "birth_month", "2", "birth_year", "1962"), "")
	if kept := p.Submit("main form", "name", "Alv", "birth_day", "31", "birth_month", "2", "birth_year", "1962"); kept.Attr("#name", "value") != "Alv" || kept.Attr(`[name=birth_day]`, "value") != "31" {
		t.Error("what was typed is gone")
	}
	for name, pairs := range map[string][]string{"name": {"name", "Alvarez"}, "number": {"number", maria.Number}, "birth": {"birth_day", "9", "birth_month", "4", "birth_year", "1962"}} {
		to := leads(b, b.Get("/staff/patients"), "main form", pairs...)
		if !strings.HasPrefix(to, "/staff/patients?s=") || leaks(to) {
			t.Fatalf("by %s leads to %s", name, to)
		}
		found := b.Get(to)
		if !found.Has(`#found a[href="/staff/patients/`+string(id)+`"]`) || leaks(found.Text("title")) {
			t.Errorf("by %s: not found, or named in the title %q", name, found.Text("title"))
		}
		for _, theirs := range []string{to, to[:len(to)-2] + "AA", "/staff/patients?s=" + url.QueryEscape("Alvarez")} {
			if got := other.Get(theirs); got.Status != 200 || got.Has("#found") || got.Attr("#name", "value") != "" {
				t.Errorf("another session opens the search by %s", name)
			}
		}
	}
	if p := b.Get("/staff/patients").Submit("main form", "name", "Nobody Here"); p.Has("#found a") || !strings.Contains(p.Text("main"), "found nobody") && p.Text("main .empty") == "" {
		t.Errorf("nobody found: %q", p.Text("main"))
	}
}

// leaks tells whether a text names Maria in any way.
func leaks(s string) bool {
	s = strings.ToLower(s)
	for _, w := range []string{"alvarez", "maria", "mr-1001", "1001", "1962", "kowalski", "ruth", "mr-1002", "1941"} {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// No page of the desk names a patient in its address or its title: every link
// from every page is followed.
func TestNoNameInAddressesOrTitles(t *testing.T) {
	k := open(t)
	k.add(maria)
	k.add(ruth)
	k.ask(maria)
	b, _ := k.hire("Jordan Kim", "front_desk,administrator,auditor")
	id := k.one(`SELECT id FROM patient WHERE family = 'Alvarez'`)
	b.Get("/staff/patients/"+id+"/issue").Submit("main form", "by", "handover").Want(200, "Activation code")
	seen, queue := map[string]bool{}, []string{"/staff", leads(b, b.Get("/staff/patients"), "main form", "name", "a")}
	for len(queue) > 0 && len(seen) < 150 {
		path := queue[0]
		queue = queue[1:]
		if seen[path] || !strings.HasPrefix(path, "/staff") || strings.Contains(path, "lang=") || strings.HasSuffix(path, ".csv") || strings.Contains(path, ".csv?") {
			continue
		}
		seen[path] = true
		p := b.Get(path)
		if p.Status != 200 || leaks(path) || leaks(p.Text("title")) {
			t.Errorf("%s (%d) is called %q", path, p.Status, p.Text("title"))
		}
		for _, n := range p.All("a[href]") {
			for _, a := range n.Attr {
				if a.Key == "href" {
					queue = append(queue, a.Val)
				}
			}
		}
	}
	if len(seen) < 15 {
		t.Errorf("only %d pages were seen", len(seen))
	}
}

func TestPatientPage(t *testing.T) {
	k := open(t)
	id := k.add(maria)
	b, _ := k.hire("Jordan Kim", "front_desk")
	p := b.Get("/staff/patients/"+string(id)).Want(200, "Maria Alvarez")
	if !strings.Contains(p.Text(card("who")), maria.Number) || strings.Contains(p.Text(card("contacts")), maria.Email) || !strings.Contains(p.Text(card("contacts")), "@example.com") {
		t.Errorf("who: %q, contacts: %q", p.Text(card("who")), p.Text(card("contacts")))
	}
	if !p.Has(`a[href$="/issue"]`) {
		t.Error("no code can be made")
	}
	for column, want := range map[string]string{"deceased_at": "died", "active": "not"} {
		k.change(func(tx *store.Tx) error {
			value := any(false)
			if column == "deceased_at" {
				value = store.Time(tx.Now)
			}
			_, err := tx.Exec(ctx, `UPDATE patient SET `+column+` = $2 WHERE id = $1`, id, value)
			return err
		})
		if p := b.Get("/staff/patients/" + string(id)); p.Has(`main a[href$="/issue"]`) || p.Text("main .note") == "" {
			t.Errorf("%s: a code can be made, or nobody says why not (%s): %q", column, want, p.Text("main .note"))
		}
	}
}
