// Package page is the portal's face: the frame every page stands in and the
// parts pages are made of, as typed templ components. It knows no room and
// does no I/O; rooms pass it finished words and values.
package page

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"portico/internal/fault"
	"portico/internal/lang"
)

// Profile gives the clinic as it is at this moment: an administrator may change
// it while the portal runs. Rooms keep a Profile and ask it each time; a page's
// Shell has what it gave when the request came.
type Profile interface{ Now() *Clinic }

// ZoneOf is the zone of a clinic's calendar and clocks; UTC where none is set.
func ZoneOf(p Profile) *time.Location {
	if p != nil && p.Now().Zone != nil {
		return p.Now().Zone
	}
	return time.UTC
}

// Now makes a clinic that never changes a Profile.
func (c *Clinic) Now() *Clinic { return c }

// Clinic is what the frame shows of the clinic. Nobody writes to one that a
// Profile gave.
type Clinic struct {
	Name        string // "Riverside Family Clinic"
	Phone       string // as written for people: "555-010-0123"
	PhoneLink   string // for tel: links, E.164: "+15550100123"
	Hours       map[lang.Lang]string
	NumberLabel map[lang.Lang]string // what this clinic calls the patient number: "Riverside number"
	Emergency   string               // "911"
	Logo        string               // own path of the logo image, "" for the built-in mark
	ThemeCSS    string               // own path of the clinic's colour sheet, "" for the built-in colours
	Zone        *time.Location
	Welcome     map[lang.Lang]string // a sentence of the clinic's own on the sign-in page, "" for none
	Address     []string             // lines of the postal address, without the name
	LogoPNG     []byte               // the logo for what is printed, nil for none
	Brand       string               // the clinic's colour as letters and e-mails show it, "" for the built-in one
	Written     string               // language of its records where they do not say: "en"; "" if that is not known
}

// Colour is the clinic's colour where no style sheet reaches: in e-mails and letters.
func (c *Clinic) Colour() string {
	if c.Brand == "" {
		return builtInBrand
	}
	return c.Brand
}

// Audience is whom a page is for; it chooses the frame around it.
type Audience int

const (
	Visitor   Audience = iota // nobody signed in
	Enrolling                 // half-way through opening an account
	Patient                   // signed in
	Staff                     // the clinic's own people
)

// Shell is what the frame around a page needs. Package web fills it in for each
// request; a handler sets Title and what else it knows.
type Shell struct {
	Lang       lang.Lang
	Other      string         // address that shows this page in the other language
	Theme      string         // "", "light" or "dark"
	Text       string         // "", "large"
	Zone       *time.Location // the person's own, nil for the clinic's
	Clinic     *Clinic
	Audience   Audience
	Path       string // path of this page, to mark where one is
	Person     string // first name of whoever is signed in, for the frame
	Owner      string // full name of whose record it is, for paper: a page that lies in a printer tells it apart from others
	OwnerBirth string // theirs, YYYY-MM-DD
	Demo       bool   // the demo clinic: a banner says so, with a link to its outbox
	Banner     string // a notice above everything, already a sentence; "" for none
	Idle       time.Duration
	Absolute   time.Time
	Counts     map[string]int         // staff rail: waiting work by place
	Allowed    func(path string) bool // staff rail: may this person open path

	// FormKey makes the hidden one-time key of one form on this page.
	FormKey func() string

	Problems []fault.Problem // what is wrong with the form just sent

	Title   string    // what this page is called, in words; also its <title>
	Back    string    // address of the page before this one, "" for no back link
	Done    string    // what has just been done, one sentence, shown once above the content
	Nav     []NavItem // the main places, in order; the caller leaves out what does not exist
	Wide    bool      // let the content use the whole width (tables, consoles)
	Account string    // address of the account page, "" for no link to it
	SignOut string    // address the sign-out button posts to, "" for no button
	Acting  string    // name of the person one acts for, "" for oneself
	Switch  string    // address that ends acting for someone else
	Mark    string    // opaque mark of the signed-in account; text kept over a sign-in is given back to it alone
}

// NavItem is one place of the main navigation. Counts[Path] is shown beside it.
type NavItem struct {
	Path    string // "/visits"
	Also    string // another path whose pages belong to this place, "" for none
	Icon    string // name of an icon
	TextKey string // key of its word
	Group   string // staff rail: key of the heading above it, "" to go on under the last
	Waiting bool   // staff rail: shown only while something waits there
}

