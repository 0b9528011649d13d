package registry

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"portico/internal/lang"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func TestReadCSV(t *testing.T) {
	in := "\xef\xbb\xbfMRN;Last Name;FIRST_NAME;Maiden Name;DOB;Gender;E-mail;Cell;Home Phone;Street;City;State;Zip;Preferred Language;Deceased Date;Contact since;Shoe size\r\n" +
		"0012-3;García López;Ana;Ruiz;4/9/1962;F;Ana@Example.ORG;555-186-2275;+52 55 1234 5678;\"616 Elm St\nApt 2\";Worcester;MA;01545;Spanish;;2024-01-31;38\r\n" +
		";;;;;;;;;;;;;;;;\r\n" +
		"=1+1;O'Hara;@Tom;;1950-12-31;male;;;;;;;;zh;1999-01-02;;\r\n"
	s := readCSV(strings.NewReader(in), "a.csv", "US", now)
	since := time.Date(2024, 1, 31, 0, 0, 0, 0, time.UTC)
	want := []Incoming{{
		File: "a.csv", Line: 2, Active: true, Birth: "1962-04-09", Sex: "female", Language: "es",
		Names:   []Name{{Current, "Ana", "García López", ""}, {Former, "Ana", "Ruiz", ""}},
		Numbers: []Number{{Value: "0012-3", Usage: Current}},
		Contacts: []Contact{{Kind: Email, Value: "Ana@example.org", Since: since}, {Kind: Mobile, Value: "+15551862275", Since: since},
			{Kind: Phone, Value: "+525512345678", Since: since}},
		Addresses: []Address{{Usage: Current, Lines: []string{"616 Elm St Apt 2"}, City: "Worcester", State: "MA", PostalCode: "01545"}},
	}, {
		File: "a.csv", Line: 5, Active: true, Birth: "1950-12-31", Sex: "male", Language: "zh", Deceased: time.Date(1999, 1, 2, 0, 0, 0, 0, time.UTC),
		Names: []Name{{Current, "@Tom", "O'Hara", ""}}, Numbers: []Number{{Value: "=1+1", Usage: Current}},
	}}
	if diff := cmp.Diff(want, s.rows); diff != "" || len(s.bad) != 0 {
		t.Error(diff, s.bad)
	}
	if diff := cmp.Diff([]int{17}, s.unknown); diff != "" {
		t.Error(diff)
	}
}

// Each bad row is told by line and column, without what stands there.
func TestBadRows(t *testing.T) {
	in := `number,last,first,dob,sex,email,phone,deceased
1,Smith,Ann,1962-04-09,F,,,
2,,Ann,1962-04-09,F,,,
3,Smith,Ann,1962-02-30,F,,,
4,Smith,Ann,4/9/62,F,,,
5,Smith,Ann,,F,,,
6,Smith,Ann,1962,F,,,
7,Smith,Ann,2027-01-01,F,,,
8,Smith,Ann,1062-04-09,F,,,
9,Smith,Ann,1962-04-09,yes,not an address,12,
10,Smith,Ann,yesterday,F,,,
--,Smith,Ann,1962-04-09,F,,,
12,Smith,Ann,1962-04-09,F,,,,,more
13,Smith,An"n,1962-04-09,F,,,
14,Smith,` + strings.Repeat("x", 1001) + `,1962-04-09,F,,,
15,Smith,Ann,1962-04-09,F,,,yes
16,Smith,Ann,1962-04-09
`
	s := readCSV(strings.NewReader(in), "a.csv", "US", now)
	var got []string
	for _, b := range s.bad {
		got = append(got, b.Sentence(lang.En))
		if es := b.Sentence(lang.Es); strings.Contains(es, "registry.") {
			t.Error(es)
		}
	}
	want := []string{
		"a.csv: line 14: The quotes in this row do not match.",
		"a.csv: line 13: column 9: This row has more columns than the first row.",
		"a.csv: line 3: column 2 (last name): The name is missing.",
		"a.csv: line 4: column 4 (birth date): There is no such day.",
		"a.csv: line 5: column 4 (birth date): The year needs four digits.",
		"a.csv: line 6: column 4 (birth date): The birth date is missing.",
		"a.csv: line 7: column 4 (birth date): This date is incomplete. Write it as YYYY-MM-DD.",
		"a.csv: line 8: column 4 (birth date): This date is in the future.",
		"a.csv: line 9: column 4 (birth date): This date is too long ago.",
		"a.csv: line 10: column 5 (sex): We do not know this entry. Write F, M, X or U.",
		"a.csv: line 10: column 6 (email): This is not an e-mail address.",
		"a.csv: line 10: column 7 (phone): This is not a phone number.",
		"a.csv: line 11: column 4 (birth date): This is not a date. Write it as YYYY-MM-DD.",
		"a.csv: line 12: column 1 (patient number): This patient number cannot be used.",
		"a.csv: line 15: column 3 (first name): This is longer than 1000 characters.",
		"a.csv: line 15: column 3 (first name): The name is missing.",
	}
	if diff := cmp.Diff(sorted(want), sorted(got)); diff != "" {
		t.Error(diff)
	}
	if len(s.rows) != 3 || !s.rows[1].Deceased.Equal(now) {
		t.Errorf("%d good rows", len(s.rows))
	}
}

