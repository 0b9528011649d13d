package enroll

import (
	"context"
	"encoding/json"
	"errors"
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"portico/internal/access"
	"portico/internal/audit"
	"portico/internal/fault"
	"portico/internal/ids"
	"portico/internal/jobs"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/store"
)

// RequestState is how far an identity request is.
type RequestState string

const (
	New      RequestState = "new"     // a job looks for a strict match first
	Open     RequestState = "open"    // waits for staff
	Asked    RequestState = "asked"   // staff asked the person for more
	Calling  RequestState = "calling" // a code was read out or texted; it is good for ten minutes
	Approved RequestState = "approved"
	Matched  RequestState = "matched" // answered by itself after a strict match
	Rejected RequestState = "rejected"
	Lapsed   RequestState = "expired" // untouched for 30 days; erased
	Double   RequestState = "double"  // the same person had one open already
)

// Why is why a case came before staff.
type Why string

const (
	whyAsked     Why      = "asked"    // somebody filled in the form
	newCodeAsked standing = "new_code" // a code had expired and none could be mailed
)

// Most characters of each field of a claim.
const (
	maxName    = 80
	maxStreet  = 120
	maxCity    = 80
	maxZip     = 10
	maxNumber  = 40
	maxPhone   = 40
	maxEmail   = 254
	oldestYear = 125 // nobody is older, in years
)

// check finds what has to be corrected before a claim can be looked at.
func (c Claim) check(today time.Time) error {
	var p *fault.Fault
	for _, f := range []struct{ field, value, missing string }{
		{"given", c.Given, "enroll.given.missing"}, {"family", c.Family, "enroll.family.missing"},
	} {
		if f.value == "" {
			p = p.And(f.field, f.missing)
		} else if !strings.ContainsFunc(f.value, unicode.IsLetter) {
			p = p.And(f.field, "enroll.name.letters")
		}
	}
	p = tooLong(p, "given", c.Given, maxName)
	p = tooLong(p, "family", c.Family, maxName)
	p = tooLong(p, "former", c.Former, maxName)
	if c.Birth == "" {
		p = p.And("birth", "enroll.birth.missing")
	}
	p = tooLong(p, "address_street", c.Street, maxStreet)
	p = tooLong(p, "address_unit", c.Unit, maxStreet)
	p = tooLong(p, "address_city", c.City, maxCity)
	p = tooLong(p, "address_zip", c.Zip, maxZip)
	p = tooLong(p, "number", c.Number, maxNumber)
	if c.State != "" && !page.IsState(c.State) {
		p = p.And("address_state", "enroll.state.unknown")
	}
	if c.Email != "" && !plausibleEmail(c.Email) {
		p = p.And("email", "enroll.email.form")
	}
	if c.Phone != "" && !plausiblePhone(c.Phone) {
		p = p.And("phone", "enroll.phone.form")
	}
	return c.reachable(p).OrNil()
}

// reachable checks that the chosen way to be reached was given.
func (c Claim) reachable(p *fault.Fault) *fault.Fault {
	switch c.Reach {
	case "email":
		if c.Email == "" {
			p = p.And("email", "enroll.email.missing")
		}
	case "phone":
		if c.Phone == "" {
			p = p.And("phone", "enroll.phone.missing")
		}
	case "post":
		if c.Street == "" {
			p = p.And("address_street", "enroll.street.missing")
		}
	default:
		p = p.And("reach", "enroll.reach.missing")
	}
	return p
}

func tooLong(p *fault.Fault, field, value string, most int) *fault.Fault {
	if utf8.RuneCountInString(value) > most {
		return p.And(field, "enroll.long", most)
	}
	return p
}

func plausibleEmail(s string) bool {
	a, err := mail.ParseAddress(s)
	return err == nil && a.Address == s && len(s) <= maxEmail && strings.Contains(s[strings.LastIndexByte(s, '@'):], ".")
}

func plausiblePhone(s string) bool {
	n := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n >= 10 && n <= 15 && len(s) <= maxPhone
}

// personText is who a claim says it is, so that one person has one open request
// however the name is written. Kept as an index only.
func personText(c Claim) string {
	return plainName(c.Given) + " " + plainName(c.Family) + " " + c.Birth
}

// Purposes of the index that keeps one person's requests together. They are part
// of what is stored: never change one.
const (
	personIndex  = "enroll.person"
	patientIndex = "enroll.patient"
)

// plainName keeps the letters of a name, folded, without accents.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, norm.NFKD.String(s))
}

