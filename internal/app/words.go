package app

import (
	"context"
	"strings"

	"portico/internal/config"
	"portico/internal/fault"
	"portico/internal/lang"
	"portico/internal/notify"
)

// sentence gives a fault's words in English, "" for other errors.
func sentence(err error) string {
	f, ok := fault.As(err)
	if !ok {
		return ""
	}
	if len(f.Problems) == 0 {
		return lang.En.T(f.Text)
	}
	var out []string
	for _, p := range f.Problems {
		out = append(out, lang.En.T(p.Text, p.Args...))
	}
	return strings.Join(out, " ")
}

func checkMail(ctx context.Context, cfg config.Config) error {
	m, err := notify.NewSMTP(cfg.Mail.URL, cfg.Mail.From, func() string { return cfg.Clinic.Name }, nil)
	if err != nil {
		return err
	}
	return m.Probe(ctx)
}
