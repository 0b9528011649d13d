package notify

import "time"

// ForRecovery is the purpose of a code by which somebody gets back in.
const ForRecovery Purpose = "recovery"

type (
	// UserNames tells somebody who forgot it their user name. By e-mail, text.
	UserNames struct {
		Name   string
		SignIn Path
		NotMe  Path
	}
	// PasswordLink carries the single-use link to a new password. Without Link it
	// only tells a contact that is too new to get one. With Back the desk has just
	// given the account back to its owner. By e-mail, text.
	PasswordLink struct {
		Link    Path
		Minutes int
		NotMe   Path
		Back    bool
	}
	// RecoveryStarted tells that staff began to help somebody back in. By e-mail, text.
	RecoveryStarted struct {
		At          time.Time
		Stop, NotMe Path
	}
	// RecoveryWaiting tells that everything that lets somebody in will be replaced
	// unless somebody stops it. By e-mail, text.
	RecoveryWaiting struct {
		Until       time.Time
		Stop, NotMe Path
	}
)

func (UserNames) Kind() string       { return "user_names" }
func (PasswordLink) Kind() string    { return "password_link" }
func (RecoveryStarted) Kind() string { return "recovery_started" }
func (RecoveryWaiting) Kind() string { return "recovery_waiting" }

func (n UserNames) links() []Path { return []Path{n.SignIn, n.NotMe} }

func (n PasswordLink) links() []Path {
	if n.Link == "" {
		return []Path{n.NotMe}
	}
	return []Path{n.Link, n.NotMe}
}

func (n RecoveryStarted) links() []Path { return []Path{n.Stop, n.NotMe} }
func (n RecoveryWaiting) links() []Path { return []Path{n.Stop, n.NotMe} }

func init() {
	reader[UserNames]()
	reader[PasswordLink]()
	reader[RecoveryStarted]()
	reader[RecoveryWaiting]()
}

// askedKinds are messages that anybody can cause who knows a user name, or a
// contact with its birth date. They have a budget of their own: a stranger who
// uses it up must keep neither codes nor alarms from the owner.
var askedKinds = map[string]bool{UserNames{}.Kind(): true, PasswordLink{}.Kind(): true}

// also is an e-mail with the link that locks the account below its button.
func (w writer) also(m mail, notMe Path) mail {
	m.Second, m.SecondURL = w.t("notify.notme.also"), w.url(notMe)
	return m
}

func (n UserNames) mail(w writer) mail {
	return w.also(mail{Subject: w.t("notify.names.subject"), Title: w.t("notify.names.title"), Lead: []string{w.named("notify.names.lead")},
		CodeLabel: w.t("notify.names.label"), Code: n.Name, Button: w.t("notify.exists.button"), URL: w.url(n.SignIn),
		After: []string{w.t("notify.names.ignore")}}, n.NotMe)
}

func (n UserNames) text(w writer) string { return w.named("notify.names.text", n.Name) }

func (n PasswordLink) mail(w writer) mail {
	if n.Link == "" {
		return w.owned(mail{Subject: w.t("notify.reset.elsewhere.subject"), Title: w.t("notify.reset.elsewhere.title"),
			Lead: []string{w.named("notify.reset.lead"), w.t("notify.reset.elsewhere")}}, n.NotMe)
	}
	m := mail{Subject: w.t("notify.reset.subject"), Title: w.t("notify.reset.title"),
		Lead: []string{w.named("notify.reset.lead"), w.t("notify.reset.how")}, After: []string{w.t("notify.reset.minutes", n.Minutes), w.t("notify.reset.ignore")}}
	if n.Back {
		m.Title, m.Lead = w.t("notify.back.title"), []string{w.named("notify.back.lead"), w.t("notify.back.how")}
		m.After = []string{w.t("notify.reset.minutes", n.Minutes), w.t("notify.back.later")}
	}
	m.Button, m.URL = w.t("notify.reset.button"), w.url(n.Link)
	return w.also(m, n.NotMe)
}

func (n PasswordLink) text(w writer) string {
	switch {
	case n.Link == "":
		return w.ownedText(w.named("notify.reset.elsewhere.text"), n.NotMe)
	case n.Back:
		return w.named("notify.back.text", n.Minutes, w.url(n.Link))
	}
	return w.named("notify.reset.text", n.Minutes, w.url(n.Link))
}

func (n RecoveryStarted) mail(w writer) mail {
	return w.also(mail{Subject: w.t("notify.recovery.subject"), Title: w.t("notify.started.title"),
		Lead:   []string{w.named("notify.started.lead", w.moment(n.At)), w.t("notify.started.next"), w.t("notify.recovery.not")},
		Button: w.t("notify.recovery.stop"), URL: w.url(n.Stop)}, n.NotMe)
}

func (n RecoveryStarted) text(w writer) string { return w.named("notify.started.text", w.url(n.Stop)) }

func (n RecoveryWaiting) mail(w writer) mail {
	return w.also(mail{Subject: w.t("notify.recovery.subject"), Title: w.t("notify.waiting.title"),
		Lead:   []string{w.named("notify.waiting.lead"), w.t("notify.waiting.until", w.moment(n.Until)), w.t("notify.recovery.not")},
		Button: w.t("notify.recovery.stop"), URL: w.url(n.Stop)}, n.NotMe)
}

func (n RecoveryWaiting) text(w writer) string {
	return w.named("notify.waiting.text", w.moment(n.Until), w.url(n.Stop))
}
