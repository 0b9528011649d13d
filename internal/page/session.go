package page

import (
	"strconv"
	"time"
)

// minutes rounds a duration down to whole minutes, for sentences.
func minutes(d time.Duration) int { return int(d / time.Minute) }

func seconds(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }

// millis is a moment as JavaScript counts, "0" for none.
func millis(t time.Time) string {
	if t.IsZero() {
		return "0"
	}
	return strconv.FormatInt(t.UnixMilli(), 10)
}
