package lang

import (
	"testing"
	"time"
	_ "time/tzdata"
)

func place(t *testing.T, id string) *time.Location {
	z, err := time.LoadLocation(id)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestTimesAreNamedAndTravellersToldBoth(t *testing.T) {
	ny, madrid, tokyo, detroit := place(t, "America/New_York"), place(t, "Europe/Madrid"), place(t, "Asia/Tokyo"), place(t, "America/Detroit")
	at := time.Date(2026, 6, 22, 14, 30, 0, 0, ny)
	// From March 8 the clocks of New York are ahead, those of Madrid follow on March 29.
	between := time.Date(2026, 3, 10, 9, 0, 0, 0, ny)
	for _, c := range []struct {
		l          Lang
		at         time.Time
		home, away *time.Location
		want       string
	}{
		{En, at, ny, nil, "June 22, 2026, 2:30 p.m. (Eastern time)"},
		{En, at, ny, detroit, "June 22, 2026, 2:30 p.m. (Eastern time)"},
		{En, at, detroit, nil, "June 22, 2026, 2:30 p.m. (Detroit time)"},
		{En, at, ny, madrid, "June 22, 2026, 2:30 p.m. (Eastern time; 8:30 p.m. Madrid time)"},
		{Es, at, ny, madrid, "22 de junio de 2026, 2:30 p.\u00a0m. (hora del este; 8:30 p.\u00a0m. hora de Madrid)"},
		{En, at, ny, tokyo, "June 22, 2026, 2:30 p.m. (Eastern time; June 23, 2026, 3:30 a.m. Tokyo time)"},
		{En, between, ny, madrid, "March 10, 2026, 9:00 a.m. (Eastern time; 2:00 p.m. Madrid time)"},
		{En, at, time.UTC, nil, "June 22, 2026, 6:30 p.m. (UTC)"},
	} {
		if got := c.l.Zoned(c.at, c.home, c.away); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	for _, id := range Zones() {
		place(t, id)
	}
}
