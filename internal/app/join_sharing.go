package app

import (
	"context"
	"strings"

	"portico/internal/ids"
	"portico/internal/registry"
	"portico/internal/sharing"
	"portico/internal/store"
)

// subjects is the patient index as copies of records see it.
type subjects struct{ r *registry.Room }

// Person says whose record a copy is.
func (s subjects) Person(ctx context.Context, tx *store.Tx, id ids.Patient) (sharing.Person, error) {
	p, err := s.r.Person(ctx, tx, id)
	out := sharing.Person{Given: p.Given, Family: p.Family, Birth: p.Birth, Sex: p.Sex, Language: p.Language, Died: p.Deceased}
	for _, n := range p.Numbers {
		if n.Usage == registry.Current {
			out.Numbers = append(out.Numbers, sharing.Number{System: n.System, Value: n.Value})
		}
	}
	for _, c := range p.Contacts {
		contact := sharing.Contact{System: "phone", Value: c.Value, Use: c.Use}
		if c.Kind == registry.Email {
			contact.System = "email"
		}
		out.Contacts = append(out.Contacts, contact)
	}
	for _, a := range p.Addresses {
		if a.Usage == registry.Current {
			out.Addresses = append(out.Addresses, sharing.Address{Lines: a.Lines, City: a.City, State: a.State, PostalCode: a.PostalCode, Country: a.Country})
		}
	}
	return out, err
}

func (a *App) joinSharing() {
	a.Sharing = &sharing.Sharing{DB: a.DB, Keys: a.Keys, People: subjects{a.Registry}, Accounts: a.Accounts, Clinic: a.clinic,
		Base: strings.TrimSuffix(a.base.String(), "/")}
	a.Links = &sharing.Links{Copies: a.Sharing, Limits: a.Limit, Hasher: a.Hasher, Owners: a.Accounts}
}
