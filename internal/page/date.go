package page

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"
)

func (d DateSpec) birth(s Shell) DateSpec {
	d.Birth = true
	d.Hint = cmp.Or(d.Hint, s.T("page.date.example"))
	return d
}

// names are the fields a problem of this date can be at.
func (d DateSpec) names() []string {
	return []string{d.Name, d.Name + "_month", d.Name + "_day", d.Name + "_year"}
}

func (d DateSpec) describe(s Shell) string {
	ids := []string{}
	if d.Hint != "" {
		ids = append(ids, d.Name+"-hint")
	}
	for _, n := range d.names() {
		if s.Error(n) != "" {
			ids = append(ids, n+"-error")
		}
	}
	return strings.Join(ids, " ")
}

// monthOptions name each month by number and word: people know one or the other.
func monthOptions(s Shell) []Option {
	out := make([]Option, 12)
	for i := range out {
		m := time.Month(i + 1)
		out[i] = Option{strconv.Itoa(i + 1), fmt.Sprintf("%d – %s", i+1, s.Lang.Month(m))}
	}
	return out
}

// sameNumber takes "4" and "04" for the same month.
func sameNumber(a, b string) bool {
	return b != "" && a == strings.TrimLeft(strings.TrimSpace(b), "0")
}

func datePartKey(part string) string {
	if part == "day" {
		return "page.date.day"
	}
	return "page.date.year"
}

func datePartMax(part string) string {
	if part == "day" {
		return "2"
	}
	return "4"
}
