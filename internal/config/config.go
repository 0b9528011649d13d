// Package config is every setting of Portico in one tagged struct.
//
// A setting comes from its default, then from portico.toml, then from the
// environment (PORTICO_…), then, for secrets, from a file named by
// PORTICO_…_FILE. It is read once, in cmd; packages get the section they need.
// Production is the default and fails closed: Check reports every problem at
// once, and serve refuses to start while there is one.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/caarlos0/env/v11"
)

// Config is all settings. doc tags become docs/config.md; secret marks values
// that may also come from a file and are never shown.
type Config struct {
	Addr           string   `toml:"addr" env:"ADDR" doc:"Address the portal listens on."`
	BaseURL        string   `toml:"base_url" env:"BASE_URL" doc:"The portal's own address, e.g. https://portal.example.org. Every link in a message begins with it; requests for another host are refused."`
	Hosts          []string `toml:"hosts" env:"HOSTS" doc:"Further host names to answer for, beside the one in base_url."`
	DatabaseURL    string   `toml:"database_url" env:"DATABASE_URL" secret:"true" doc:"sqlite:FILE for one machine, postgres://… beyond it."`
	DataDir        string   `toml:"data_dir" env:"DATA_DIR" doc:"Folder for what lies outside the database: the audit log's signed checkpoints, TLS certificates. Keep it on another disk than the database if you can."`
	SecretKey      string   `toml:"secret_key" env:"SECRET_KEY" secret:"true" doc:"At least 32 random bytes in base64 (openssl rand -base64 48). Everything sealed or signed hangs on it: back it up apart from the database. From a file it may be several, newest first: see portico keys."`
	SecretKeyFile  string   `toml:"-"` // where SecretKey was read from, "" for elsewhere
	OldSecretKeys  []string `toml:"old_secret_keys" env:"OLD_SECRET_KEYS" secret:"true" doc:"Earlier secret keys, newest first, still accepted for reading."`
	MetricsAddr    string   `toml:"metrics_addr" env:"METRICS_ADDR" doc:"Address for /metrics (Prometheus), apart from the portal's. Empty turns it off."`
	TrustedProxies []string `toml:"trusted_proxies" env:"TRUSTED_PROXIES" doc:"Address ranges of proxies whose X-Forwarded-For is believed, e.g. 10.0.0.0/8."`
	LogLevel       string   `toml:"log_level" env:"LOG_LEVEL" doc:"debug, info, warn or error."`
	Banner         string   `toml:"banner" env:"BANNER" doc:"A notice shown above every page, e.g. planned maintenance."`
	Workers        int      `toml:"workers" env:"WORKERS" doc:"Background workers in this process."`

	TLS    TLS    `toml:"tls" envPrefix:"TLS_"`
	Mail   Mail   `toml:"mail" envPrefix:"MAIL_"`
	Phone  Phone  `toml:"phone" envPrefix:"PHONE_"`
	Clinic Clinic `toml:"clinic" envPrefix:"CLINIC_"`
	Enroll Enroll `toml:"enroll" envPrefix:"ENROLL_"`

	SignOn SignOn `toml:"sign_on" envPrefix:"SIGN_ON_"`

	Results Results `toml:"results" envPrefix:"RESULTS_"`
}

// TLS says how the portal is encrypted.
type TLS struct {
	Mode string `toml:"mode" env:"MODE" doc:"auto: certificates from Let's Encrypt, on ports 443 and 80; files: from cert and key; proxy: a proxy of yours in front does TLS."`
	Cert string `toml:"cert" env:"CERT" doc:"Certificate chain file, for mode files."`
	Key  string `toml:"key" env:"KEY" doc:"Private key file, for mode files."`
}

// Mail says how e-mail leaves.
type Mail struct {
	URL     string `toml:"url" env:"URL" secret:"true" doc:"smtp://user:password@host:587 (STARTTLS demanded) or smtps://…:465."`
	From    string `toml:"from" env:"FROM" doc:"Sender address of the portal's e-mails."`
	Bounces string `toml:"bounces" env:"BOUNCES" doc:"Address that e-mails which cannot be delivered come back to; its mail goes on to /callbacks/mail. Empty: they come back to mail.from, and staff hear only of what the mail server refuses at once."`
}

// Phone says how texts and voice calls leave, over an HTTP interface compatible with Twilio's.
type Phone struct {
	URL       string   `toml:"url" env:"URL" doc:"Base address of the service. Empty: no texts and no calls; the choices are not offered."`
	Account   string   `toml:"account" env:"ACCOUNT" doc:"Account identifier at the service."`
	Token     string   `toml:"token" env:"TOKEN" secret:"true" doc:"Secret of that account."`
	From      string   `toml:"from" env:"FROM" doc:"Number that texts and calls come from, +15550100123."`
	Region    string   `toml:"region" env:"REGION" doc:"Country of numbers written without a country code."`
	Countries []string `toml:"countries" env:"COUNTRIES" doc:"Countries that are texted and called. Codes sent to premium numbers abroad are a known fraud."`
	DailyCap  int      `toml:"daily_cap" env:"DAILY_CAP" doc:"Texts and calls a day at most, in all."`
}

