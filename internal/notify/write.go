package notify

import (
	"net/url"
	"strings"
	"time"

	"portico/internal/lang"
	"portico/internal/page"
)

// writer turns notices into words in one language for one clinic.
type writer struct {
	l      lang.Lang
	clinic *page.Clinic
	base   *url.URL
	from   string                       // address that e-mails come from, "" for none
	words  Wording                      // the clinic's own, nil for none
	note   func(key string, args []any) // told of each text that is used, nil for nobody
}

func (w writer) t(key string, args ...any) string {
	if w.note != nil {
		w.note(key, args)
	}
	if w.words != nil {
		if own := w.words.Wording(w.l, key); own != "" && Worded(key) {
			return lang.Fill(own, args...)
		}
	}
	return w.l.T(key, args...)
}

// named gives a sentence whose first blank is the clinic's name.
func (w writer) named(key string, args ...any) string {
	return w.t(key, append([]any{w.clinic.Name}, args...)...)
}

// url is the complete address of a place in the portal.
func (w writer) url(p Path) string {
	if p == "" {
		return ""
	}
	return strings.TrimSuffix(w.base.String(), "/") + string(p)
}

func (w writer) moment(t time.Time) string {
	if w.clinic.Zone != nil {
		t = t.In(w.clinic.Zone)
	}
	return halves.ReplaceAllString(w.l.Moment(t), "$1\u00a0$2")
}

