package notify

import "time"

// Change is what was changed at an account.
type Change string

const (
	PasswordChanged Change = "password"
	StepAdded       Change = "step_added"
	StepRemoved     Change = "step_removed"
	StepFirst       Change = "step_first" // another second step is asked for first
	RecoveryMade    Change = "recovery"   // new recovery codes
	ContactAsked    Change = "contact_asked"
	ContactChanged  Change = "contact"
	BrowserKept     Change = "browser_kept" // a browser skips the second step for a while
	BrowserCopied   Change = "browser_copied"
	PasskeyAdded    Change = "passkey_added"
	PasskeyRemoved  Change = "passkey_removed"
	PasskeyCopied   Change = "passkey_copied"
	CalendarMade    Change = "calendar_made" // an address from which programs read when there are visits
	AccountEnded    Change = "closed"

	PasswordReset   Change = "password_reset" // by somebody who had forgotten it
	StepReplaced    Change = "step_replaced"  // by somebody who had lost it
	LoginRenewed    Change = "renewed"        // everything, after the wait
	RecoveryLinked  Change = "recovery_link"  // somebody asked for a link to a new password
	RecoveryBegun   Change = "recovery_begun" // somebody with the password says that a second step is lost
	RecoveryGranted Change = "recovery_granted"
	RecoveryWaits   Change = "recovery_wait"
	RecoveryStopped Change = "recovery_stopped"
)

// AccountChanged tells the owner of a change at the account, at every contact
// there is. Without NotMe it asks to call instead. By e-mail, text.
type AccountChanged struct {
	What  Change
	At    time.Time
	NotMe Path
}

func (AccountChanged) Kind() string { return "account_changed" }

func (n AccountChanged) links() []Path {
	if n.NotMe == "" {
		return nil
	}
	return []Path{n.NotMe}
}

func init() { reader[AccountChanged]() }

// words are the texts of a change: title and lead of the e-mail, and the key of
// the short text.
func (c Change) words(w writer) (title, lead, text string) {
	switch c {
	case StepAdded:
		return w.t("notify.changed.step_added.title"), w.t("notify.changed.step_added.lead"), "notify.changed.step_added.text"
	case StepRemoved:
		return w.t("notify.changed.step_removed.title"), w.t("notify.changed.step_removed.lead"), "notify.changed.step_removed.text"
	case StepFirst:
		return w.t("notify.changed.step_first.title"), w.t("notify.changed.step_first.lead"), "notify.changed.step_first.text"
	case RecoveryMade:
		return w.t("notify.changed.recovery.title"), w.t("notify.changed.recovery.lead"), "notify.changed.recovery.text"
	case ContactAsked:
		return w.t("notify.changed.contact_asked.title"), w.t("notify.changed.contact_asked.lead"), "notify.changed.contact_asked.text"
	case ContactChanged:
		return w.t("notify.changed.contact.title"), w.t("notify.changed.contact.lead"), "notify.changed.contact.text"
	case BrowserKept:
		return w.t("notify.changed.browser_kept.title"), w.t("notify.changed.browser_kept.lead"), "notify.changed.browser_kept.text"
	case BrowserCopied:
		return w.t("notify.changed.browser_copied.title"), w.t("notify.changed.browser_copied.lead"), "notify.changed.browser_copied.text"
	case PasswordReset:
		return w.t("notify.changed.password_reset.title"), w.t("notify.changed.password_reset.lead"), "notify.changed.password_reset.text"
	case StepReplaced:
		return w.t("notify.changed.step_replaced.title"), w.t("notify.changed.step_replaced.lead"), "notify.changed.step_replaced.text"
	case LoginRenewed:
		return w.t("notify.changed.renewed.title"), w.t("notify.changed.renewed.lead"), "notify.changed.renewed.text"
	case RecoveryBegun:
		return w.t("notify.changed.recovery_begun.title"), w.t("notify.changed.recovery_begun.lead"), "notify.changed.recovery_begun.text"
	case RecoveryStopped:
		return w.t("notify.changed.recovery_stopped.title"), w.t("notify.changed.recovery_stopped.lead"), "notify.changed.recovery_stopped.text"
	case PasskeyAdded:
		return w.t("notify.changed.passkey_added.title"), w.t("notify.changed.passkey_added.lead"), "notify.changed.passkey_added.text"
	case PasskeyRemoved:
		return w.t("notify.changed.passkey_removed.title"), w.t("notify.changed.passkey_removed.lead"), "notify.changed.passkey_removed.text"
	case PasskeyCopied:
		return w.t("notify.changed.passkey_copied.title"), w.t("notify.changed.passkey_copied.lead"), "notify.changed.passkey_copied.text"
	case CalendarMade:
		return w.t("notify.changed.calendar_made.title"), w.t("notify.changed.calendar_made.lead"), "notify.changed.calendar_made.text"
	case AccountEnded:
		return w.t("notify.changed.closed.title"), w.t("notify.changed.closed.lead"), "notify.changed.closed.text"
	}
	return w.t("notify.changed.password.title"), w.t("notify.changed.password.lead"), "notify.changed.password.text"
}

func (n AccountChanged) mail(w writer) mail {
	title, lead, _ := n.What.words(w)
	m := mail{Subject: w.t("notify.changed.subject"), Title: title,
		Lead: []string{w.named("notify.changed.where"), lead, w.t("notify.browser.when", w.moment(n.At)), w.t("notify.browser.ok")}}
	if n.NotMe == "" {
		m.Lead = append(m.Lead, w.t("notify.changed.call"))
		return m
	}
	return w.owned(m, n.NotMe)
}

func (n AccountChanged) text(w writer) string {
	_, _, key := n.What.words(w)
	if n.NotMe == "" {
		return w.callText(w.named(key))
	}
	return w.ownedText(w.named(key), n.NotMe)
}
