package secret

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"
)

const (
	keyA = "7b0d1f0a3c9e5b2d8f6a4c1e9b7d5f3a2c8e6b4d0f1a3c5e7b9d2f4a6c8e0b1d"
	keyB = "sN9vX2kQ7rT4wZ1mB6cY8dF3gH5jL0pAeUiOoRtWqSk="
)

func mustKeys(t testing.TB, current string, older ...string) *Keyring {
	t.Helper()
	k, err := NewKeyring(current, older...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSecretsThatAreRefused(t *testing.T) {
	for name, s := range map[string]string{
		"missing":     "",
		"blank":       "   ",
		"short":       "kJ8dh3Ks9dLq",
		"short hex":   keyA[:62],
		"all alike":   strings.Repeat("a", 64),
		"zeros":       strings.Repeat("00", 32),
		"a pattern":   strings.Repeat("0123456789abcdef", 4),
		"change me":   "please-CHANGE-ME-before-you-go-live-8472",
		"sample":      "this-is-an-Example-value-of-some-length-91",
		"placeholder": "<PLACEHOLDER-qzxwvutsrnmlkjhgf-31415926>",
		"words":       "my-portico-clinic-in-springfield-since-1987",
	} {
		_, err := NewKeyring(s)
		if err == nil {
			t.Errorf("%s: taken", name)
			continue
		}
		if len(strings.TrimSpace(s)) > 3 && strings.Contains(err.Error(), s) {
			t.Errorf("%s: the error holds the value", name)
		}
		if !strings.Contains(err.Error(), "the current secret") {
			t.Errorf("%s: the error does not say which: %v", name, err)
		}
		if _, err := NewKeyring(keyA, s); err == nil || !strings.Contains(err.Error(), "older secret 1") {
			t.Errorf("%s as older: %v", name, err)
		}
	}
	if _, err := NewKeyring(keyA, keyB, keyA); err == nil || !strings.Contains(err.Error(), "older secret 2 is given twice") {
		t.Errorf("twice: %v", err)
	}
}

func TestOneSecretInEveryWriting(t *testing.T) {
	raw, _ := hex.DecodeString(keyA)
	want := mustKeys(t, keyA).Index("p", "v")
	for _, s := range []string{
		strings.ToUpper(keyA), " " + keyA + "\n",
		base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw), string(raw),
	} {
		if got := mustKeys(t, s).Index("p", "v"); got != want {
			t.Errorf("%q gives other keys", s)
		}
	}
}

func TestMACKeepsPartsAndPurposesApart(t *testing.T) {
	k := mustKeys(t, keyA)
	seen := map[string]string{}
	for _, c := range [][]string{{"p", "ab", "c"}, {"p", "a", "bc"}, {"p", "abc"}, {"p", "abc", ""}, {"q", "abc"}, {"p"}, {"p", ""}} {
		m := string(k.MAC(c[0], c[1:]...))
		if was, ok := seen[m]; ok {
			t.Errorf("%q and %s agree", c, was)
		}
		seen[m] = strings.Join(c, "|")
		if !k.CheckMAC([]byte(m), c[0], c[1:]...) {
			t.Errorf("%q is not recognised", c)
		}
	}
	if k.CheckMAC(nil, "p") || k.CheckMAC(k.MAC("p", "x"), "p", "y") {
		t.Error("a wrong MAC is recognised")
	}
}

func TestOldSecretsStillOpen(t *testing.T) {
	old, now := mustKeys(t, keyB), mustKeys(t, keyA, keyB)
	sealed := old.Seal("t.c", "row_1", []byte("ana@example.org"))
	got, err := now.Open("t.c", "row_1", sealed)
	if err != nil || string(got) != "ana@example.org" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	if !now.Stale(sealed) || now.Stale(now.Seal("t.c", "row_1", nil)) {
		t.Error("Stale is wrong")
	}
	if !now.CheckMAC(old.MAC("p", "v"), "p", "v") {
		t.Error("a MAC of the old secret is not recognised")
	}
	ix := now.Indexes("p", "v")
	if len(ix) != 2 || ix[0] != now.Index("p", "v") || ix[1] != old.Index("p", "v") {
		t.Errorf("Indexes = %v", ix)
	}
	if _, err := mustKeys(t, keyA).Open("t.c", "row_1", sealed); err != ErrSealed {
		t.Errorf("without the old secret: %v", err)
	}
	if a, b := now.Seed("audit"), now.Seed("other"); a == b {
		t.Error("two purposes share a seed")
	}
}

func TestSealedFieldsStayWhereTheyAre(t *testing.T) {
	k := mustKeys(t, keyA)
	s := k.Seal("account_factor.contact", "fac_1", []byte("+15550100"))
	if strings.Contains(s, "+1555") || k.Seal("account_factor.contact", "fac_1", []byte("+15550100")) == s {
		t.Error("sealing shows or repeats")
	}
	for name, c := range map[string][3]string{
		"another row":    {"account_factor.contact", "fac_2", s},
		"another column": {"account_factor.secret", "fac_1", s},
		"shifted":        {"account_factor.contactf", "ac_1", s},
		"cut":            {"account_factor.contact", "fac_1", s[:len(s)-4]},
		"emptied":        {"account_factor.contact", "fac_1", s[:11]},
		"other version":  {"account_factor.contact", "fac_1", "2" + s[1:]},
		"nothing":        {"account_factor.contact", "fac_1", ""},
	} {
		if _, err := k.Open(c[0], c[1], c[2]); err != ErrSealed {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range len(s) {
		b := []byte(s)
		b[i] ^= 1
		if got, err := k.Open("account_factor.contact", "fac_1", string(b)); err == nil && !bytes.Equal(b, []byte(s)) {
			// The last symbol of base64 has spare bits that carry nothing.
			if i != len(s)-1 {
				t.Errorf("changed at %d, still opens as %q", i, got)
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	k := mustKeys(f, keyA)
	f.Add(k.Seal("t.c", "1", []byte("x")))
	f.Add("1..")
	f.Fuzz(func(t *testing.T, s string) {
		if plain, err := k.Open("t.c", "2", s); err == nil {
			t.Errorf("opened as %q", plain)
		}
	})
}

func TestTokensDigitsSymbols(t *testing.T) {
	a, b := Token(), Token()
	if len(a) != 43 || a == b || len(TokenHash(a)) != 64 || TokenHash(a) == TokenHash(b) {
		t.Error("tokens are wrong")
	}
	digits, symbols := map[rune]int{}, map[rune]int{}
	for range 5000 {
		d, s := Digits(6), Symbols(12)
		if len(d) != 6 || len(s) != 12 {
			t.Fatalf("%q %q", d, s)
		}
		for _, r := range d {
			digits[r]++
		}
		for _, r := range s {
			symbols[r]++
		}
	}
	// 30,000 digits: 3,000 each, standard deviation 52; 60,000 symbols: 1,875
	// each, standard deviation 43. Six deviations leave one false alarm in 10^7.
	if len(digits) != 10 || len(symbols) != 32 {
		t.Fatalf("%d digits, %d symbols", len(digits), len(symbols))
	}
	for r, n := range digits {
		if n < 3000-312 || n > 3000+312 {
			t.Errorf("digit %c comes %d times", r, n)
		}
	}
	for r, n := range symbols {
		if n < 1875-258 || n > 1875+258 || !strings.ContainsRune(Crockford, r) {
			t.Errorf("symbol %c comes %d times", r, n)
		}
	}
}
