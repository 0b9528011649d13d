package lang

import "testing"

func TestBlanksAreFilledOnce(t *testing.T) {
	for _, c := range []struct {
		text string
		args []any
		want string
	}{
		{"It failed on {0}. {1}", []any{"May 4, 8:30 p.m.", "No answer."}, "It failed on May 4, 8:30 p.m. No answer."},
		{"Vence el {0}.", []any{"4 de mayo"}, "Vence el 4 de mayo."},
		{"{1}, {0}", []any{"{1}", "{0}"}, "{0}, {1}"},
		{"{0} of {2} {x} {", []any{3}, "3 of {2} {x} {"},
		{"{0}", []any{""}, ""},
	} {
		if got := fill(c.text, c.args); got != c.want {
			t.Errorf("%q filled is %q, want %q", c.text, got, c.want)
		}
	}
}
