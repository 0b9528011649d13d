package notify

// Notices to patients about news in their record. None says what is new: an
// inbox is read over shoulders, and kept by others.

// signInPath is where these lead.
const signInPath Path = "/signin"

type (
	// NewResult tells that something new can be seen. By e-mail, text.
	NewResult struct{}
	// RequestAnswered tells that the clinic has answered something the patient
	// asked for in the portal. By e-mail, text.
	RequestAnswered struct{}
)

func (NewResult) Kind() string       { return "new_result" }
func (RequestAnswered) Kind() string { return "request_answered" }

func (NewResult) links() []Path       { return []Path{signInPath} }
func (RequestAnswered) links() []Path { return []Path{signInPath} }

func init() {
	reader[NewResult]()
	reader[RequestAnswered]()
}

func (NewResult) mail(w writer) mail {
	return mail{Subject: w.named("notify.news.subject"), Title: w.t("notify.news.title"),
		Lead:   []string{w.named("notify.news.lead"), w.t("notify.news.private")},
		Button: w.t("notify.news.button"), URL: w.url(signInPath)}
}

func (NewResult) text(w writer) string {
	return w.named("notify.news.text", w.url(signInPath))
}

func (RequestAnswered) mail(w writer) mail {
	return mail{Subject: w.named("notify.answered.subject"), Title: w.t("notify.answered.title"),
		Lead:   []string{w.named("notify.answered.lead"), w.t("notify.news.private")},
		Button: w.t("notify.news.button"), URL: w.url(signInPath)}
}

func (RequestAnswered) text(w writer) string {
	return w.named("notify.answered.text", w.url(signInPath))
}
