package page

import (
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
)

var notDrawn = regexp.MustCompile(`NaN|Inf|e[+-]`)

// Whatever was recorded, the picture has numbers within it alone, and few enough.
func TestATraceStaysInItsPicture(t *testing.T) {
	s := Shell{Lang: "en"}
	r := rand.New(rand.NewPCG(1, 2))
	gap := math.NaN()
	lines := map[string][]float64{"one": {1}, "flat": {5, 5, 5}, "huge": {-1e100, 1e100, 0}, "gaps": {gap, 1, gap, gap, 2, 3, gap}, "tiny": {1e-300, 2e-300}}
	var long, holes []float64
	for i := range 100_000 {
		long = append(long, r.NormFloat64())
		holes = append(holes, r.NormFloat64())
		if i%7 > 2 {
			holes[i] = gap
		}
	}
	lines["long"], lines["holes"] = long, holes
	for name, line := range lines {
		d := TraceSpec{ID: "t", Unit: "mV", Period: 2, Lines: [][]float64{line, line[:len(line)/2]}}.draw(s, 400)
		if len(d.paths) != 2 || !strings.HasPrefix(d.paths[0], "M") || notDrawn.MatchString(d.paths[0]+d.paths[1]) {
			t.Errorf("%s is drawn as %.100q", name, d.paths)
		}
		if n := strings.Count(d.paths[0], ","); n > 420 {
			t.Errorf("%s has %d points", name, n)
		}
		for _, at := range regexp.MustCompile(`[ML]([\d.-]+),([\d.-]+)`).FindAllStringSubmatch(d.paths[0], -1) {
			if strings.HasPrefix(at[1], "-") || strings.HasPrefix(at[2], "-") {
				t.Errorf("%s leaves its picture at %v", name, at)
			}
		}
	}
	if d := (TraceSpec{Lines: [][]float64{{gap}, {}}}).draw(s, 10); len(d.paths) > 0 || !strings.Contains(d.summary, "cannot draw") {
		t.Errorf("nothing is drawn as %+v", d)
	}
}

// The lowest and the highest of a long recording are drawn, wherever they are: a
// single beat must not be lost.
func TestAThinnedTraceKeepsItsPeaks(t *testing.T) {
	line := make([]float64, 50_000)
	line[33_333], line[44_444] = 9, -3
	d := TraceSpec{Lines: [][]float64{line}, Period: 2, Unit: "mV", Lost: 1}.draw(Shell{Lang: "en"}, 400)
	if !strings.Contains(d.paths[0], ",4L") || !strings.Contains(d.paths[0], ",156") {
		t.Errorf("a peak is missing in %.200q", d.paths[0])
	}
	for _, say := range []string{"50000 values", "One every 2\u00a0ms, 100 seconds in all.", "Lowest -3\u00a0mV, highest 9\u00a0mV.", "1 value could not be measured.", "outline"} {
		if !strings.Contains(d.summary, say) {
			t.Errorf("%q is not said in %q", say, d.summary)
		}
	}
}
