package registry

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"portico/internal/store"
)

// ready is a record that was checked and can be written.
type ready struct {
	in      Incoming
	numbers []readyNumber
	contact []readyContact
	hash    string
}

type readyNumber struct {
	Number
	plain   string   // normal form
	index   string   // under the current key
	indexes []string // under all keys
}

type readyContact struct {
	Contact
	index string
}

// order is by what records are put in order within a batch.
func (r ready) order() string {
	if len(r.numbers) > 0 {
		return r.numbers[0].System + "\x1f" + r.numbers[0].index
	}
	return r.in.Ref
}

// oldest is how long ago anybody on record can have been born.
var oldest = time.Date(earliest, 1, 1, 0, 0, 0, 0, time.UTC)

// prepare cleans and checks a record. Contacts that cannot be used are left out
// and told in notes; anything else that is wrong refuses the record.
func (r *Room) prepare(in Incoming, now time.Time) (ready, []Refusal, *Refusal) {
	refuse := func(path, key string) *Refusal {
		return &Refusal{File: in.File, Line: in.Line, Entry: in.Entry, Path: path, Key: key}
	}
	in.clean()
	out := ready{in: in}
	if in.Birth != "" || !in.replaced() {
		day, err := time.Parse(time.DateOnly, in.Birth)
		if err != nil {
			return out, nil, refuse("birthDate", "registry.import.bad_date")
		}
		if day.After(now) || day.Before(oldest) {
			return out, nil, refuse("birthDate", "registry.import.birth_range")
		}
	}
	n := in.current()
	if len(words(n.Family))+len(words(n.Given)) == 0 && !in.replaced() {
		return out, nil, refuse("name", "registry.import.no_name")
	}
	for _, num := range in.Numbers {
		plain, ok := NormalNumber(num.Value)
		if !ok {
			return out, nil, refuse("identifier", "registry.import.bad_number")
		}
		if !slices.ContainsFunc(out.numbers, func(o readyNumber) bool { return o.plain == plain && o.System == num.System }) {
			out.numbers = append(out.numbers, readyNumber{num, plain, r.Keys.Index(indexNumber, plain), r.Keys.Indexes(indexNumber, plain)})
		}
	}
	notes := r.prepareContacts(&out, refuse)
	out.hash = r.contentHash(out)
	return out, notes, nil
}

func (r *Room) prepareContacts(out *ready, refuse func(path, key string) *Refusal) []Refusal {
	var notes []Refusal
	for _, c := range out.in.Contacts {
		form := contactForm(c.Kind, c.Value, r.Region)
		switch {
		case form == "" && c.Kind == Email:
			notes = append(notes, *refuse("telecom", "registry.csv.email"))
			continue
		case form == "":
			notes = append(notes, *refuse("telecom", "registry.csv.phone"))
			continue
		case c.Kind == Email:
			c.Value, _ = NormalEmail(c.Value)
		default:
			c.Value = form
		}
		index := r.Keys.Index(indexContact, form)
		i := slices.IndexFunc(out.contact, func(o readyContact) bool { return o.index == index })
		if i < 0 {
			out.contact = append(out.contact, readyContact{c, index})
		} else if c.Kind == Mobile { // one number listed twice: that it takes texts counts
			out.contact[i].Kind = Mobile
		}
	}
	return notes
}

// clean makes every text of the record storable and brings the name in use to
// the front.
func (in *Incoming) clean() {
	for _, s := range []*string{&in.Ref, &in.FullURL, &in.Birth, &in.Sex, &in.Language} {
		*s = tidy(*s)
	}
	in.Names, in.Numbers, in.Addresses = slices.Clone(in.Names), slices.Clone(in.Numbers), slices.Clone(in.Addresses)
	for i := range in.Names {
		n := &in.Names[i]
		n.Usage, n.Given, n.Family, n.Suffix = cmp.Or(n.Usage, Current), tidy(n.Given), tidy(n.Family), tidy(n.Suffix)
	}
	slices.SortStableFunc(in.Names, func(a, b Name) int { return cmp.Compare(nameOrder[a.Usage], nameOrder[b.Usage]) })
	for i := range in.Numbers {
		n := &in.Numbers[i]
		n.Usage, n.System, n.Value = cmp.Or(n.Usage, Current), tidy(n.System), tidy(n.Value)
	}
	for i, a := range in.Addresses {
		lines := slices.Clone(a.Lines)
		for k := range lines {
			lines[k] = tidy(lines[k])
		}
		in.Addresses[i] = Address{cmp.Or(a.Usage, Current), lines, tidy(a.City), tidy(a.State), tidy(a.PostalCode), tidy(a.Country)}
	}
	if in.Sex != "" && in.Sex != "female" && in.Sex != "male" && in.Sex != "other" {
		in.Sex = "unknown"
	}
	in.Language = language(in.Language)
}

var nameOrder = map[Usage]int{Current: 0, Alias: 1, Former: 2}

// tidy cleans a text and makes one space of any white space.
func tidy(s string) string { return strings.Join(strings.Fields(store.Clean(s)), " ") }

// contentHash tells a record apart from any other content. What says only where
// it was found is left out, and a death without a date is not the day's.
func (r *Room) contentHash(out ready) string {
	in := out.in
	in.File, in.Line, in.Entry, in.FullURL = "", 0, 0, ""
	in.Contacts = nil
	for _, c := range out.contact {
		in.Contacts = append(in.Contacts, c.Contact)
	}
	if in.DeathUndated {
		in.Deceased = time.Time{}
	}
	in.Updated = time.Time{}
	b, err := json.Marshal(in)
	if err != nil {
		panic(err) // plain strings and times only
	}
	return r.Keys.Index(indexContent, string(b))
}
