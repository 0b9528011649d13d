package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"portico/internal/clinic"
	"portico/internal/config"
	"portico/internal/lang"
	"portico/internal/page"
)

// profile makes the room that knows the clinic, with what the settings say; the
// logo is read once.
func profile(c config.Clinic, region string) (*clinic.Room, error) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, fmt.Errorf("clinic.zone: %w", err)
	}
	p := clinic.Parts{Colour: c.Colour, Region: region, Defaults: page.Clinic{
		Name: c.Name, Phone: c.Phone, PhoneLink: clinic.Dialled(c.Phone, region), Emergency: c.Emergency, Zone: zone,
		Hours:       map[lang.Lang]string{lang.En: c.HoursEn, lang.Es: c.HoursEs},
		NumberLabel: map[lang.Lang]string{lang.En: c.NumberLabelEn, lang.Es: c.NumberLabelEs},
		Address:     addressLines(c.Address), Written: c.RecordsLang,
	}}
	if c.Logo != "" {
		types := map[string]string{".svg": "image/svg+xml", ".png": "image/png"}
		p.LogoExt = strings.ToLower(filepath.Ext(c.Logo))
		if types[p.LogoExt] == "" {
			return nil, fmt.Errorf("clinic.logo must be an SVG or PNG file")
		}
		b, err := os.ReadFile(c.Logo)
		if err != nil {
			return nil, fmt.Errorf("clinic.logo cannot be read: %w", err)
		}
		p.Logo = &clinic.File{Mime: types[p.LogoExt], Body: b}
	}
	return clinic.New(p)
}

// addressLines are the lines of a postal address that is written in one.
func addressLines(s string) []string {
	var out []string
	for l := range strings.SplitSeq(s, ";") {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}