// Clinic is what patients see of the clinic.
type Clinic struct {
	Name          string `toml:"name" env:"NAME" doc:"Name of the clinic."`
	Phone         string `toml:"phone" env:"PHONE" doc:"Support phone as written for people; on every page, letter and message."`
	HoursEn       string `toml:"hours_en" env:"HOURS_EN" doc:"When the support phone is answered, in English."`
	HoursEs       string `toml:"hours_es" env:"HOURS_ES" doc:"The same in Spanish."`
	NumberLabelEn string `toml:"number_label_en" env:"NUMBER_LABEL_EN" doc:"What the clinic calls its patient number, in English."`
	NumberLabelEs string `toml:"number_label_es" env:"NUMBER_LABEL_ES" doc:"The same in Spanish."`
	Address       string `toml:"address" env:"ADDRESS" doc:"Postal address, lines separated by a semicolon; printed on letters."`
	Emergency     string `toml:"emergency" env:"EMERGENCY" doc:"Emergency number."`
	Logo          string `toml:"logo" env:"LOGO" doc:"File of the clinic's logo (SVG or PNG). Empty: the built-in mark."`
	Colour        string `toml:"colour" env:"COLOUR" doc:"The clinic's colour, #rrggbb. It is darkened until text on it can be read."`
	Zone          string `toml:"zone" env:"ZONE" doc:"Time zone, e.g. America/New_York."`
	RecordsLang   string `toml:"records_lang" env:"RECORDS_LANG" doc:"Language of the records that come in, where they do not say: en, es, … Pages in another one tell screen readers so. Empty: not known."`
}

// Enroll holds the numbers a clinic may want otherwise in opening accounts.
type Enroll struct {
	MinAge         int  `toml:"min_age" env:"MIN_AGE" doc:"Youngest age for an account of one's own, in years. Younger people's requests go to staff."`
	ContactAgeDays int  `toml:"contact_age_days" env:"CONTACT_AGE_DAYS" doc:"How long a contact must have stood in the patient index before a code is sent to it."`
	AutoMatch      bool `toml:"auto_match" env:"AUTO_MATCH" doc:"Answer a request whose name, birth date and contact all agree with the index by sending a code to that contact. Off: staff decide each."`
}

// SignOn is the clinic's own sign-on for staff, by OpenID Connect.
type SignOn struct {
	Issuer       string   `toml:"issuer" env:"ISSUER" doc:"Address of the provider, exactly as it names itself, e.g. https://login.riverside.example/realms/clinic. Empty: staff sign in here alone."`
	ClientID     string   `toml:"client_id" env:"CLIENT_ID" doc:"The portal's name at the provider. Its address to come back to is base_url/staff/signon/back."`
	ClientSecret string   `toml:"client_secret" env:"CLIENT_SECRET" secret:"true" doc:"The portal's secret at the provider."`
	Name         string   `toml:"name" env:"NAME" doc:"What the clinic's people call it; on the button."`
	Scopes       []string `toml:"scopes" env:"SCOPES" doc:"What is asked for beside openid."`
	Claim        string   `toml:"claim" env:"CLAIM" doc:"The claim of the identity token that lists a person's groups."`
	Roles        []string `toml:"roles" env:"ROLES" doc:"Which group has which role, e.g. portal-desk=front_desk. Groups that are not named give nothing."`
	Only         bool     `toml:"only" env:"ONLY" doc:"Passwords and passkeys are for administrators alone, who must get in when the provider is down. Turn it on once everybody else is linked."`
	Newcomers    bool     `toml:"newcomers" env:"NEWCOMERS" doc:"Whoever has a role at the provider and is not here yet is added at their first sign-on. Off: an administrator invites each."`
	ACR          []string `toml:"acr" env:"ACR" doc:"Values of acr that say that a second step was asked for. They are also asked for."`
	AMR          []string `toml:"amr" env:"AMR" doc:"Values of amr that say that a second step was asked for. Without any of both, the authenticator app here is asked for."`
	Hosts        []string `toml:"hosts" env:"HOSTS" doc:"Further hosts of the provider that may be called, where its addresses are not all on the issuer's."`
	CA           string   `toml:"ca" env:"CA" doc:"File with certificate authorities (PEM) that are trusted for the provider beside the machine's."`
}

// Results holds the numbers a clinic may want otherwise in showing results.
type Results struct {
	CriticalDays int `toml:"critical_days" env:"CRITICAL_DAYS" doc:"After how many days a critical result that its patient has not opened is on the staff's list."`
	NoticeHours  int `toml:"notice_hours" env:"NOTICE_HOURS" doc:"How long a patient is left in peace, in hours, after a notice that something is new."`
}

