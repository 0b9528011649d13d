package enroll

import (
	"crypto/sha256"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"portico/internal/fault"
	"portico/internal/secret"
	"portico/internal/testkit"
)

func TestCodeIsReadHoweverItIsTyped(t *testing.T) {
	want := phrase{"ABCDE", "FGHJK01101"}
	for _, typed := range []string{
		"ABCDE-FGHJK-01101", "abcde fghjk 01101", "ABCDEFGHJK01101", " abcde-fghjk-oiloi ", "ABCDE–FGHJK—01101", "a b c d e f g h j k 0 1 1 0 1",
		"ABCDE_FGHJK.O1LOi",
	} {
		if got, ok := parsePhrase(typed); !ok || got != want {
			t.Errorf("%q read as %v, %v", typed, got, ok)
		}
	}
	for _, typed := range []string{"", "ABCDE", "ABCDE-FGHJK-0110", "ABCDE-FGHJK-011011", "ABCDE-FGHJU-01101", "ABCDE-FGHJ!-01101", "ÁBCDE-FGHJK-01101", strings.Repeat("A", 10000)} {
		if got, ok := parsePhrase(typed); ok {
			t.Errorf("%q read as %v", typed, got)
		}
	}
}

func TestCodeSurvivesWritingAndReading(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPhrase()
		got, ok := parsePhrase(rapid.SampledFrom([]func(string) string{strings.ToLower, strings.ToUpper, func(s string) string { return strings.ReplaceAll(s, "-", "  ") }}).Draw(t, "writing")(p.String()))
		if !ok || got != p {
			t.Fatalf("%v became %v", p, got)
		}
	})
}

func TestCodesSpellNothingRude(t *testing.T) {
	for _, bad := range []string{"XFVCKX", "9SH1T9", "45500", "A5500", "0SEX0", "5EX00", "P3N1S", "66600", "H3110"} {
		if !offensive(bad) {
			t.Errorf("%s passes", bad)
		}
	}
	if offensive("ABCDEFGHJKMNPQR") || offensive("0123456789") {
		t.Error("harmless symbols are refused")
	}
	refused := 0
	for range 20000 {
		if offensive(secret.Symbols(15)) {
			refused++
		}
	}
	// Each refusal costs a little strength: a tenth of all codes is 0.15 bits.
	if refused > 2000 {
		t.Errorf("%d of 20000 codes are refused: the list is too wide", refused)
	}
	for range 2000 {
		if p := newPhrase(); offensive(p.selector + p.secret) {
			t.Fatalf("made %v", p)
		}
	}
}

func TestSecretHalfIsKeptAsKeyedHash(t *testing.T) {
	k := testkit.Keys(t)
	stored := hashSecret(k, "cod_1", "FGHJKMNPQR")
	if strings.Contains(stored, "FGHJKMNPQR") || hashSecret(k, "cod_1", "FGHJKMNPQR") == stored {
		t.Error("the hash shows the secret or has no salt")
	}
	if !checkSecret(k, "cod_1", stored, "FGHJKMNPQR") {
		t.Error("the right secret is refused")
	}
	for _, c := range [][3]string{{"cod_2", stored, "FGHJKMNPQR"}, {"cod_1", stored, "FGHJKMNPQS"}, {"cod_1", "", "FGHJKMNPQR"}, {"cod_1", "x", "FGHJKMNPQR"}, {"cod_1", nobody, ""}} {
		if checkSecret(k, c[0], c[1], c[2]) {
			t.Errorf("%v passes", c)
		}
	}
	newer, err := secret.NewKeyring("TmV3IHNlY3JldCBvZiB0aGUgdGVzdHMgOTg3NjU0MzIxMA", "c2VjcmV0LW9mLXRoZS10ZXN0cy0wMTIzNDU2Nzg5YWJjZGVm")
	if err != nil {
		t.Fatal(err)
	}
	if !checkSecret(newer, "cod_1", stored, "FGHJKMNPQR") {
		t.Error("a code made before the clinic's secret was changed is refused")
	}
}

func TestBirthDates(t *testing.T) {
	today := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	for d, want := range map[Date]string{
		{"9", "4", "1962"}: "1962-04-09", {"09", "04", "1962"}: "1962-04-09", {"29", "2", "2024"}: "2024-02-29", {"10", "3", "2026"}: "2026-03-10",
	} {
		if got, err := d.birth("birth", today); err != nil || got != want {
			t.Errorf("%v: %q, %v", d, got, err)
		}
	}
	for d, key := range map[Date]string{
		{}: "enroll.birth.missing", {"9", "4", "62"}: "enroll.birth.year", {"29", "2", "2025"}: "enroll.birth.form", {"31", "4", "1962"}: "enroll.birth.form",
		{"x", "4", "1962"}: "enroll.birth.form", {"9", "", "1962"}: "enroll.birth.form", {"9", "13", "1962"}: "enroll.birth.form", {"-9", "4", "1962"}: "enroll.birth.form",
		{"11", "3", "2026"}: "enroll.birth.future", {"1", "1", "1850"}: "enroll.birth.old", {"9", "4", "196x"}: "enroll.birth.form",
		{"99999999999", "4", "1962"}: "enroll.birth.form",
	} {
		_, err := d.birth("birth", today)
		if p := fault.Problems(err); len(p) != 1 || p[0].Text != key {
			t.Errorf("%v: %v, want %s", d, err, key)
		}
	}
}

