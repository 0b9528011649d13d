package account

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/nbutton23/zxcvbn-go"
	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"portico/internal/fault"
)

// Length of a password in code points after NFKC. The least is login.gov's and
// above the 8 that NIST SP 800-63B asks for beside a second step; the most keeps
// hashing cheap and lets every manager's password in.
const (
	MinPassword = 12
	MaxPassword = 128
)

// Person is what a password and a user name must not be made of.
type Person struct {
	Names    []string // given, middle, family and former names, each as one string
	Birth    string   // "1962-04-09", "" if unknown
	Number   string   // patient number
	UserName string
	Clinic   string // the clinic's name
}

// strengthCut bounds the strength meter, whose cost grows with the cube of the
// length: 1,000 characters took it 10.9 s.
const strengthCut = 64

// CheckPassword says whether pw may be used by p; otherwise the fault says why,
// at field "password". There are no composition rules (NIST SP 800-63B 3.1.1.2).
func CheckPassword(pw string, p Person) error {
	pw = norm.NFKC.String(pw)
	n := utf8.RuneCountInString(pw)
	switch {
	case n < MinPassword:
		return fault.Bad("password", "account.password.short", MinPassword)
	case n > MaxPassword:
		return fault.Bad("password", "account.password.long", MaxPassword)
	case !utf8.ValidString(pw) || strings.ContainsFunc(pw, unicode.IsControl):
		return fault.Bad("password", "account.password.signs")
	case trivial(pw):
		return fault.Bad("password", "account.password.trivial")
	case common(pw):
		return fault.Bad("password", "account.password.common")
	}
	if why := madeOf(pw, p); why != "" {
		return fault.Bad("password", why)
	}
	return nil
}

// Strength says how hard pw is to guess for someone who knows p: 0 (at once) to
// 4 (very hard), by zxcvbn. It advises and forbids nothing.
func Strength(pw string, p Person) (score int) {
	if CheckPassword(pw, p) != nil {
		return 0
	}
	// The meter was written for ASCII; should a rare sign upset it, the answer is
	// the middle, not a broken page.
	defer func() {
		if recover() != nil {
			score = 2
		}
	}()
	var known []string
	for _, t := range p.tokens() {
		known = append(known, t.text)
	}
	cut := []rune(plain(pw))
	return zxcvbn.PasswordStrength(string(cut[:min(len(cut), strengthCut)]), known).Score
}

// trivial finds passwords of hardly any different signs ("aaaaaaaaaaaa",
// "abababababab") and plain sequences ("abcdefghijklm", "987654321098").
func trivial(pw string) bool {
	rs := []rune(fold(pw))
	seen := map[rune]bool{}
	up, down := true, true
	for i, r := range rs {
		seen[r] = true
		if i > 0 {
			up = up && follows(rs[i-1], r)
			down = down && follows(r, rs[i-1])
		}
	}
	return len(seen) < 4 || up || down
}

func follows(a, b rune) bool { return b == a+1 || (a == '9' && b == '0') || (a == 'z' && b == 'a') }

//go:embed passwords/list.txt.gz
var listGzip []byte

// lines is a sorted list of lines in one text. A hundred thousand strings would
// be a hundred thousand pointers for the garbage collector to follow at each
// password that is hashed.
type lines struct {
	text   string
	starts []uint32
}

// list is the 100,000 common passwords, folded and sorted: 1.1 MB of text and
// 0.4 MB of starts, unpacked at the first password chosen.
var list = sync.OnceValue(func() lines {
	z, err := gzip.NewReader(bytes.NewReader(listGzip))
	if err != nil {
		panic("list of common passwords: " + err.Error())
	}
	b, err := io.ReadAll(z)
	if err != nil {
		panic("list of common passwords: " + err.Error())
	}
	w := lines{text: string(b)}
	for at := 0; at < len(b); {
		w.starts = append(w.starts, uint32(at))
		at += bytes.IndexByte(b[at:], '\n') + 1
	}
	return w
})

// at gives the line that begins at start, without its end.
func (w lines) at(start uint32) string {
	line, _, _ := strings.Cut(w.text[start:], "\n")
	return line
}

func common(pw string) bool {
	w := list()
	_, found := slices.BinarySearchFunc(w.starts, fold(pw), func(start uint32, pw string) int { return strings.Compare(w.at(start), pw) })
	return found
}

// fold makes texts equal that differ only in case or in how they were composed.
func fold(s string) string {
	return norm.NFKC.String(strings.Map(cherokee, cases.Fold().String(norm.NFKC.String(s))))
}

// cherokee folds small Cherokee letters to capital ones, as CaseFolding.txt of
// Unicode says; cases.Fold exchanges the two instead.
func cherokee(r rune) rune {
	switch {
	case r >= 0xAB70 && r <= 0xABBF:
		return r - 0xAB70 + 0x13A0
	case r >= 0x13F8 && r <= 0x13FD:
		return r - 8
	}
	return r
}

// plain folds and takes accents off: "García" → "garcia".
func plain(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(fold(s)) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// letters keeps letters and digits of plain(s).
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, plain(s))
}
