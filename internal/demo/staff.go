package demo

import (
	"context"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"portico/internal/access"
	"portico/internal/lang"
	"portico/internal/secret"
	"portico/internal/staff"
)

// staff sets up one person for each role, the way the command line and the
// set-up link do.
func (m *maker) staff(ctx context.Context) error {
	for _, s := range []StaffCard{
		{Name: "Jordan Kim", Role: "front desk", Roles: []string{"front_desk"}, Email: "desk@riverside.example", Password: "morning kettle 9 window"},
		{Name: "Alex Romero", Role: "front desk", Roles: []string{"front_desk"}, Email: "desk2@riverside.example", Password: "copper feather 16 stairs"},
		{Name: "Sam Whitfield", Role: "administrator", Roles: []string{"administrator"}, Email: "admin@riverside.example", Password: "velvet harbor 23 ladder"},
		{Name: "Dana Osei", Role: "auditor", Roles: []string{"auditor"}, Email: "auditor@riverside.example", Password: "silent orchard 57 pencil"},
		{Name: "Amelia Reyes", Role: "clinician", Roles: []string{"clinician"}, Email: "doctor@riverside.example", Password: "winter saddle 38 marble"},
		{Name: "Chris Odum", Role: "records clerk", Roles: []string{"records"}, Email: "records@riverside.example", Password: "paper engine 64 meadow"},
	} {
		if err := m.hire(ctx, &s); err != nil {
			return fmt.Errorf("staff user %s: %w", s.Email, err)
		}
		m.cards.Staff = append(m.cards.Staff, s)
	}
	return nil
}

func (m *maker) hire(ctx context.Context, s *StaffCard) error {
	n := staff.Newcomer{Name: s.Name, Email: s.Email, Lang: lang.En}
	for _, r := range s.Roles {
		n.Roles = append(n.Roles, access.Role(r))
	}
	_, link, err := m.a.Staff.Add(ctx, m.duty, n)
	if err != nil {
		return err
	}
	token := link.Path[strings.LastIndexByte(link.Path, '/')+1:]
	v := access.NewVisitor("127.0.0.1", "")
	if err := m.a.Staff.ChoosePassword(ctx, v, token, s.Password); err != nil {
		return err
	}
	u, err := m.a.Staff.Opened(ctx, v, token)
	if err != nil {
		return err
	}
	_, typed := m.a.Staff.AppSecret(u, token)
	s.Secret = strings.ReplaceAll(typed, " ", "")
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(s.Secret)
	if err != nil {
		return err
	}
	// The code of half a minute ago is still accepted, and leaves the present one
	// for whoever signs in at once. If the half minute ends just then it is too
	// old, and the next one is not.
	for range 2 {
		if err = m.a.Staff.ConfirmApp(ctx, v, token, secret.TOTP(key, m.a.DB.Now().Add(-30*time.Second)), lang.En); err == nil {
			return nil
		}
	}
	return err
}
