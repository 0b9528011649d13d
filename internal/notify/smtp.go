package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// SMTP sends e-mail through a mail server.
type SMTP struct {
	host   string
	from   string
	domain string // of Message-IDs
	back   string // where what cannot be delivered goes; "" for from, where nobody reads it
	name   func() string
	opts   []gomail.Option
}

// NewSMTP reads smtp://user:password@host:587 (TLS by STARTTLS) or
// smtps://user:password@host:465 (TLS from the start). TLS is demanded except
// towards this very machine; ?tls=required demands it there too, ?tls=none
// gives it up (which package config refuses in production). from is the
// sender's bare address, name what to show beside it. roots may be nil.
func NewSMTP(address, from string, name func() string, roots *tls.Config) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return nil, errors.New("mail.url is smtp://user:password@host:587 or smtps://…")
	}
	if !ValidEmail(from) {
		return nil, errors.New("mail.from is one plain e-mail address")
	}
	s := &SMTP{host: u.Hostname(), from: from, domain: from[strings.LastIndexByte(from, '@')+1:], name: name}
	s.opts = []gomail.Option{gomail.WithTimeout(patience), gomail.WithHELO(s.domain)}
	port, err := portOf(u)
	if err != nil {
		return nil, err
	}
	s.opts = append(s.opts, gomail.WithPort(port))
	if roots == nil {
		roots = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	roots = roots.Clone()
	roots.ServerName = s.host
	s.opts = append(s.opts, gomail.WithTLSConfig(roots))
	switch mode := u.Query().Get("tls"); {
	case u.Scheme == "smtps":
		s.opts = append(s.opts, gomail.WithSSL())
	case mode == "none" || (mode == "" && loopback(s.host)):
		s.opts = append(s.opts, gomail.WithTLSPolicy(gomail.NoTLS))
	case mode == "" || mode == "required":
		s.opts = append(s.opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	default:
		return nil, errors.New("mail.url: tls is required or none")
	}
	if user := u.User.Username(); user != "" {
		password, _ := u.User.Password()
		s.opts = append(s.opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(user), gomail.WithPassword(password))
	}
	return s, nil
}

// Returning has e-mails that a server took and could not deliver sent back to
// another address than the sender's, from where they come to Bounced.
func (s *SMTP) Returning(to string) error {
	if !ValidEmail(to) {
		return errors.New("mail.bounces is one plain e-mail address")
	}
	s.back = to
	return nil
}

func portOf(u *url.URL) (int, error) {
	switch {
	case u.Port() != "":
		n, err := strconv.Atoi(u.Port())
		if err != nil || n < 1 || n > 65535 {
			return 0, errors.New("mail.url: the port is a number up to 65535")
		}
		return n, nil
	case u.Scheme == "smtps":
		return 465, nil
	}
	return 587, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// send delivers one e-mail over a connection of its own.
func (s *SMTP) send(ctx context.Context, r ready) (string, error) {
	m, err := s.message(r)
	if err != nil {
		return "", err
	}
	client, err := gomail.NewClient(s.host, s.opts...)
	if err != nil {
		return "", &failure{code: "mail_settings"}
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return "", &failure{code: "mail_connect"}
	}
	err = client.SendWithSMTPClient(conn, m)
	// A server that accepted the message and then hung up has the message.
	if err != nil && !m.IsDelivered() {
		conn.Close()
		return "", mailFailure(err)
	}
	_ = client.CloseWithSMTPClient(conn)
	if s.back == "" {
		return "", nil // we shall not hear what became of it
	}
	return r.id, nil
}

// message puts the e-mail together: the same bytes for each try, so that copies
// can be recognised; with a file, all but the marks between its parts, which the
// library makes up as soon as one multipart stands in another. Addresses and subject go through go-mail's header encoder
// alone; ValidEmail has refused whatever could end a line.
func (s *SMTP) message(r ready) (*gomail.Msg, error) {
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if len(r.files) == 0 {
		m.SetBoundary("b_" + r.id)
	}
	if err := m.FromFormat(oneLine(s.name()), s.from); err != nil {
		return nil, &failure{code: "mail_from"}
	}
	if s.back != "" {
		if err := m.EnvelopeFrom(s.back); err != nil {
			return nil, &failure{code: "mail_from"}
		}
	}
	if !ValidEmail(r.to) {
		return nil, &failure{code: "mail_address", permanent: true}
	}
	if err := m.To(r.to); err != nil {
		return nil, &failure{code: "mail_address", permanent: true}
	}
	m.Subject(oneLine(r.subject))
	m.SetMessageIDWithValue(r.id + "@" + s.domain)
	m.SetDateWithValue(r.at)
	// Nobody's "out of office" should answer (RFC 3834; the second is Exchange's).
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("X-Auto-Response-Suppress", "All")
	m.SetGenHeader("Content-Language", r.lang)
	m.SetBodyString(gomail.TypeTextPlain, r.text)
	m.AddAlternativeString(gomail.TypeTextHTML, r.html)
	for _, f := range r.files {
		if err := m.AttachReader(f.Name, bytes.NewReader(f.Content), gomail.WithFileContentType(gomail.ContentType(f.Type))); err != nil {
			return nil, &failure{code: "mail_file"}
		}
	}
	return m, nil
}

// oneLine makes text fit for a header: what could begin another header becomes a space.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, " ")))
}

// mailFailure tells what a refusal means. Only a refusal of the recipient or of
// the message itself is final; a refused sender is a matter of our settings. A
// connection lost after the last byte leaves in doubt whether it arrived.
func mailFailure(err error) *failure {
	e, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return &failure{code: "mail_lost"}
	}
	f := &failure{code: "mail_lost"}
	if n := e.ErrorCode(); n >= 400 && n < 600 {
		f.code = fmt.Sprintf("mail_%d", n)
		if x := e.EnhancedStatusCode(); x != "" {
			f.code += "_" + x
		}
		final := e.Reason == gomail.ErrSMTPRcptTo || e.Reason == gomail.ErrSMTPData || e.Reason == gomail.ErrSMTPDataClose
		f.permanent = n >= 500 && final
		return f
	}
	f.unsure = e.Reason == gomail.ErrSMTPDataClose
	return f
}

// Probe says hello to the mail server, with TLS and password, and sends nothing.
func (s *SMTP) Probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	client, err := gomail.NewClient(s.host, s.opts...)
	if err != nil {
		return errors.New("mail.url cannot be used")
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return errors.New("the mail server does not let us in; check mail.url: " + err.Error())
	}
	return client.CloseWithSMTPClient(conn)
}
