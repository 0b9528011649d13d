package enroll

import "strings"

// rude are stems that nobody wants to find in a letter from their clinic, in
// English and Spanish, written with Crockford's symbols (no I, L, O, U): a
// digit that reads like a letter stands for it. login.gov filters its codes in
// the same way.
var rude = []string{
	"ARSE", "ASS", "B1TCH", "B00B", "CABR0N", "CACA", "C0CK", "CRAP", "CVNT", "CERD",
	"DAMN", "DEAD", "DEATH", "D1CK", "DRVNK", "DVMB", "DYKE", "FAG", "FAT", "FCK", "FVCK", "FVK", "GAY",
	"H0M0", "H0E", "HE11", "1D10T", "J0DER", "JERK", "J1ZZ", "K111", "K1KE", "KKK",
	"MAR1CA", "M1ERDA", "M0R0N", "MVERTE", "NAZ1", "NEGR0", "N1G", "PED0", "PENDEJ", "PEN1S", "PERRA", "P1SS",
	"P00P", "P0RN", "PVSSY", "PVTA", "PVT0", "QVEER", "RAPE", "SATAN", "SCVM", "SEX", "SH1T", "SHT", "S1VT",
	"STVP1D", "SVDACA", "T0NT", "T1T", "TVRD", "VAG1NA", "VERGA", "WH0RE", "WTF", "XXX", "Z0RRA", "666", "88",
}

// reads maps digits to the letters they are read as.
var reads = strings.NewReplacer("3", "E", "4", "A", "5", "S", "7", "T", "8", "B")

// offensive tells whether a code spells a word of the list, straight on or with
// digits read as letters. V stands for U, which Crockford leaves out.
func offensive(symbols string) bool {
	plain := reads.Replace(symbols)
	for _, w := range rude {
		if strings.Contains(symbols, w) || strings.Contains(plain, w) {
			return true
		}
	}
	return false
}
