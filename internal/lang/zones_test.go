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

// In the night in which clocks go back, an hour comes twice.
func TestATimeThatComesTwiceSaysWhichItIs(t *testing.T) {
	ny, lord, utc := place(t, "America/New_York"), place(t, "Australia/Lord_Howe"), time.UTC
	back := time.Date(2026, 11, 1, 6, 0, 0, 0, time.UTC) // 2:00 becomes 1:00
	ahead := time.Date(2026, 3, 8, 7, 0, 0, 0, time.UTC) // 2:00 becomes 3:00
	half := time.Date(2026, 4, 4, 15, 0, 0, 0, time.UTC) // 2:00 becomes 1:30
	sp := "\u00a0"
	for _, c := range []struct {
		l    Lang
		at   time.Time
		in   *time.Location
		want string
	}{
		{En, back.Add(-61 * time.Minute), ny, "12:59 a.m."},
		{En, back.Add(-time.Hour), ny, "1:00 a.m., before the clock change"},
		{En, back.Add(-time.Minute), ny, "1:59 a.m., before the clock change"},
		{En, back, ny, "1:00 a.m., after the clock change"},
		{Es, back.Add(30 * time.Minute), ny, "1:30 a." + sp + "m., después del cambio de hora"},
		{Es, back.Add(-30 * time.Minute), ny, "1:30 a." + sp + "m., antes del cambio de hora"},
		{En, back.Add(59 * time.Minute), ny, "1:59 a.m., after the clock change"},
		{En, back.Add(time.Hour), ny, "2:00 a.m."},
		{En, back, utc, "6:00 a.m."},
		{En, ahead.Add(-time.Minute), ny, "1:59 a.m."},
		{En, ahead, ny, "3:00 a.m."},
		{En, half.Add(-31 * time.Minute), lord, "1:29 a.m."},
		{En, half.Add(-30 * time.Minute), lord, "1:30 a.m., before the clock change"},
		{En, half.Add(29 * time.Minute), lord, "1:59 a.m., after the clock change"},
		{En, half.Add(30 * time.Minute), lord, "2:00 a.m."},
	} {
		if got := c.l.Clock(c.at.In(c.in)); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
	if got, want := En.Hour(back.In(ny)), "1:00 a.m."; got != want {
		t.Errorf("a scale says %q, want %q", got, want)
	}
}
