package staff

import (
	"context"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"portico/internal/access"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/lang"
	"portico/internal/limit"
	"portico/internal/notify"
	"portico/internal/page"
	"portico/internal/secret"
	"portico/internal/store"
)

// Parts are what the room is made of.
type Parts struct {
	DB     *store.DB
	Gate   *access.Gate
	Keys   *secret.Keyring
	Limits *limit.Limiter
	Hasher *secret.Hasher // for whoever comes
	Known  *secret.Hasher // for addresses a person has signed in from before
	Outbox Outbox
	Rules  Rules
	Clinic page.Profile
	SignOn Policy
	// Passkeys are nil where there are none.
	Passkeys Passkeys
}

// Staff is the room.
type Staff struct {
	Parts
	looking chan struct{} // who is being looked up at sign-in
}

// lookers is how many are looked up at once.
const lookers = 4

// New makes the room. Without Known, it makes a pool of one: a flood from
// elsewhere does not keep the clinic's own people waiting.
func New(p Parts) *Staff {
	if p.Known == nil {
		p.Known = secret.NewHasher(p.Keys, 1, 16)
	}
	return &Staff{p, make(chan struct{}, lookers)}
}

// Outbox queues messages; *notify.Outbox does.
type Outbox interface {
	Send(ctx context.Context, tx *store.Tx, m notify.Message) (notify.Outcome, error)
	Withdraw(ctx context.Context, tx *store.Tx, key string) (int, error)
}

// Rules judges a new password, with the rules that patients' passwords have.
type Rules interface {
	// CheckPassword answers a fault at field "password" that says why pw may not
	// be used, nil if it may. It must not be made of about or of the clinic's name.
	CheckPassword(pw, clinic string, about ...string) error
}

// State is whether a person can sign in.
type State string

const (
	Invited  State = "invited"  // has not set up a sign-in yet
	Active   State = "active"   // can sign in
	Disabled State = "disabled" // cannot, whatever they know and hold
)

// Person is someone who works at the clinic.
type Person struct {
	ID       ids.Staff
	Name     string
	Email    string
	Roles    []access.Role
	State    State
	Created  time.Time
	SetUp    time.Time // when they set up their sign-in, zero if not yet
	Linked   bool      // signs in at the clinic's sign-on
	SignedIn time.Time // last time, zero if never
	Link     time.Time // until when an unused set-up link works, zero if there is none
	Open     int       // live sessions; known of one person asked for alone
}

// Has tells whether the person has role r.
func (p Person) Has(r access.Role) bool { return slices.Contains(p.Roles, r) }

// Newcomer is somebody to be added.
type Newcomer struct {
	Name  string
	Email string
	Roles []access.Role
	Lang  lang.Lang // of the message with the link
}

const maxName = 100

// clean puts a newcomer's details in order and says what is wrong with them.
func (n Newcomer) clean() (Newcomer, error) {
	var bad *fault.Fault
	n.Name = strings.Join(strings.Fields(store.Clean(n.Name)), " ")
	switch c := utf8.RuneCountInString(n.Name); {
	case c < 2:
		bad = bad.And("name", "staff.bad.name")
	case c > maxName:
		bad = bad.And("name", "staff.bad.name.long", maxName)
	}
	n.Email = foldEmail(n.Email)
	if a, err := mail.ParseAddress(n.Email); err != nil || a.Address != n.Email || len(n.Email) > 254 || !strings.Contains(n.Email[strings.LastIndexByte(n.Email, '@'):], ".") {
		bad = bad.And("email", "staff.bad.email")
	}
	roles, err := cleanRoles(n.Roles)
	if err != nil {
		bad = bad.And("roles", "staff.bad.roles")
	}
	n.Roles = roles
	return n, bad.OrNil()
}

func foldEmail(s string) string { return strings.ToLower(strings.TrimSpace(store.Clean(s))) }

// allRoles is the order in which roles are kept and shown.
var allRoles = []access.Role{access.FrontDesk, access.Clinician, access.RecordsClerk, access.Administrator, access.Auditor}

// AllRoles lists the roles a person can have.
func AllRoles() []access.Role { return slices.Clone(allRoles) }

func cleanRoles(roles []access.Role) ([]access.Role, error) {
	var out []access.Role
	for _, r := range allRoles {
		if slices.Contains(roles, r) {
			out = append(out, r)
		}
	}
	for _, r := range roles {
		if !slices.Contains(allRoles, r) {
			return nil, fault.Bad("roles", "staff.bad.roles")
		}
	}
	if len(out) == 0 {
		return nil, fault.Bad("roles", "staff.bad.roles")
	}
	return out, nil
}

func rolesText(roles []access.Role) string {
	var words []string
	for _, r := range roles {
		words = append(words, string(r))
	}
	return strings.Join(words, ",")
}
