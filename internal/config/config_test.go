package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"portico/internal/config"
)

// good is a production configuration with nothing to complain about.
func good() config.Config {
	c := config.Default()
	c.BaseURL, c.DatabaseURL, c.SecretKey = "https://portal.example.org", "postgres://db/portico", "kT3v0Xz8QdM1yC5nWf7uRb2sLh9pJg4aEo6iVxYtZqSrUwNmPcDjKeGfHlBnAvTy"
	c.Mail = config.Mail{URL: "smtp://u:p@mail.example.org:587", From: "portal@example.org"}
	c.Clinic.Name, c.Clinic.Phone = "Clinic", "555-010-0123"
	return c
}

func TestGoodConfigurationPasses(t *testing.T) {
	if p := good().Check(); len(p) > 0 {
		t.Error(p)
	}
}

func TestEachFaultIsNamed(t *testing.T) {
	for name, spoil := range map[string]func(*config.Config){
		"base_url":        func(c *config.Config) { c.BaseURL = "http://portal.example.org" },
		"database_url":    func(c *config.Config) { c.DatabaseURL = "mysql://x" },
		"secret_key":      func(c *config.Config) { c.SecretKey = "changeme" },
		"mail.url":        func(c *config.Config) { c.Mail.URL = "smtp://h?tls=none" },
		"mail.from":       func(c *config.Config) { c.Mail.From = "" },
		"phone.url":       func(c *config.Config) { c.Phone.URL = "http://x" },
		"clinic.name":     func(c *config.Config) { c.Clinic.Name = "" },
		"clinic.phone":    func(c *config.Config) { c.Clinic.Phone = "" },
		"clinic.zone":     func(c *config.Config) { c.Clinic.Zone = "Mars/Olympus" },
		"clinic.colour":   func(c *config.Config) { c.Clinic.Colour = "red" },
		"trusted_proxies": func(c *config.Config) { c.TrustedProxies = []string{"10.0.0.1"} },
		"tls.mode":        func(c *config.Config) { c.TLS.Mode = "off" },
		"log_level":       func(c *config.Config) { c.LogLevel = "loud" },
		"metrics_addr":    func(c *config.Config) { c.MetricsAddr = c.Addr },
	} {
		c := good()
		spoil(&c)
		if p := strings.Join(c.Check(), "\n"); !strings.Contains(p, name) {
			t.Errorf("%s: got %q", name, p)
		}
	}
	if p := config.Default().Check(); len(p) < 6 {
		t.Errorf("an empty configuration has only %d faults: %q", len(p), p)
	}
}

func TestEnvironmentBeatsFileAndSecretsComeFromFiles(t *testing.T) {
	dir := t.TempDir()
	file, key := filepath.Join(dir, "portico.toml"), filepath.Join(dir, "key")
	os.WriteFile(file, []byte("addr = \"a:1\"\nworkers = 3\n[clinic]\nname = \"From file\"\n"), 0o600)
	os.WriteFile(key, []byte("from-a-file\n"), 0o600)
	c, err := config.Load(file, []string{"PORTICO_CLINIC_NAME=From environment", "PORTICO_SECRET_KEY_FILE=" + key, "HOME=/x"})
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "a:1" || c.Workers != 3 || c.Clinic.Name != "From environment" || c.SecretKey != "from-a-file" || c.Enroll.MinAge != 13 {
		t.Errorf("%+v", c)
	}
}

func TestUnknownSettingsAreErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "portico.toml")
	os.WriteFile(file, []byte("adr = \"x\"\n"), 0o600)
	if _, err := config.Load(file, nil); err == nil || !strings.Contains(err.Error(), "adr") {
		t.Errorf("misspelt key: %v", err)
	}
	if _, err := config.Load("", []string{"PORTICO_ADR=x"}); err == nil || !strings.Contains(err.Error(), "PORTICO_ADR") {
		t.Errorf("misspelt variable: %v", err)
	}
	os.WriteFile(file, []byte("secret_key = \"hunter2\n"), 0o600)
	if _, err := config.Load(file, nil); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a broken file's error repeats a secret: %v", err)
	}
}
