package reading

import (
	"fmt"
	"testing"
)

func TestSyllables(t *testing.T) {
	for w, want := range map[string]int{"code": 1, "table": 2, "password": 2, "account": 2, "recovery": 4, "used": 1, "needed": 2, "email": 2, "sign-in": 2, "555-010-0123": 1} {
		if got := englishSyllables(w); got != want {
			t.Errorf("%s: %d syllables, want %d", w, got, want)
		}
	}
	for w, want := range map[string]int{"código": 3, "contraseña": 4, "que": 1, "guía": 2, "cuenta": 2, "correo": 3, "día": 2, "y": 1, "muy": 1, "ciudad": 2, "teléfono": 4} {
		if got := spanishSyllables(w); got != want {
			t.Errorf("%s: %d sílabas, want %d", w, got, want)
		}
	}
	if fmt.Sprintf("%.1f", English("The cat sat on the mat.").Grade()) != "-1.4" {
		t.Error("the formula is wrong")
	}
}
