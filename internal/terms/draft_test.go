package terms

import (
	"strings"
	"testing"

	"portico/internal/page"
)

func TestVersionNumbers(t *testing.T) {
	for _, c := range []struct {
		last     string
		material bool
		want     string
	}{{"1.0", true, "2.0"}, {"1.0", false, "1.1"}, {"1.9", false, "1.10"}, {"3", true, "4.0"}, {"3", false, "3.1"}, {"spring", true, "spring.1"}} {
		if got := next(c.last, c.material); got != c.want {
			t.Errorf("after %s (%v) comes %s, not %s", c.last, c.material, got, c.want)
		}
	}
	if got := highest([]Document{{Kind: Use, Version: "1.9"}, {Kind: Use, Version: "1.10"}, {Kind: Privacy, Version: "7.3"}}, Use); got != "1.10" {
		t.Errorf("highest %s", got)
	}
}

func TestTypedTextBecomesTheTextThatIsHashed(t *testing.T) {
	a := Text{Title: " Terms \t of use ", Body: "One. \r\n\r\n\r\n\r\n- a\t\r\n- b\r\n", Change: "x\ny"}.tidy()
	b := Text{Title: "Terms of use", Body: "One.\n\n- a\n- b"}.tidy()
	if a.Hash() != b.Hash() || a.Change != "x y" || strings.Contains(a.Body, "\r") {
		t.Errorf("%q %q", a, b)
	}
	if err := (Text{Title: strings.Repeat("é", longestTitle), Body: strings.Repeat("é", longestBody)}).fits(); err != nil {
		t.Errorf("the longest text is refused: %v", err)
	}
	if err := (Text{Title: strings.Repeat("é", longestTitle+1)}).fits(); err == nil {
		t.Error("a longer title is taken")
	}
}

func TestWhatADraftLacks(t *testing.T) {
	if got := (Text{}).lacks(); len(got) != 3 {
		t.Errorf("an empty text lacks %v", got)
	}
	whole := Text{Title: "T", Body: "At {clinic}, {phone}, {emergency}.", Change: "C"}
	if got := whole.lacks(); got != nil {
		t.Errorf("a whole text lacks %v", got)
	}
	whole.Body += " Ask {doctor}."
	if got := whole.lacks(); len(got) != 1 || got[0].Args[0] != "{doctor}" {
		t.Errorf("an unknown blank: %v", got)
	}
	if got := whole.fill(&page.Clinic{Name: "A {phone} B", Phone: "1"}); got.Body != "At A {phone} B, 1, 911. Ask {doctor}." {
		t.Errorf("filled: %s", got.Body)
	}
}