// Called gives the shell with its title set.
func (s Shell) Called(title string) Shell {
	s.Title = title
	return s
}

// BackTo gives the shell with its back link set.
func (s Shell) BackTo(path string) Shell {
	s.Back = path
	return s
}

// T gives a text in the page's language.
func (s Shell) T(key string, args ...any) string { return s.Lang.T(key, args...) }

// Written is the language to mark text of a record with, which is said to be in tag,
// "" if it does not say. It is "" for the page's own and where nobody knows.
func (s Shell) Written(tag string) string {
	if tag == "" && s.Clinic != nil {
		tag = s.Clinic.Written
	}
	if base, _, _ := strings.Cut(tag, "-"); base == "" || strings.EqualFold(base, string(s.Lang)) {
		return ""
	}
	return languageTag(tag)
}

// Date writes a moment's day in the clinic's zone.
func (s Shell) Date(t time.Time) string { return s.Lang.Date(s.local(t)) }

// Moment writes a moment in the clinic's zone.
func (s Shell) Moment(t time.Time) string { return unbroken(s.Lang.Moment(s.local(t))) }

// LongDate writes a moment's day with the day of the week, in the clinic's zone.
func (s Shell) LongDate(t time.Time) string { return s.Lang.LongDate(s.local(t)) }

// DayLine is LongDate where it begins a line: Spanish writes days of the week small.
func (s Shell) DayLine(t time.Time) string {
	return capital(s.LongDate(t))
}

// NumberLabel is what this clinic calls its patient number.
func (s Shell) NumberLabel() string {
	if s.Clinic != nil && s.Clinic.NumberLabel[s.Lang] != "" {
		return s.Clinic.NumberLabel[s.Lang]
	}
	return s.T("console.patients.number")
}

// Naming gives each problem the label of its field, for the list above a form in which
// sentences alone would not say what they are about.
func (s Shell) Naming(labels map[string]string) Shell {
	s.Problems = slices.Clone(s.Problems)
	for i, p := range s.Problems {
		s.Problems[i].About = labels[p.Field]
	}
	return s
}

// Wrong tells whether one of these fields has a problem.
func (s Shell) Wrong(fields ...string) bool {
	return slices.ContainsFunc(fields, func(f string) bool { return s.Error(f) != "" })
}

// listed is a problem in the list above its form.
func (s Shell) listed(p fault.Problem) string {
	text := s.T(p.Text, p.Args...)
	if p.About != "" {
		text = p.About + ": " + text
	}
	return text
}

// DayName is a day of the week where it begins a line.
func (s Shell) DayName(d time.Weekday) string { return capital(s.Lang.Weekday(d)) }

func capital(text string) string {
	first, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(first)) + text[n:]
}

// Clock writes a moment's time of day in the clinic's zone.
func (s Shell) Clock(t time.Time) string { return unbroken(s.Lang.Clock(s.local(t))) }

// halves stand on one line with the time before them.
var halves = strings.NewReplacer(" a.", "\u00a0a.", " p.", "\u00a0p.")

func unbroken(clock string) string { return halves.Replace(clock) }

func (s Shell) local(t time.Time) time.Time {
	if s.Clinic != nil && s.Clinic.Zone != nil {
		return t.In(s.Clinic.Zone)
	}
	return t.UTC()
}

// Welcomes is the clinic's own sentence for those who come, "" for none.
func (s Shell) Welcomes() string {
	if s.Clinic == nil {
		return ""
	}
	return s.Clinic.Welcome[s.Lang]
}

// Error gives the sentence of the problem at field, "" if there is none.
func (s Shell) Error(field string) string {
	for _, p := range s.Problems {
		if p.Field == field {
			return s.T(p.Text, p.Args...)
		}
	}
	return ""
}

// mostBrief is how many characters of a text a list shows: two lines on a phone.
const mostBrief = 140

// Brief is the beginning of a text, up to a word, for a list that leads to all of it.
func Brief(text string) string {
	r := []rune(text)
	if len(r) <= mostBrief {
		return text
	}
	cut := string(r[:mostBrief])
	if i := strings.LastIndexByte(cut, ' '); i > mostBrief/2 {
		cut = cut[:i]
	}
	return strings.TrimRight(cut, " ,;:.") + " …"
}

// Pick gives a where that is what is wanted first, else b.
func Pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}
