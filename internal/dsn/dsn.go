// Package dsn reads what a mail server says about an e-mail that it took and could
// not deliver after all: a delivery status notification (RFC 3464) in its report
// (RFC 6522). It tells which e-mail and why, in numbers.
//
// It refuses to guess: a delay, an answer from somebody who is away, or a letter of
// complaint is no failure. Size, parts and lines are bounded.
package dsn

import (
	"bufio"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"regexp"
	"strings"
)

// Report says that one e-mail did not arrive.
type Report struct {
	MessageID string // of that e-mail, without brackets
	Status    string // enhanced status code (RFC 3463), "5.1.1"; "" if it is none
}

// ErrNone is what Read says to anything but a report of a failure.
var ErrNone = errors.New("this is no report of an e-mail that could not be delivered")

const (
	// MaxBytes is how much of a report is read. Servers send the e-mail back with
	// it, or its headers.
	MaxBytes = 1 << 20
	// maxPart is how much of a part is read: what a server says, or headers.
	maxPart = 64 << 10
	// maxParts are the three of RFC 6522 and what gateways add.
	maxParts = 8
)

// Read gives what a report says. Error: ErrNone.
func Read(r io.Reader) (Report, error) {
	m, err := mail.ReadMessage(bufio.NewReader(io.LimitReader(r, MaxBytes)))
	if err != nil {
		return Report{}, ErrNone
	}
	kind, of, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/report" || of["boundary"] == "" || !strings.EqualFold(of["report-type"], "delivery-status") {
		return Report{}, ErrNone
	}
	var out Report
	failed := false
	parts := multipart.NewReader(m.Body, of["boundary"])
	for range maxParts {
		p, err := parts.NextRawPart()
		if err != nil {
			break // the end, or cut off: what was read until here counts
		}
		body := decoded(p)
		switch kind, _, _ := mime.ParseMediaType(p.Header.Get("Content-Type")); kind {
		case "message/delivery-status", "message/global-delivery-status":
			if status, bad := outcome(body); bad && !failed {
				out.Status, failed = status, true
			}
		case "message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers":
			if out.MessageID == "" {
				out.MessageID = messageID(body)
			}
		}
	}
	if !failed || out.MessageID == "" {
		return Report{}, ErrNone
	}
	return out, nil
}

// decoded is a part as it was meant, as far as it is read.
func decoded(p *multipart.Part) io.Reader {
	r := io.LimitReader(p, maxPart)
	switch strings.ToLower(strings.TrimSpace(p.Header.Get("Content-Transfer-Encoding"))) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		return quotedprintable.NewReader(r)
	}
	return r
}

var enhanced = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}$`)

// outcome looks through what is said of each recipient (RFC 3464, 2.3): the first
// that the server has given up on, and why. Our e-mails have one.
func outcome(r io.Reader) (status string, failed bool) {
	var now struct {
		status string
		failed bool
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxPart)
	for lines.Scan() {
		name, value, ok := strings.Cut(lines.Text(), ":")
		switch value = strings.TrimSpace(value); {
		case strings.TrimSpace(lines.Text()) == "":
			if now.failed {
				return now.status, true
			}
			now.status, now.failed = "", false
		case !ok:
		case strings.EqualFold(name, "Action"):
			now.failed = strings.EqualFold(value, "failed")
		case strings.EqualFold(name, "Status"):
			// Some add a comment: "5.1.1 (bad destination mailbox address)".
			if code, _, _ := strings.Cut(value, " "); enhanced.MatchString(code) {
				now.status = code
			}
		}
	}
	return now.status, now.failed
}

var bracketed = regexp.MustCompile(`^<([^<>\s]{1,250})>$`)

// messageID reads the headers of the e-mail that came back.
func messageID(r io.Reader) string {
	h, _ := textproto.NewReader(bufio.NewReader(r)).ReadMIMEHeader() // what stood before a broken line counts
	if m := bracketed.FindStringSubmatch(strings.TrimSpace(h.Get("Message-ID"))); m != nil {
		return m[1]
	}
	return ""
}
