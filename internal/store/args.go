package store

import (
	"strconv"
	"time"
)

// Args gathers the arguments of a query as its text is written.
type Args struct{ all []any }

// Add keeps a value and gives its place: "$3".
func (a *Args) Add(v any) string {
	a.all = append(a.all, v)
	return "$" + strconv.Itoa(len(a.all))
}

// Time keeps a moment and gives its place.
func (a *Args) Time(t time.Time) string { return a.Add(Time(t)) }

// All are the values, in the order of their places.
func (a *Args) All() []any { return a.all }