// Default is what holds without any setting.
func Default() Config {
	return Config{
		Addr: "127.0.0.1:8080", DataDir: "portico-data", MetricsAddr: "127.0.0.1:9090", LogLevel: "info", Workers: 2,
		TLS:   TLS{Mode: "proxy"},
		Phone: Phone{Region: "US", Countries: []string{"US", "PR"}, DailyCap: 2000},
		Clinic: Clinic{Emergency: "911", Zone: "America/New_York", RecordsLang: "en", NumberLabelEn: "Patient number", NumberLabelEs: "Número de paciente",
			HoursEn: "Monday to Friday, 8 a.m. to 5 p.m.", HoursEs: "Lunes a viernes, de 8\u00a0a.\u00a0m. a 5\u00a0p.\u00a0m."},
		SignOn: SignOn{Name: "single sign-on", Scopes: []string{"profile", "email"}, Claim: "groups", AMR: []string{"mfa"}},
		Enroll: Enroll{MinAge: 13, ContactAgeDays: 7, AutoMatch: true},

		Results: Results{CriticalDays: 3, NoticeHours: 12},
	}
}

// Load reads the settings. file may be ""; a file that is named must exist.
// Unknown settings are errors: a misspelt one must not be silently ignored.
func Load(file string, environ []string) (Config, error) {
	c := Default()
	var errs []error
	if file != "" {
		errs = append(errs, loadFile(file, &c))
	}
	vars := env.ToMap(environ)
	if err := env.ParseWithOptions(&c, env.Options{Prefix: "PORTICO_", Environment: vars}); err != nil {
		errs = append(errs, errors.New("a PORTICO_ variable has a value of the wrong kind"))
	}
	known := map[string]bool{"PORTICO_CONFIG": true, "PORTICO_TEST_POSTGRES": true, "PORTICO_ATTACK": true}
	for _, s := range Settings(&c) {
		known[s.Env] = true
		if !s.Secret {
			continue
		}
		known[s.Env+"_FILE"] = true
		if name := vars[s.Env+"_FILE"]; name != "" {
			errs = append(errs, fromFile(s, name))
			if s.Key == "secret_key" {
				c.SecretKeyFile = name
			}
		}
	}
	for name := range vars {
		if strings.HasPrefix(name, "PORTICO_") && !known[name] {
			errs = append(errs, fmt.Errorf("there is no setting %s; see docs/config.md", name))
		}
	}
	return c, errors.Join(errs...)
}

func loadFile(file string, c *Config) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the configuration file cannot be read: %w", err)
	}
	meta, err := toml.NewDecoder(bytes.NewReader(b)).Decode(c)
	if err != nil {
		if p, ok := errors.AsType[toml.ParseError](err); ok {
			return fmt.Errorf("%s, line %d: not valid TOML", file, p.Position.Line) // the line itself may hold a secret
		}
		return fmt.Errorf("%s: a setting has a value of the wrong kind", file)
	}
	var errs []error
	for _, k := range meta.Undecoded() {
		errs = append(errs, fmt.Errorf("%s: there is no setting %q; see docs/config.md", file, k.String()))
	}
	return errors.Join(errs...)
}

func fromFile(s Setting, name string) error {
	b, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("%s_FILE cannot be read: %w", s.Env, err)
	}
	text := strings.TrimSpace(string(b))
	switch s.value.Kind() {
	case reflect.String:
		s.value.SetString(text)
	case reflect.Slice:
		s.value.Set(reflect.ValueOf(strings.Fields(text)))
	}
	return nil
}

// Setting describes one setting, for the generated documentation.
type Setting struct {
	Key     string // in portico.toml: "clinic.name"
	Env     string // PORTICO_CLINIC_NAME
	Doc     string
	Default string
	Secret  bool
	value   reflect.Value
}

// Settings lists every setting of c in order.
func Settings(c *Config) []Setting {
	return settings(reflect.ValueOf(c).Elem(), "", "PORTICO_")
}

func settings(v reflect.Value, key, prefix string) []Setting {
	var out []Setting
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Tag.Get("toml") == "-" {
			continue
		}
		if p, nested := f.Tag.Lookup("envPrefix"); nested {
			out = append(out, settings(v.Field(i), key+f.Tag.Get("toml")+".", prefix+p)...)
			continue
		}
		out = append(out, Setting{Key: key + f.Tag.Get("toml"), Env: prefix + f.Tag.Get("env"), Doc: f.Tag.Get("doc"),
			Default: fmt.Sprint(v.Field(i).Interface()), Secret: f.Tag.Get("secret") == "true", value: v.Field(i)})
	}
	return out
}
