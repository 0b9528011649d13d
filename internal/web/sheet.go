package web

import (
	"bytes"
	"encoding/csv"
	"strings"
	"unicode"
)

// Sheet writes a table for spreadsheets: comma separated (RFC 4180), every cell
// inert.
func Sheet(heads []string, rows [][]string) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	if err := w.Write(heads); err != nil {
		return nil, err
	}
	for _, row := range rows {
		for i, cell := range row {
			row[i] = Inert(cell)
		}
		if err := w.Write(row); err != nil {
			return nil, err
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// Inert keeps a spreadsheet from computing a cell: what begins with one of these
// signs, or with one after what nobody sees (blanks of every kind, marks without
// width), gets an apostrophe before it (OWASP, "CSV Injection"; ASVS 5.0 1.2.10).
func Inert(cell string) string {
	s := strings.TrimLeftFunc(cell, func(r rune) bool {
		return unicode.Is(unicode.Cf, r) || unicode.IsSpace(r) && r != '\t' && r != '\r' && r != '\n'
	})
	if s != "" && strings.ContainsRune("=+-@\t\r\n\x00|%＝＋－＠", []rune(s)[0]) {
		return "'" + cell
	}
	return cell
}
