package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"
	_ "time/tzdata" // a container may have no zone files

	"portico/internal/secret"
)

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

var language = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$`)

// Check lists everything that must be put right before the portal may serve
// patients, each in a sentence that says what to do. No value is repeated.
func (c Config) Check() []string {
	var p []string
	no := func(bad bool, format string, args ...any) {
		if bad {
			p = append(p, fmt.Sprintf(format, args...))
		}
	}
	u, err := url.Parse(c.BaseURL)
	no(c.BaseURL == "", "base_url is missing: set the portal's own address, https://…")
	no(c.BaseURL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != ""),
		"base_url must be https:// and a host name, with no path")
	no(c.DatabaseURL == "", "database_url is missing: sqlite:FILE or postgres://…")
	p = append(p, c.checkDatabase()...)
	if _, err := secret.NewKeyring(c.SecretKey, c.OldSecretKeys...); err != nil {
		no(true, "secret_key: %v", err)
	}
	no(c.DataDir == "", "data_dir is missing: a folder for audit checkpoints and certificates")
	for _, s := range c.TrustedProxies {
		_, err := netip.ParsePrefix(s)
		no(err != nil, "trusted_proxies: every entry is an address range such as 10.0.0.0/8")
	}
	var l slog.Level
	no(l.UnmarshalText([]byte(c.LogLevel)) != nil, "log_level is debug, info, warn or error")
	no(c.Workers < 1 || c.Workers > 64, "workers is between 1 and 64")
	if c.MetricsAddr != "" {
		_, _, err := net.SplitHostPort(c.MetricsAddr)
		no(err != nil, "metrics_addr is host:port")
		no(c.MetricsAddr == c.Addr, "metrics_addr must differ from addr")
	}
	switch c.TLS.Mode {
	case "auto", "proxy":
	case "files":
		no(c.TLS.Cert == "" || c.TLS.Key == "", "tls.mode files needs tls.cert and tls.key")
	default:
		no(true, "tls.mode is auto, files or proxy")
	}
	p = append(p, c.checkMessages()...)
	p = append(p, c.SignOn.check()...)
	return append(p, c.checkClinic()...)
}

func (c Config) checkDatabase() []string {
	file, isFile := strings.CutPrefix(c.DatabaseURL, "sqlite:")
	if !isFile {
		if c.DatabaseURL != "" && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
			return []string{"database_url must begin with sqlite: or postgres://"}
		}
		return nil
	}
	if i, err := os.Stat(file); err == nil && runtime.GOOS != "windows" && i.Mode().Perm()&0o077 != 0 {
		return []string{"the database file can be read by other users of this machine: chmod 600 it"}
	}
	return nil
}

func (c Config) checkMessages() []string {
	var p []string
	u, err := url.Parse(c.Mail.URL)
	switch {
	case c.Mail.URL == "":
		p = append(p, "mail.url is missing: without e-mail nobody receives a code")
	case err != nil || (u.Scheme != "smtp" && u.Scheme != "smtps") || u.Host == "":
		p = append(p, "mail.url is smtp://user:password@host:587 or smtps://…")
	case u.Query().Get("tls") == "none":
		p = append(p, "mail.url must not turn TLS off")
	}
	if c.Mail.From == "" || !strings.Contains(c.Mail.From, "@") {
		p = append(p, "mail.from is missing: the address that e-mails come from")
	}
	if c.Mail.Bounces != "" && !strings.Contains(c.Mail.Bounces, "@") {
		p = append(p, "mail.bounces is an e-mail address whose mail goes on to /callbacks/mail")
	}
	if c.Phone.URL != "" {
		u, err := url.Parse(c.Phone.URL)
		if err != nil || u.Scheme != "https" {
			p = append(p, "phone.url must be https://")
		}
		if c.Phone.Account == "" || c.Phone.Token == "" || c.Phone.From == "" {
			p = append(p, "phone.url needs phone.account, phone.token and phone.from")
		}
	}
	return p
}

// check lists what is wrong with the sign-on; nothing where there is none.
func (s SignOn) check() []string {
	if s.Issuer == "" {
		return nil
	}
	var p []string
	no := func(bad bool, text string) {
		if bad {
			p = append(p, text)
		}
	}
	u, err := url.Parse(s.Issuer)
	no(err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "", "sign_on.issuer must be https:// and exactly as the provider names itself")
	no(s.ClientID == "" || s.ClientSecret == "", "sign_on.issuer needs sign_on.client_id and sign_on.client_secret")
	no(s.Name == "", "sign_on.name is missing: it stands on the button")
	no(s.Claim == "", "sign_on.claim is missing: without it nobody has a role")
	no(len(s.Roles) == 0, "sign_on.roles is missing: without it nobody has a role")
	for _, r := range s.Roles {
		group, role, _ := strings.Cut(r, "=")
		no(group == "" || role == "", "sign_on.roles: every entry is a group, = and a role, such as portal-desk=front_desk")
	}
	for _, h := range s.Hosts {
		no(strings.ContainsAny(h, "/@"), "sign_on.hosts: every entry is a host name alone")
	}
	return p
}

func (c Config) checkClinic() []string {
	var p []string
	if c.Clinic.Name == "" {
		p = append(p, "clinic.name is missing")
	}
	if c.Clinic.Phone == "" {
		p = append(p, "clinic.phone is missing: the support line stands on every page")
	}
	if _, err := time.LoadLocation(c.Clinic.Zone); err != nil || c.Clinic.Zone == "" {
		p = append(p, "clinic.zone is not a time zone name such as America/New_York")
	}
	if c.Clinic.RecordsLang != "" && !language.MatchString(c.Clinic.RecordsLang) {
		p = append(p, "clinic.records_lang is a language tag such as en or pt-BR")
	}
	if c.Clinic.Colour != "" && !colour.MatchString(c.Clinic.Colour) {
		p = append(p, "clinic.colour is #rrggbb")
	}
	if c.Enroll.MinAge < 0 || c.Enroll.MinAge > 21 {
		p = append(p, "enroll.min_age is between 0 and 21")
	}
	if c.Results.CriticalDays < 0 || c.Results.CriticalDays > 60 {
		p = append(p, "results.critical_days is between 0 and 60")
	}
	if c.Results.NoticeHours < 1 || c.Results.NoticeHours > 168 {
		p = append(p, "results.notice_hours is between 1 and 168")
	}
	if c.Enroll.ContactAgeDays < 0 {
		p = append(p, "enroll.contact_age_days is not negative")
	}
	return p
}