// Where one date can only be day first, those that could be either are not guessed.
func TestAmbiguousDates(t *testing.T) {
	in := "last\tfirst\tdob\nA\tB\t31/12/1962\nC\tD\t4/5/1962\nE\tF\t5/5/1962\nG\tH\t5/31/1962\nI\tJ\t1962-05-04\n"
	s := readCSV(strings.NewReader(in), "", "US", now)
	var got []string
	for _, b := range s.bad {
		got = append(got, fmt.Sprintf("%d %d %s", b.Line, b.Column, b.Key))
	}
	if diff := cmp.Diff([]string{"2 3 registry.csv.date_day_first", "3 3 registry.csv.date_ambiguous"}, got); diff != "" {
		t.Error(diff)
	}
	if len(s.rows) != 3 {
		t.Errorf("%d rows", len(s.rows))
	}
}

func TestHeadings(t *testing.T) {
	for _, tt := range []struct{ in, key string }{
		{"", "registry.import.empty"},
		{"number,last,dob\n", "registry.csv.column_missing"},
		{"last,first,surname,dob\n", "registry.csv.column_twice"},
		{strings.Repeat("a,", 300) + "\n", "registry.csv.heading"},
	} {
		s := readCSV(strings.NewReader(tt.in), "", "US", now)
		if len(s.bad) != 1 || s.bad[0].Key != tt.key {
			t.Errorf("%.20q: %+v", tt.in, s.bad)
		}
	}
	for in, want := range map[string]column{"Patient Number": colNumber, "FECHA DE NACIMIENTO": colBirth, "Teléfono": colPhone, "Zip/Postal": "", "e-mail": colEmail, "Apellido": colFamily} {
		if got := readHeading(in); got != want {
			t.Errorf("%s: %q", in, got)
		}
	}
}

func TestOtherEncodings(t *testing.T) {
	plain := "sep=;\r\nlast;first;dob\r\nNúñez;José;1962-04-09\r\n"
	west, err := charmap.Windows1252.NewEncoder().String(plain)
	if err != nil {
		t.Fatal(err)
	}
	wide, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String(plain)
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{plain, west, wide} {
		s := readCSV(strings.NewReader(in), "", "US", now)
		if len(s.rows) != 1 || s.rows[0].Names[0].Family != "Núñez" || s.rows[0].Line != 3 {
			t.Errorf("%.20q: %+v %+v", in, s.rows, s.bad)
		}
	}
}

func TestManyBadRowsAreCounted(t *testing.T) {
	s := readCSV(strings.NewReader("last,first,dob\n"+strings.Repeat("A,B,\n", 1500)), "", "US", now)
	if len(s.bad) != maxRefusals || s.more != 500 {
		t.Errorf("%d told, %d more", len(s.bad), s.more)
	}
}

// FuzzCSV: whatever comes, what is taken in can be stored and has what a person needs.
func FuzzCSV(f *testing.F) {
	f.Add([]byte("last,first,dob\nA,B,1962-04-09\n"))
	f.Add([]byte("\xef\xbb\xbflast;first;dob;email\n\"A\n\";B;4/9/1962;a@b.example\n"))
	f.Add([]byte("\xff\xfel\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s := readCSV(bytes.NewReader(in), "f", "US", now)
		for _, r := range s.rows {
			if _, err := time.Parse(time.DateOnly, r.Birth); err != nil || len(r.Names) == 0 || len(words(r.Names[0].Family)) == 0 {
				t.Fatalf("%+v", r)
			}
			if all := fmt.Sprint(r); !utf8.ValidString(all) || strings.ContainsRune(all, 0) {
				t.Fatalf("%q", all)
			}
		}
		for _, b := range s.bad {
			if b.Sentence(lang.En) == "" {
				t.Fatal("no sentence")
			}
		}
	})
}
