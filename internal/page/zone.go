package page

import "time"

// Zoned writes a moment in the clinic's zone, with its name and, for who is in
// another zone, the time there.
func (s Shell) Zoned(t time.Time) string { return s.Lang.Zoned(t, s.home(), s.Zone) }

// ZoneName names the clinic's zone.
func (s Shell) ZoneName() string { return s.Lang.Zone(s.home()) }

// AwayTime is the time at t where the person is; "" where that is the clinic's.
func (s Shell) AwayTime(t time.Time) string { return s.Lang.Away(t, s.home(), s.Zone) }

// There is AwayTime in brackets, to stand behind the clinic's time.
func (s Shell) There(t time.Time) string {
	if there := s.AwayTime(t); there != "" {
		return " (" + there + ")"
	}
	return ""
}

func (s Shell) home() *time.Location {
	if s.Clinic != nil && s.Clinic.Zone != nil {
		return s.Clinic.Zone
	}
	return time.UTC
}
