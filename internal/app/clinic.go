package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"portico/internal/config"
	"portico/internal/lang"
	"portico/internal/page"
	"portico/internal/web"
)

// clinicFiles are what the clinic's look needs to be served, by path.
type clinicFiles map[string]clinicFile

type clinicFile struct {
	mime string
	body []byte
}

// clinic makes the clinic's look from its settings: colours derived from one,
// the logo read once, the phone number as a link.
func clinic(c config.Clinic, region string) (*page.Clinic, clinicFiles, error) {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, nil, fmt.Errorf("clinic.zone: %w", err)
	}
	out := &page.Clinic{
		Name: c.Name, Phone: c.Phone, PhoneLink: dialled(c.Phone, region), Emergency: c.Emergency, Zone: zone,
		Hours:       map[lang.Lang]string{lang.En: c.HoursEn, lang.Es: c.HoursEs},
		NumberLabel: map[lang.Lang]string{lang.En: c.NumberLabelEn, lang.Es: c.NumberLabelEs},
		Address:     addressLines(c.Address),
	}
	files := clinicFiles{}
	if c.Colour != "" {
		css, err := page.Theme(c.Colour)
		if err != nil {
			return nil, nil, fmt.Errorf("clinic.colour: %w", err)
		}
		out.ThemeCSS = files.add("theme", ".css", "text/css; charset=utf-8", css)
	}
	if c.Logo != "" {
		types := map[string]string{".svg": "image/svg+xml", ".png": "image/png"}
		ext := strings.ToLower(filepath.Ext(c.Logo))
		if types[ext] == "" {
			return nil, nil, fmt.Errorf("clinic.logo must be an SVG or PNG file")
		}
		b, err := os.ReadFile(c.Logo)
		if err != nil {
			return nil, nil, fmt.Errorf("clinic.logo cannot be read: %w", err)
		}
		out.Logo = files.add("logo", ext, types[ext], b)
	}
	return out, files, nil
}

// add keeps a file under a name with its content hash, so that browsers may
// keep it for ever.
func (f clinicFiles) add(name, ext, mime string, b []byte) string {
	sum := sha256.Sum256(b)
	path := "/clinic/" + name + "." + hex.EncodeToString(sum[:5]) + ext
	f[path] = clinicFile{mime, b}
	return path
}

func (f clinicFiles) mount(r *web.Router) {
	for path, file := range f {
		r.SystemHandler("GET "+path, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", file.mime)
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			w.Write(file.body)
		}))
	}
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

// dialled writes a phone number for a tel: link.
func dialled(phone, region string) string {
	n, err := phonenumbers.Parse(phone, region)
	if err != nil {
		return phone
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}