const claimPlace = "identity_request.claim"

// matchArgs name a request.
type matchArgs struct{ ID ids.Request }

// matchJob looks for a strict match and puts what has none before staff.
var matchJob = jobs.Kind[matchArgs]{Name: "enroll.match"}

// Ask takes a request for a code. Whoever asks gets a session that proves
// nothing and shows one page; whether anybody is known by these details, or has
// asked before, changes nothing in it.
func (e *Room) Ask(ctx context.Context, v access.Visitor, c Claim, l lang.Lang) (token string, err error) {
	if err := c.check(e.local(e.DB.Now())); err != nil {
		return "", err
	}
	if err := e.Limit.Check(ctx, requestPerSource, "enroll.limit.requests", v.Source().Narrow()); err != nil {
		return "", inForm(err)
	}
	if err := e.Limit.Check(ctx, requestPerRange, "enroll.limit.requests", v.Source().Wide()); err != nil {
		return "", inForm(err)
	}
	often, err := e.Limit.Hit(ctx, requestPerPerson, personText(c))
	if err != nil {
		return "", err
	}
	id, ref := ids.NewRequest(), newReference()
	err = e.DB.Change(ctx, v.Did(audit.RequestMade, string(id)), func(tx *store.Tx) error {
		var err error
		token, _, err = e.begin(ctx, tx, v, progress{Way: byRequest, Draft: draft{Lang: l, Reference: ref}}, access.Requested)
		if err != nil || often.Over {
			return err
		}
		return e.keep(ctx, tx, request{ID: id, Reference: ref, Keys: e.Keys.Indexes(personIndex, personText(c)), Why: whyAsked, Claim: c, Lang: l})
	})
	return token, err
}

// request is a row of identity_request.
type request struct {
	ID           ids.Request
	Reference    string
	Patient      ids.Patient // known from the start, "" if not
	Keys         []string    // index of the person under each key, the one that writes first
	Why          Why
	State        RequestState
	Flagged      bool
	Again        int
	Of           ids.Request // the open request this one repeats
	Claim        Claim
	Erased       bool
	Lang         lang.Lang
	FirstBy      string      // staff user who approved first where two are needed
	FirstPatient ids.Patient // and whom they chose
	Code         ids.Code
	Came         time.Time
	Touched      time.Time
}

// keep writes a request; one for a person who has one open becomes its double.
func (e *Room) keep(ctx context.Context, tx *store.Tx, r request) error {
	b, err := json.Marshal(r.Claim)
	if err != nil {
		return err
	}
	sealed := e.Keys.Seal(claimPlace, string(r.ID), b)
	state := New
	if r.Why != whyAsked {
		state = Open
	}
	args := []any{store.Time(tx.Now)}
	for _, k := range r.Keys {
		args = append(args, k)
	}
	first, err := store.Get(ctx, tx, store.One[ids.Request], `
		UPDATE identity_request SET again = again + 1, touched_at = $1 WHERE person_key IN (`+store.In(2, len(r.Keys))+`) AND state IN ('new', 'open', 'asked', 'calling') RETURNING id`,
		args...)
	if err != nil && !errors.Is(err, store.ErrNone) {
		return err
	}
	if err == nil {
		state = Double
	}
	n, err := tx.Exec(ctx, `
		INSERT INTO identity_request (id, reference, patient_id, person_key, why, state, flagged, again, double_of, claim, lang, first_by, first_patient, code_id, closed_by, came_at, touched_at)
		VALUES ($1, $2, $3, $4, $5, $6, FALSE, 0, $7, $8, $9, '', '', '', '', $10, $10)
		ON CONFLICT DO NOTHING`,
		r.ID, r.Reference, r.Patient, r.Keys[0], string(r.Why), string(state), first, sealed, string(r.Lang), store.Time(tx.Now))
	if err != nil || n == 0 || state != New {
		return err
	}
	return matchJob.Enqueue(ctx, tx, matchArgs{r.ID})
}

// openCase puts a known patient before staff, silently: nobody who typed a
// number and a birth date may learn that it was right.
func (e *Room) openCase(ctx context.Context, tx *store.Tx, p Person, why standing, l lang.Lang) error {
	return e.keep(ctx, tx, request{ID: ids.NewRequest(), Reference: newReference(), Patient: p.ID, Keys: e.Keys.Indexes(patientIndex, string(p.ID)),
		Why: Why(why), Lang: l, Claim: Claim{Given: p.Given, Family: p.Family, Birth: p.Birth, Number: p.Number}})
}