func TestAgeTurnsOnTheBirthday(t *testing.T) {
	for _, c := range []struct {
		birth, day string
		want       int
	}{
		{"2013-03-10", "2026-03-09", 12}, {"2013-03-10", "2026-03-10", 13}, {"2012-02-29", "2025-02-28", 12}, {"2012-02-29", "2025-03-01", 13}, {"2012-02-29", "2024-02-29", 12}, {"", "2026-03-10", 0},
	} {
		day, _ := time.Parse(time.DateOnly, c.day)
		if got := age(c.birth, day); got != c.want {
			t.Errorf("born %q is %d on %s, want %d", c.birth, got, c.day, c.want)
		}
	}
}

func TestThresholdFollowsTheUsual(t *testing.T) {
	for usual, want := range map[int]int{0: 50, 9: 50, 10: 50, 11: 55, 40: 200} {
		if got := threshold(usual); got != want {
			t.Errorf("usual %d: threshold %d, want %d", usual, got, want)
		}
	}
	if m := median(map[int64]int{1: 1000, 2: 1000}, 1008); m != 0 {
		t.Errorf("two bad spans of a week make %d usual", m)
	}
	spans := map[int64]int{}
	for i := range int64(1008) {
		spans[i] = 12
	}
	if m := median(spans, 1008); m != 12 {
		t.Errorf("twelve in each span make %d usual", m)
	}
}

// solve does the work the way the browser does.
func solve(key string, bits int) string {
	for n := 0; ; n++ {
		if c := strconv.Itoa(n); worked(key, c, bits) {
			return c
		}
	}
}

func TestWorkIsBoundToItsForm(t *testing.T) {
	key := strings.Repeat("k", 54)
	c := solve(key, 12)
	if !worked(key, c, 12) {
		t.Fatal("the solution does not count")
	}
	sum := sha256.Sum256([]byte(key[:32] + "." + c))
	if sum[0] != 0 || sum[1]>>4 != 0 {
		t.Fatalf("12 bits, but the hash begins %x", sum[:2])
	}
	other := "o" + key[1:]
	for _, bad := range []struct {
		key, counter string
		bits         int
	}{{other, c, 12}, {key, "", 12}, {key, "-1", 12}, {key, c + " ", 12}, {"short", c, 0}, {key, "0000000000000000", 0}} {
		if worked(bad.key, bad.counter, bad.bits) {
			t.Errorf("%v counts", bad)
		}
	}
}

func TestNobodyGetsBeyondTheNextStep(t *testing.T) {
	d := draft{}
	for _, s := range []struct {
		do   func()
		want step
	}{
		{func() {}, stepUser},
		{func() { d.Saved = true }, stepUser}, // a box ticked early proves nothing
		{func() { d.UserName, d.PasswordHash = "someone", "$argon2id" }, stepSecond},
		{func() { d.Saved, d.SecondOK = false, true }, stepRecovery},
		{func() { d.Saved = true }, stepTerms},
	} {
		s.do()
		if got := d.next(); got != s.want {
			t.Errorf("%+v: next %d, want %d", d, got, s.want)
		}
	}
	for _, w := range []way{byExpired, byRequest, ""} {
		if (progress{Way: w, Draft: d}).at(stepUser) == nil {
			t.Errorf("way %q may go on", w)
		}
	}
}

func TestClaimNeedsWhatItCanBeJudgedBy(t *testing.T) {
	today := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	good := Claim{Given: "Ana", Family: "García", Birth: "1970-01-02", Email: "ana@example.com", Reach: "email"}
	if err := good.check(today); err != nil {
		t.Fatal(err)
	}
	for field, change := range map[string]func(*Claim){
		"given":          func(c *Claim) { c.Given = "" },
		"family":         func(c *Claim) { c.Family = "123" },
		"former":         func(c *Claim) { c.Former = strings.Repeat("x", 81) },
		"birth":          func(c *Claim) { c.Birth = "" },
		"email":          func(c *Claim) { c.Email = "" },
		"phone":          func(c *Claim) { c.Phone = "12" },
		"address_street": func(c *Claim) { c.Reach = "post" },
		"address_state":  func(c *Claim) { c.State = "ZZ" },
		"address_zip":    func(c *Claim) { c.Zip = "12345678901" },
		"number":         func(c *Claim) { c.Number = strings.Repeat("9", 41) },
		"reach":          func(c *Claim) { c.Reach = "" },
	} {
		c := good
		change(&c)
		if p := fault.Problems(c.check(today)); len(p) != 1 || p[0].Field != field {
			t.Errorf("%s: %v", field, p)
		}
	}
}

func TestOnePersonHasOneKeyHoweverWritten(t *testing.T) {
	a := personText(Claim{Given: "José María", Family: "de la Cruz", Birth: "1970-01-02"})
	if b := personText(Claim{Given: "JOSE  MARIA", Family: "De-La Cruz", Birth: "1970-01-02"}); a != b {
		t.Error("accents, case and spaces make another person")
	}
	if b := personText(Claim{Given: "José María", Family: "de la Cruz", Birth: "1970-01-03"}); a == b {
		t.Error("another birth date is the same person")
	}
}

func TestMarksOfLists(t *testing.T) {
	m := mark{time.Date(2026, 3, 10, 12, 0, 0, 123456000, time.UTC), "cod_x"}
	if got := parseMark(m.String()); got != m {
		t.Errorf("%v became %v", m, got)
	}
	for _, s := range []string{"", "x", "~", "2026~x"} {
		if got := parseMark(s); got.at.Year() != 9999 {
			t.Errorf("%q is %v", s, got)
		}
	}
}
