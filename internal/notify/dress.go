package notify

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// plainWidth is the line length of plain text; RFC 5322, 2.1.1 asks for at most 78.
const plainWidth = 72

// ready is a message as it leaves: what senders get and the demo shows.
type ready struct {
	id      string // of the outbox row; the same on every try until staff send it again
	to      string
	channel Channel
	lang    string
	subject string
	text    string
	html    string
	lines   []line // of a voice call
	links   []string
	files   []file
	at      time.Time // when it was caused
}

// file goes with an e-mail. The JSON names are a contract with scripts (see Seen).
type file struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Content []byte `json:"content"`
}

// attacher is a notice with files.
type attacher interface{ files(writer) []file }

// dress writes n for a channel.
func (w writer) dress(ctx context.Context, n Notice, c Channel) (ready, error) {
	r := ready{channel: c, lang: string(w.l)}
	for _, p := range n.links() {
		r.links = append(r.links, w.url(p))
	}
	if !fits(n, c) {
		return r, fmt.Errorf("a %s cannot be sent by %s", n.Kind(), c)
	}
	switch c {
	case Mail:
		if err := w.dressMail(ctx, n.(mailer).mail(w), &r); err != nil {
			return r, err
		}
		if a, ok := n.(attacher); ok {
			r.files = a.files(w)
		}
	case Text:
		// The space that holds "p. m." together is no letter of the short alphabet:
		// with it a message would travel in more than twice as many parts.
		r.text = strings.ReplaceAll(n.(texter).text(w), "\u00a0", " ")
	case Voice:
		r.lines = n.(speaker).say(w)
		r.text = script(r.lines)
	}
	return r, nil
}

func (w writer) dressMail(ctx context.Context, m mail, r *ready) error {
	p := mailPage{mail: m, Lang: w.l, Clinic: w.clinic.Name, Brand: w.clinic.Colour(), Hours: sentence(w.clinic.Hours[w.l]),
		Help: w.t("notify.foot.help", w.clinic.Phone), Phone: w.clinic.Phone, Call: cmp.Or(w.clinic.PhoneLink, w.clinic.Phone), Never: w.t("notify.foot.never"),
		Sender: w.named("notify.foot.sender"), Copy: w.t("notify.foot.link"), SecondLink: w.t("notify.notme.button")}
	if m.SecondWord != "" {
		p.SecondLink = m.SecondWord
	}
	var html strings.Builder
	if err := mailHTML(p).Render(ctx, &html); err != nil {
		return fmt.Errorf("e-mail: %w", err)
	}
	r.subject, r.html, r.text = m.Subject, html.String(), plainMail(p)
	return nil
}

// plainMail is the same e-mail for those who read plain text.
func plainMail(p mailPage) string {
	var parts []string
	add := func(s ...string) {
		for _, x := range s {
			parts = append(parts, wrapPlain(x))
		}
	}
	add(p.Clinic, p.Title)
	add(p.Lead...)
	if p.Code != "" {
		parts = append(parts, p.CodeLabel+":\n\n    "+p.Code)
	}
	if p.Said != "" {
		parts = append(parts, p.CodeLabel+":\n\n    "+strings.ReplaceAll(wrapPlain(p.Said), "\n", "\n    "))
	}
	if p.URL != "" {
		parts = append(parts, p.Button+":\n"+p.URL)
	}
	add(p.After...)
	if p.SecondURL != "" {
		parts = append(parts, wrapPlain(p.Second)+"\n"+p.SecondURL)
	}
	parts = append(parts, "-- \n"+wrapPlain(p.Help+" "+p.Hours)+"\n"+wrapPlain(p.Never)+"\n"+wrapPlain(p.Sender))
	return strings.Join(parts, "\n\n") + "\n"
}

// halves are what follows a time of day, which stays on its line.
var halves = regexp.MustCompile(`(\d) ([ap]\.)`)

func wrapPlain(s string) string {
	var out strings.Builder
	used := 0
	s = strings.ReplaceAll(halves.ReplaceAllString(s, "$1\u00a0$2"), ". m.", ".\u00a0m.")
	for i, word := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case used+1+n > plainWidth:
			out.WriteByte('\n')
			used = 0
		default:
			out.WriteByte(' ')
			used++
		}
		out.WriteString(word)
		used += n
	}
	return out.String()
}

// script is a voice call as text, for the demo.
func script(lines []line) string {
	var out []string
	for _, l := range lines {
		s := l.Text
		if l.Digits != "" {
			s += " " + strings.Join(strings.Split(l.Digits, ""), " ")
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}
