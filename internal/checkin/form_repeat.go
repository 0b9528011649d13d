package checkin

import (
	"slices"
	"strconv"
	"strings"
)

// mostCopies is how often one item can be answered.
const mostCopies = 10

const (
	// countEnd and moreEnd are what the fields of an item are called that hold how
	// many copies of it a page has, and that ask for one more.
	countEnd = "_count"
	moreEnd  = "_more"
	// copyMark stands between a linkId and the number of a copy; no linkId holds it.
	copyMark = "\x1f"
)

// copied tells whether the item is answered several times by being asked several
// times. Choices are ticked, and short answers written a line each.
func (it Item) copied() bool {
	return it.Repeats && !slices.Contains([]string{"choice", "open-choice", "string", "integer", "decimal", "url"}, it.Type)
}

// copies gives the form with every item that repeats as often as it was asked for.
// Without blanks, copies in which nothing was written are left out.
func (f Form) copies(t Typed, blanks bool) Form {
	f.Items = spread(f.Items, t, blanks)
	return f
}

func spread(items []Item, t Typed, blanks bool) (out []Item) {
	for _, it := range items {
		if !it.copied() {
			it.Items = spread(it.Items, t, blanks)
			out = append(out, it)
			continue
		}
		n := it.count(t)
		from := len(out)
		for i := range n {
			c := it.copy(i)
			if c.blank(t) && !blanks && (i > 0 || it.Type == "group" && !it.Required) {
				continue
			}
			out = append(out, c)
		}
		if len(out) > from {
			out[len(out)-1].Last = true
		}
	}
	return out
}

// count is how many copies were asked for.
func (it Item) count(t Typed) int {
	n, _ := strconv.Atoi(t.Get(it.Name + countEnd))
	return max(1, min(n, mostCopies))
}

// copy is the nth copy of an item with all that stands in it. Conditions within it
// are about the copy; its first has the names of the item itself.
func (it Item) copy(n int) Item {
	inside := map[string]bool{}
	Form{Items: []Item{it}}.walk(func(in, _ *Item) { inside[in.Link] = true })
	end := copyMark + strconv.Itoa(n)
	var down func(Item) Item
	down = func(it Item) Item {
		it.Base, it.Link, it.Nth = it.Link, it.Link+end, n
		if n > 0 {
			it.Name += "_" + strconv.Itoa(n)
		}
		it.When = slices.Clone(it.When)
		for i, w := range it.When {
			if inside[w.Question] {
				it.When[i].Question = w.Question + end
			}
		}
		items := it.Items
		it.Items = nil
		for _, in := range items {
			it.Items = append(it.Items, down(in))
		}
		return it
	}
	return down(it)
}

// blank tells whether nothing was written in a copy; a unit alone is nothing.
func (it Item) blank(t Typed) bool {
	empty := true
	Form{Items: []Item{it}}.walk(func(in, _ *Item) {
		for _, end := range []string{"", otherEnd, dayEnd, monthEnd, yearEnd, timeEnd} {
			empty = empty && t.Get(in.Name+end) == ""
		}
	})
	return empty
}

// grow sets how many copies the next page has: those in which something was written,
// and one more where that was asked for; grew tells whether it was.
func (f Form) grow(t Typed) (grew bool) {
	f.walk(func(it, _ *Item) {
		if !it.copied() {
			return
		}
		n := 1
		for i := range it.count(t) {
			if !it.copy(i).blank(t) {
				n = i + 1
			}
		}
		if t.Get(it.Name+moreEnd) != "" && n < mostCopies {
			n, grew = n+1, true
		}
		delete(t, it.Name+moreEnd)
		t[it.Name+countEnd] = []string{strconv.Itoa(n)}
	})
	return grew
}

// counts are the fields that say how many copies a page has.
func (f Form) counts(t Typed) map[string]string {
	out := map[string]string{}
	f.walk(func(it, _ *Item) {
		if it.copied() {
			out[it.Name+countEnd] = strconv.Itoa(it.count(t))
		}
	})
	return out
}

// lines reads an answer a line where an item repeats, else the whole.
func (it Item) lines(v string) ([]Answer, string) {
	if !it.Repeats {
		return it.scalar(v)
	}
	var out []Answer
	for line := range strings.Lines(v) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		a, wrong := it.scalar(line)
		if wrong != "" {
			return nil, wrong
		}
		out = append(out, a...)
	}
	return out, ""
}
