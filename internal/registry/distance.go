package registry

// alike measures how much two words have in common, from 0 to 1, as Jaro and
// Winkler did for the United States census (W. E. Winkler, 1990): letters in
// common near the same place, transpositions, and a bonus for a common start.
func alike(a, b string) float64 {
	x, y := []rune(a), []rune(b)
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	j := jaro(x, y)
	start := 0
	for start < min(4, len(x), len(y)) && x[start] == y[start] {
		start++
	}
	return j + float64(start)*0.1*(1-j)
}

func jaro(x, y []rune) float64 {
	reach := max(0, max(len(x), len(y))/2-1)
	taken := make([]bool, len(y))
	var common []rune
	for i, r := range x {
		for k := max(0, i-reach); k < min(len(y), i+reach+1); k++ {
			if !taken[k] && y[k] == r {
				taken[k] = true
				common = append(common, r)
				break
			}
		}
	}
	if len(common) == 0 {
		return 0
	}
	moved, i := 0, 0
	for k, t := range taken {
		if t {
			if y[k] != common[i] {
				moved++
			}
			i++
		}
	}
	m := float64(len(common))
	return (m/float64(len(x)) + m/float64(len(y)) + (m-float64(moved/2))/m) / 3
}

// slipped tells whether two words may be one, mistyped or misheard. Very short
// words must be alike in letters.
func slipped(a, b string) bool {
	short := min(len(a), len(b))
	return short >= 3 && alike(a, b) >= likeSpelled || short >= 4 && sound(a) == sound(b) && alike(a, b) >= likeSounding
}

const (
	// likeSpelled is where the census bureau's clerks began to take two names
	// for one; it takes Catherin for Catherine.
	likeSpelled = 0.92
	// likeSounding is enough for words that share a sound: Smyth, Gonzales.
	likeSounding = 0.80
)
