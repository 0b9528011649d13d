// Package mailbox is a mail server for tests that can misbehave: be down,
// refuse for now or for good, be slow, or hang up at the worst moment.
package mailbox

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Mood is how the server behaves.
type Mood int

const (
	Well           Mood = iota
	RefuseForNow        // 451 to the recipient
	RefuseForGood       // 550 to the recipient
	RefuseSender        // 550 to the sender: our settings are wrong
	RefuseContent       // 554 after the data
	FullForNow          // 452 after the data
	DropAfterData       // takes the message, then hangs up without an answer
	DropBeforeData      // hangs up in the middle of the data, keeps nothing
	DropAfterReply      // takes the message, says so, then hangs up
)

// Letter is one message taken.
type Letter struct {
	From   string
	To     []string
	Header netmail.Header
	Text   string
	HTML   string
	Raw    []byte
	Files  []File
}

// ID is the Message-ID.
func (l Letter) ID() string { return l.Header.Get("Message-Id") }

// Subject is the decoded subject.
func (l Letter) Subject() string {
	s, err := new(mime.WordDecoder).DecodeHeader(l.Header.Get("Subject"))
	if err != nil {
		return ""
	}
	return s
}

// Server is the mail server.
type Server struct {
	t      testing.TB
	addr   string
	tls    *tls.Config
	mu     sync.Mutex
	srv    *smtp.Server
	listen net.Listener
	mood   Mood
	slow   time.Duration
	taken  []Letter
	logins int
}

// Start runs a server without TLS until the test ends.
func Start(t testing.TB) *Server { return start(t, nil) }

// StartTLS runs a server that offers STARTTLS, and gives the client settings
// that trust it.
func StartTLS(t testing.TB) (*Server, *tls.Config) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	s := start(t, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12})
	return s, &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

func start(t testing.TB, c *tls.Config) *Server {
	t.Helper()
	s := &Server{t: t, addr: "127.0.0.1:0", tls: c}
	s.Up()
	t.Cleanup(s.Down)
	return s
}

// Addr is host:port.
func (s *Server) Addr() string { return s.addr }

// Up starts listening, on the same port as before.
func (s *Server) Up() {
	s.t.Helper()
	l, err := net.Listen("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.addr = l.Addr().String()
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{s: s, c: c}, nil }))
	srv.Domain, srv.TLSConfig, srv.AllowInsecureAuth = "mail.test", s.tls, s.tls == nil
	srv.ErrorLog = quiet{}
	s.mu.Lock()
	s.srv, s.listen = srv, l
	s.mu.Unlock()
	go srv.Serve(l)
}

// Down stops listening and cuts every connection.
func (s *Server) Down() {
	s.mu.Lock()
	srv, l := s.srv, s.listen
	s.srv = nil
	s.mu.Unlock()
	if srv != nil {
		l.Close() // the server may not have begun to serve it yet
		srv.Close()
	}
}

// Be sets the mood.
func (s *Server) Be(m Mood) { s.mu.Lock(); s.mood = m; s.mu.Unlock() }

// Slow makes the server wait before it answers the data.
func (s *Server) Slow(d time.Duration) { s.mu.Lock(); s.slow = d; s.mu.Unlock() }

// Taken lists the messages taken, in order, copies included.
func (s *Server) Taken() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Letter(nil), s.taken...)
}

// Distinct counts the messages as a mail program shows them: one for each Message-ID.
func (s *Server) Distinct() int {
	seen := map[string]bool{}
	for _, l := range s.Taken() {
		seen[l.ID()] = true
	}
	return len(seen)
}

// Logins counts the passwords taken.
func (s *Server) Logins() int { s.mu.Lock(); defer s.mu.Unlock(); return s.logins }

func (s *Server) now() (Mood, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mood, s.slow
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

type session struct {
	s    *Server
	c    *smtp.Conn
	from string
	to   []string
}

func (x *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (x *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "portico" || password != "pass" {
			return smtp.ErrAuthFailed
		}
		x.s.mu.Lock()
		x.s.logins++
		x.s.mu.Unlock()
		return nil
	}), nil
}

func (x *session) Reset()        { x.from, x.to = "", nil }
func (x *session) Logout() error { return nil }

func (x *session) Mail(from string, _ *smtp.MailOptions) error {
	if m, _ := x.s.now(); m == RefuseSender {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "sender not allowed"}
	}
	x.from = from
	return nil
}

func (x *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch m, _ := x.s.now(); m {
	case RefuseForNow:
		return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted " + to}
	case RefuseForGood:
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user " + to}
	}
	x.to = append(x.to, to)
	return nil
}

var errHungUp = errors.New("hung up")

func (x *session) Data(r io.Reader) error {
	m, slow := x.s.now()
	if m == DropBeforeData {
		x.c.Conn().Close()
		return errHungUp
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	time.Sleep(slow)
	switch m {
	case RefuseContent:
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "not wanted"}
	case FullForNow:
		return &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 2, 2}, Message: "full"}
	}
	l, err := parse(raw)
	if err != nil {
		return err
	}
	l.From, l.To = x.from, x.to
	x.s.mu.Lock()
	x.s.taken = append(x.s.taken, l)
	x.s.mu.Unlock()
	switch m {
	case DropAfterData:
		x.c.Conn().Close()
		return errHungUp
	case DropAfterReply:
		time.AfterFunc(5*time.Millisecond, func() { x.c.Conn().Close() })
	}
	return nil
}

// File is an attachment.
type File struct {
	Name    string
	Type    string
	Params  map[string]string
	Content []byte
}

// parse reads a message with a plain and an HTML part.
func parse(raw []byte) (Letter, error) {
	m, err := netmail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Letter{}, err
	}
	l := Letter{Header: m.Header, Raw: raw}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		return l, err
	}
	if !strings.HasPrefix(kind, "multipart/") {
		b, err := io.ReadAll(quotedprintable.NewReader(m.Body))
		l.Text = string(b)
		return l, err
	}
	return l, l.parts(m.Body, params["boundary"])
}

// parts reads a multipart and those that stand in it.
func (l *Letter) parts(body io.Reader, boundary string) error {
	parts := multipart.NewReader(body, boundary)
	for {
		p, err := parts.NextPart() // undoes quoted-printable by itself
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		kind, params, err := mime.ParseMediaType(p.Header.Get("Content-Type"))
		if err != nil {
			return err
		}
		if strings.HasPrefix(kind, "multipart/") {
			if err := l.parts(p, params["boundary"]); err != nil {
				return err
			}
			continue
		}
		if err := l.part(p, kind, params); err != nil {
			return err
		}
	}
}

func (l *Letter) part(p *multipart.Part, kind string, params map[string]string) error {
	if p.FileName() != "" {
		b, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, p))
		l.Files = append(l.Files, File{p.FileName(), kind, params, b})
		return err
	}
	b, err := io.ReadAll(p)
	text := strings.ReplaceAll(string(b), "\r\n", "\n")
	if kind == "text/html" {
		l.HTML = text
	} else {
		l.Text = text
	}
	return err
}
