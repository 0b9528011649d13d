package registry

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestNormalNumber(t *testing.T) {
	for in, want := range map[string]string{
		" 0012-34 56": "00123456", "ab-12": "ab12", "AB12": "ab12", "１２３": "123", "12–34": "1234", "--": "", "": "",
		"44ec4447-9e2c-4eb9-bd4f-0bdb416b806e": "44ec44479e2c4eb9bd4f0bdb416b806e", strings.Repeat("1", 65): "",
	} {
		if got, ok := NormalNumber(in); ok != (want != "") || ok && got != want {
			t.Errorf("%q: %q %v, want %q", in, got, ok, want)
		}
	}
}

func TestNormalEmail(t *testing.T) {
	for in, want := range map[string]string{
		" Ana.Lopez@Example.COM ": "Ana.Lopez@example.com", "a+b@c.d.example": "a+b@c.d.example", "josé@correo.example": "josé@correo.example",
		"Ana <a@b.example>": "", "a@b": "", "a@b.example\r\nBcc: x@y.example": "", "a b@c.example": "", "a@": "", "@b.example": "", "a@[10.0.0.1]": "",
		"a@b.example,c@d.example": "", "": "", "a@b.example.": "", strings.Repeat("a", 65) + "@b.example": "",
	} {
		if got, ok := NormalEmail(in); ok != (want != "") || got != want {
			t.Errorf("%q: %q %v, want %q", in, got, ok, want)
		}
	}
}

func TestNormalPhone(t *testing.T) {
	tests := []struct {
		in, region, want string
		ok               bool
	}{
		{"555-186-2275", "US", "+15551862275", true}, // possible, never assigned
		{"(555) 186 2275", "US", "+15551862275", true},
		{"+1 555 186 2275", "MX", "+15551862275", true},
		{"1-555-186-2275 ext. 12", "US", "+15551862275x12", true},
		{"+52 55 1234 5678", "US", "+525512345678", true},
		{"55 1234 5678", "MX", "+525512345678", true},
		{"12345", "US", "12345", false},
		{"123", "US", "", false},
		{"call me", "US", "", false},
		{"", "US", "", false},
	}
	for _, tt := range tests {
		if got, ok := NormalPhone(tt.in, tt.region); got != tt.want || ok != tt.ok {
			t.Errorf("%q in %s: %q %v, want %q %v", tt.in, tt.region, got, ok, tt.want, tt.ok)
		}
	}
}

// Normalising what is normal changes nothing, so that stored and typed forms meet.
func TestNormalFormsAreStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		if n, ok := NormalNumber(s); ok {
			if again, ok := NormalNumber(n); !ok || again != n {
				t.Fatalf("number %q becomes %q and then %q", s, n, again)
			}
		}
		if p, ok := NormalPhone(s, "US"); ok {
			if again, ok := NormalPhone(p, "MX"); !ok || again != p {
				t.Fatalf("phone %q becomes %q and then %q", s, p, again)
			}
		}
		if e, ok := NormalEmail(s); ok && strings.ContainsAny(e, "\r\n\x00 ") {
			t.Fatalf("e-mail %q", e)
		}
	})
}
