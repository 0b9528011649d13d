package lang

import (
	"slices"
	"strings"
	"time"
)

type zone struct{ id, en, es string }

// zones are the time zones that people can choose, from west to east: those of the
// United States, and where patients of its clinics most often travel or have family.
var zones = []zone{
	{"Pacific/Honolulu", "Hawaii time", "hora de Hawái"},
	{"America/Anchorage", "Alaska time", "hora de Alaska"},
	{"America/Los_Angeles", "Pacific time", "hora del Pacífico"},
	{"America/Phoenix", "Arizona time", "hora de Arizona"},
	{"America/Denver", "Mountain time", "hora de la montaña"},
	{"America/Mexico_City", "Mexico City time", "hora de Ciudad de México"},
	{"America/Guatemala", "Guatemala time", "hora de Guatemala"},
	{"America/Chicago", "Central time", "hora del centro"},
	{"America/Bogota", "Bogotá time", "hora de Bogotá"},
	{"America/Lima", "Lima time", "hora de Lima"},
	{"America/Havana", "Havana time", "hora de La Habana"},
	{"America/New_York", "Eastern time", "hora del este"},
	{"America/Caracas", "Caracas time", "hora de Caracas"},
	{"America/Puerto_Rico", "Puerto Rico time", "hora de Puerto Rico"},
	{"America/Halifax", "Halifax time", "hora de Halifax"},
	{"America/Santiago", "Santiago time", "hora de Santiago"},
	{"America/Argentina/Buenos_Aires", "Buenos Aires time", "hora de Buenos Aires"},
	{"America/Sao_Paulo", "São Paulo time", "hora de São Paulo"},
	{"Europe/London", "London time", "hora de Londres"},
	{"Europe/Madrid", "Madrid time", "hora de Madrid"},
	{"Europe/Berlin", "Berlin time", "hora de Berlín"},
	{"Africa/Lagos", "Lagos time", "hora de Lagos"},
	{"Europe/Kyiv", "Kyiv time", "hora de Kiev"},
	{"Africa/Nairobi", "Nairobi time", "hora de Nairobi"},
	{"Asia/Dubai", "Dubai time", "hora de Dubái"},
	{"Asia/Karachi", "Karachi time", "hora de Karachi"},
	{"Asia/Kolkata", "India time", "hora de la India"},
	{"Asia/Ho_Chi_Minh", "Vietnam time", "hora de Vietnam"},
	{"Asia/Shanghai", "China time", "hora de China"},
	{"Asia/Manila", "Manila time", "hora de Manila"},
	{"Asia/Seoul", "Seoul time", "hora de Seúl"},
	{"Asia/Tokyo", "Tokyo time", "hora de Tokio"},
	{"Pacific/Guam", "Guam time", "hora de Guam"},
	{"Australia/Sydney", "Sydney time", "hora de Sídney"},
	{"Pacific/Auckland", "Auckland time", "hora de Auckland"},
}

// Zones lists the time zones that people can choose, by their IANA names.
func Zones() (out []string) {
	for _, z := range zones {
		out = append(out, z.id)
	}
	return out
}

// IsZone tells whether people can choose the zone.
func IsZone(id string) bool { return slices.Contains(Zones(), id) }

// Zone names the time of a zone: "Eastern time", "hora del este". One that is not
// listed is named after its city.
func (l Lang) Zone(z *time.Location) string {
	for _, k := range zones {
		if k.id == z.String() {
			if l == Es {
				return k.es
			}
			return k.en
		}
	}
	_, city, placed := cutLast(z.String(), "/")
	switch city = strings.ReplaceAll(city, "_", " "); {
	case !placed:
		return z.String() // "UTC"
	case l == Es:
		return "hora de " + city
	}
	return city + " time"
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

// Zoned writes a moment with the name of the zone and, where away is another zone in
// which clocks show another time, that time too: "April 9, 2029, 9:30 a.m. (Eastern
// time; 3:30 p.m. Madrid time)". away may be nil.
func (l Lang) Zoned(t time.Time, home, away *time.Location) string {
	there := l.Away(t, home, away)
	if there != "" {
		there = "; " + there
	}
	return l.Moment(t.In(home)) + " (" + l.Zone(home) + there + ")"
}

// Away writes the time that clocks of away show at t, with its zone and, where it is
// another day there, the day; "" if clocks of home show the same.
func (l Lang) Away(t time.Time, home, away *time.Location) string {
	if away == nil {
		return ""
	}
	h, a := t.In(home), t.In(away)
	_, ho := h.Zone()
	_, ao := a.Zone()
	switch {
	case ho == ao:
		return ""
	case h.Day() != a.Day():
		return l.Moment(a) + " " + l.Zone(away)
	}
	return l.Clock(a) + " " + l.Zone(away)
}