// sentence ends a clinic's own words, such as its hours, with a full stop.
func sentence(s string) string {
	if s = strings.TrimSpace(s); s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// mail is one e-mail before it is dressed as HTML and as plain text.
type mail struct {
	Subject   string
	Title     string
	Lead      []string
	CodeLabel string
	Code      string
	Said      string // somebody's own words, below CodeLabel
	Button    string
	URL       string
	After     []string
	Second    string // a second place to go, in words and as an address
	SecondURL string

	SecondWord string // on the second link, "" for "This was not me"
}

// mailer, texter and speaker are the channels a notice can be written for.
type (
	mailer  interface{ mail(writer) mail }
	texter  interface{ text(writer) string }
	speaker interface{ say(writer) []line }
)

// line is one sentence of a voice call; Digits are read out one by one.
type line struct {
	Text   string
	Digits string
}

// fits tells whether n can be written for c.
func fits(n Notice, c Channel) bool {
	ok := false
	switch c {
	case Mail:
		_, ok = n.(mailer)
	case Text:
		_, ok = n.(texter)
	case Voice:
		_, ok = n.(speaker)
	}
	return ok
}

func (n ActivationCode) mail(w writer) mail {
	return mail{
		Subject: w.named("notify.activation.subject"), Title: w.t("notify.activation.title"),
		Lead: []string{w.named("notify.activation.lead"), w.t("notify.activation.need")},
		Code: n.Code, CodeLabel: w.t("notify.activation.label"),
		Button: w.t("notify.activation.button"), URL: w.url(n.Link),
		After: []string{w.t("notify.activation.until", w.moment(n.Expires)), w.t("notify.activation.ignore")},
	}
}

func (n ConfirmationCode) mail(w writer) mail {
	return mail{
		Subject: w.t("notify.confirm.subject"), Title: w.t("notify.confirm.title"),
		Lead: []string{w.named("notify.confirm.lead")},
		Code: n.Digits, CodeLabel: w.t("notify.code.label"),
		After: []string{w.t("notify.code.minutes", n.Minutes), w.t("notify.confirm.ignore")},
	}
}

func (n ConfirmationCode) text(w writer) string {
	return w.bound(w.named("notify.confirm.text", n.Digits), n.Digits)
}

func (n ConfirmationCode) say(w writer) []line {
	return w.spoken(w.named("notify.confirm.voice"), n.Digits)
}

// words are the texts of a purpose: title, lead, short text.
func (p Purpose) words(w writer) (title, lead, text string) {
	switch p {
	case ForSetUp:
		return w.t("notify.onetime.setup.title"), w.t("notify.onetime.setup.lead"), "notify.onetime.setup.text"
	case ForChange:
		return w.t("notify.onetime.change.title"), w.t("notify.onetime.change.lead"), "notify.onetime.change.text"
	case ForCheck:
		return w.t("notify.onetime.check.title"), w.t("notify.onetime.check.lead"), "notify.onetime.check.text"
	}
	if p == ForRecovery {
		return w.t("notify.onetime.recovery.title"), w.t("notify.onetime.recovery.lead"), "notify.onetime.recovery.text"
	}
	return w.t("notify.onetime.signin.title"), w.t("notify.onetime.signin.lead"), "notify.onetime.signin.text"
}

func (n OneTimeCode) mail(w writer) mail {
	title, lead, _ := n.For.words(w)
	return mail{
		Subject: w.named("notify.onetime.subject"), Title: title, Lead: []string{lead},
		Code: n.Digits, CodeLabel: w.t("notify.code.label"),
		After: []string{w.t("notify.code.minutes", n.Minutes), w.t("notify.onetime.ignore")},
	}
}

func (n OneTimeCode) text(w writer) string {
	_, _, key := n.For.words(w)
	return w.bound(w.named(key, n.Digits), n.Digits)
}

func (n OneTimeCode) say(w writer) []line { return w.spoken(w.named("notify.onetime.voice"), n.Digits) }

// bound ends a text with the line by which phones offer the code only on our
// own site (the "origin-bound one-time codes" format of the WICG).
func (w writer) bound(text, digits string) string {
	return text + "\n\n@" + w.base.Hostname() + " #" + digits
}

// spoken says a code slowly, twice.
func (w writer) spoken(hello, digits string) []line {
	return []line{{Text: hello}, {Text: w.t("notify.voice.code"), Digits: digits},
		{Text: w.t("notify.voice.again"), Digits: digits}, {Text: w.t("notify.voice.end")}}
}

// owned is an e-mail about an account with the "not me" button.
func (w writer) owned(m mail, notMe Path) mail {
	m.Button, m.URL = w.t("notify.notme.button"), w.url(notMe)
	m.Lead = append(m.Lead, w.t("notify.notme.why"))
	return m
}

func (w writer) ownedText(text string, notMe Path) string {
	return text + " " + w.t("notify.text.notme", w.url(notMe))
}

func (w writer) callText(text string) string {
	return text + " " + w.t("notify.text.call", w.clinic.Phone)
}

func (n AccountOpened) mail(w writer) mail {
	return w.owned(mail{Subject: w.t("notify.opened.subject"), Title: w.t("notify.opened.title"),
		Lead: []string{w.named("notify.opened.lead", w.moment(n.At)), w.t("notify.opened.ok")}}, n.NotMe)
}

func (n AccountOpened) text(w writer) string {
	return w.ownedText(w.named("notify.opened.text"), n.NotMe)
}

func (n NewBrowser) mail(w writer) mail {
	return w.owned(mail{Subject: w.t("notify.browser.subject"), Title: w.t("notify.browser.title"),
		Lead: []string{w.named("notify.browser.lead"), w.t("notify.browser.when", w.moment(n.At)),
			w.t("notify.browser.what", n.Browser), w.t("notify.browser.ok")}}, n.NotMe)
}

func (n NewBrowser) text(w writer) string {
	return w.ownedText(w.named("notify.browser.text"), n.NotMe)
}

func (n SignInUnfinished) mail(w writer) mail {
	return w.owned(mail{Subject: w.t("notify.unfinished.subject"), Title: w.t("notify.unfinished.title"),
		Lead: []string{w.named("notify.unfinished.lead"), w.t("notify.browser.when", w.moment(n.At)),
			w.t("notify.unfinished.ok"), w.t("notify.unfinished.todo")}}, n.NotMe)
}

func (n SignInUnfinished) text(w writer) string {
	return w.ownedText(w.named("notify.unfinished.text"), n.NotMe)
}

func (SomeoneTried) mail(w writer) mail {
	return mail{Subject: w.t("notify.tried.subject"), Title: w.t("notify.tried.title"),
		Lead: []string{w.named("notify.tried.lead"), w.t("notify.tried.todo")}}
}

func (SomeoneTried) text(w writer) string { return w.callText(w.named("notify.tried.text")) }

func (n CodeReused) mail(w writer) mail {
	return w.owned(mail{Subject: w.t("notify.reused.subject"), Title: w.t("notify.reused.title"),
		Lead: []string{w.named("notify.reused.lead"), w.t("notify.reused.todo")}}, n.NotMe)
}

func (n CodeReused) text(w writer) string {
	return w.ownedText(w.named("notify.reused.text"), n.NotMe)
}

func (RequestReceived) mail(w writer) mail {
	return mail{Subject: w.t("notify.received.subject"), Title: w.t("notify.received.title"),
		Lead:  []string{w.named("notify.received.lead"), w.t("notify.received.next")},
		After: []string{w.t("notify.received.ignore")}}
}

func (RequestReceived) text(w writer) string { return w.callText(w.named("notify.received.text")) }

func (RequestRejected) mail(w writer) mail {
	return mail{Subject: w.t("notify.rejected.subject"), Title: w.t("notify.rejected.title"),
		Lead: []string{w.named("notify.rejected.lead"), w.t("notify.rejected.next")}}
}

func (RequestRejected) text(w writer) string { return w.callText(w.named("notify.rejected.text")) }

func (n RequestNeedsMore) mail(w writer) mail {
	m := mail{Subject: w.t("notify.more.subject"), Title: w.t("notify.more.title"),
		Lead: []string{w.named("notify.more.lead"), w.t("notify.more.next")}}
	if n.Words != "" {
		m.CodeLabel, m.Said = w.t("notify.more.said"), n.Words
	}
	return m
}

func (n RequestNeedsMore) text(w writer) string {
	text := w.named("notify.more.text")
	if n.Words != "" {
		text += " " + w.t("notify.more.said") + ": " + n.Words
	}
	return w.callText(text)
}

// words are the texts of what happened: title, lead, short text.
func (j Joining) words(w writer) (title, lead, text string) {
	switch j {
	case Parted:
		return w.t("notify.joined.parted.title"), w.named("notify.joined.parted.lead"), "notify.joined.parted.text"
	case Kept:
		return w.t("notify.joined.kept.title"), w.named("notify.joined.kept.lead"), "notify.joined.kept.text"
	case Held:
		return w.t("notify.joined.held.title"), w.named("notify.joined.held.lead"), "notify.joined.held.text"
	case GivenBack:
		return w.t("notify.joined.back.title"), w.named("notify.joined.back.lead"), "notify.joined.back.text"
	case Gone:
		return w.t("notify.joined.gone.title"), w.named("notify.joined.gone.lead"), "notify.joined.gone.text"
	}
	return w.t("notify.joined.moved.title"), w.named("notify.joined.moved.lead"), "notify.joined.moved.text"
}

func (n RecordsJoined) mail(w writer) mail {
	title, lead, _ := n.What.words(w)
	return mail{Subject: w.t("notify.joined.subject"), Title: title, Lead: []string{lead, w.t("notify.joined.call")}}
}

func (n RecordsJoined) text(w writer) string {
	_, _, key := n.What.words(w)
	return w.callText(w.named(key))
}

func (PasswordLocked) mail(w writer) mail {
	return mail{Subject: w.t("notify.locked.subject"), Title: w.t("notify.locked.title"),
		Lead: []string{w.named("notify.locked.lead"), w.t("notify.locked.slow"), w.t("notify.locked.todo")}}
}

func (PasswordLocked) text(w writer) string { return w.callText(w.named("notify.locked.text")) }

func (AccountLocked) mail(w writer) mail {
	return mail{Subject: w.t("notify.disowned.subject"), Title: w.t("notify.disowned.title"),
		Lead: []string{w.named("notify.disowned.lead"), w.t("notify.disowned.next")}}
}

func (AccountLocked) text(w writer) string { return w.callText(w.named("notify.disowned.text")) }

func (n CopyMade) mail(w writer) mail {
	return w.owned(mail{Subject: w.t("notify.copy.subject"), Title: w.t("notify.copy.title"),
		Lead: []string{w.named("notify.copy.lead"), w.t("notify.browser.when", w.moment(n.At)), w.t("notify.copy.next"), w.t("notify.browser.ok")}}, n.NotMe)
}

func (n CopyMade) text(w writer) string { return w.ownedText(w.named("notify.copy.text"), n.NotMe) }

func (n LinkMade) mail(w writer) mail {
	return w.owned(mail{Subject: w.t("notify.link.made.subject"), Title: w.t("notify.link.made.title"),
		Lead: []string{w.named("notify.link.made.lead"), w.t("notify.browser.when", w.moment(n.At)), w.t("notify.link.made.next"), w.t("notify.browser.ok")}}, n.NotMe)
}

func (n LinkMade) text(w writer) string {
	return w.ownedText(w.named("notify.link.made.text"), n.NotMe)
}

func (n LinkOpened) mail(w writer) mail {
	return w.owned(mail{Subject: w.t("notify.link.opened.subject"), Title: w.t("notify.link.opened.title"),
		Lead: []string{w.named("notify.link.opened.lead"), w.t("notify.browser.when", w.moment(n.At)), w.t("notify.link.opened.next"), w.t("notify.browser.ok")}}, n.NotMe)
}

func (n LinkOpened) text(w writer) string {
	return w.ownedText(w.named("notify.link.opened.text"), n.NotMe)
}

func (LetterSent) mail(w writer) mail {
	return mail{Subject: w.t("notify.letter.sent.subject"), Title: w.t("notify.letter.sent.title"),
		Lead:  []string{w.named("notify.letter.sent.lead"), w.t("notify.letter.sent.next")},
		After: []string{w.t("notify.letter.sent.ignore")}}
}

func (LetterSent) text(w writer) string { return w.callText(w.named("notify.letter.sent.text")) }
