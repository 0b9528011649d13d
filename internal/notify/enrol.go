package notify

import "time"

type (
	// AccountExists answers somebody who entered number and birth date of a person
	// with an account: only its owner learns that there is one. By e-mail, text.
	AccountExists struct{ SignIn Path }
	// SpokenCode carries the short activation code that is good only together
	// with the reference of an open request. By text, voice.
	SpokenCode struct {
		Code      string // "ABCD-EFGH"
		Reference string // "4F7K-2MPQ"
		Minutes   int
	}
	// BreakerTripped is the one alarm to the clinic's administrators when far
	// more numbers and birth dates miss than usual. By e-mail.
	BreakerTripped struct{ At time.Time }
	// LogBroken tells administrators and auditors that a check found the audit log
	// altered. By e-mail.
	LogBroken struct{ At time.Time }
)

func (AccountExists) Kind() string  { return "account_exists" }
func (SpokenCode) Kind() string     { return "spoken_code" }
func (BreakerTripped) Kind() string { return "breaker_tripped" }
func (LogBroken) Kind() string      { return "log_broken" }

func (n AccountExists) links() []Path { return []Path{n.SignIn} }
func (SpokenCode) links() []Path      { return nil }
func (BreakerTripped) links() []Path  { return nil }
func (LogBroken) links() []Path       { return nil }

func init() {
	reader[AccountExists]()
	reader[SpokenCode]()
	reader[BreakerTripped]()
	reader[LogBroken]()
}

func (n AccountExists) mail(w writer) mail {
	return mail{Subject: w.t("notify.exists.subject"), Title: w.t("notify.exists.title"),
		Lead:   []string{w.named("notify.exists.lead"), w.t("notify.exists.todo")},
		Button: w.t("notify.exists.button"), URL: w.url(n.SignIn), After: []string{w.t("notify.exists.ignore")}}
}

func (n AccountExists) text(w writer) string {
	return w.named("notify.exists.text", w.url(n.SignIn))
}

func (n SpokenCode) text(w writer) string {
	return w.named("notify.spoken.text", n.Code, n.Reference, n.Minutes)
}

func (n BreakerTripped) mail(w writer) mail {
	return mail{Subject: w.t("notify.breaker.subject"), Title: w.t("notify.breaker.title"),
		Lead: []string{w.t("notify.breaker.lead", w.moment(n.At)), w.t("notify.breaker.now"), w.t("notify.breaker.todo")}}
}

func (n LogBroken) mail(w writer) mail {
	return mail{Subject: w.t("notify.log.subject"), Title: w.t("notify.log.title"),
		Lead: []string{w.t("notify.log.lead", w.moment(n.At)), w.t("notify.log.now"), w.t("notify.log.todo")}}
}

// say spells the code group by group, twice.
func (n SpokenCode) say(w writer) []line {
	out := []line{{Text: w.named("notify.spoken.voice")}}
	for _, again := range []string{w.t("notify.voice.code"), w.t("notify.voice.again")} {
		out = append(out, line{Text: again})
		for _, group := range Spell(w.l, n.Code) {
			out = append(out, line{Text: group + "."})
		}
	}
	return append(out, line{Text: w.t("notify.voice.end")})
}
