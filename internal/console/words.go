package console

import (
	"strconv"
	"strings"
	"time"

	"portico/internal/account"
	"portico/internal/fault"
	"portico/internal/page"
	"portico/internal/registry"
)

// birth reads a date of birth in three fields, "" if nothing was typed.
func birth(day, month, year string) (string, error) {
	if day == "" && month == "" && year == "" {
		return "", nil
	}
	d, err1 := strconv.Atoi(day)
	m, err2 := strconv.Atoi(month)
	y, err3 := strconv.Atoi(year)
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	if err1 != nil || err2 != nil || err3 != nil || t.Day() != d || int(t.Month()) != m || y < 1880 || y > 2200 {
		return "", fault.Bad("birth", "console.patients.birth.bad")
	}
	return t.Format(time.DateOnly), nil
}

// born writes a stored date of birth for people.
func born(s page.Shell, date string) string {
	t, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return date
	}
	return s.Lang.Date(t)
}

// age is how old somebody born on date is on day, in years; -1 if unknown.
func age(date string, day time.Time) int {
	b, err := time.Parse(time.DateOnly, date)
	if err != nil {
		return -1
	}
	n := day.Year() - b.Year()
	if day.Month() < b.Month() || (day.Month() == b.Month() && day.Day() < b.Day()) {
		n--
	}
	return n
}

func sex(s page.Shell, code string) string {
	switch code {
	case "female":
		return s.T("console.sex.female")
	case "male":
		return s.T("console.sex.male")
	case "other":
		return s.T("console.sex.other")
	}
	return s.T("console.sex.unknown")
}

// waited says how long something has waited, in the one unit that matters.
func waited(s page.Shell, d time.Duration) string {
	switch {
	case d < time.Minute:
		return s.T("desk.wait.now")
	case d < time.Hour:
		return s.T("desk.wait.minutes", int(d/time.Minute))
	case d < 48*time.Hour:
		return s.T("desk.wait.hours", int(d/time.Hour))
	}
	return s.T("desk.wait.days", int(d/(24*time.Hour)))
}

// masked hides most of a contact: enough to ask about, too little to read off
// somebody's screen.
func masked(kind registry.Kind, value string) string {
	if kind == registry.Email {
		return account.Mask(account.Mail, value)
	}
	return account.Mask(account.SMS, value)
}

// language names a language tag in words where we know it.
func language(s page.Shell, tag string) string {
	base, _, _ := strings.Cut(strings.ToLower(tag), "-")
	switch base {
	case "en":
		return s.T("desk.language.en")
	case "es":
		return s.T("desk.language.es")
	}
	return tag
}
