package page

// errorWords are the keys of one kind of error page.
type errorWords struct{ title, text, do string }

var errorTexts = map[int]errorWords{
	403: {"error.403.title", "error.403.text", "error.403.do"},
	404: {"error.404.title", "error.404.text", "error.404.do"},
	405: {"error.405.title", "error.405.text", "error.405.do"},
	409: {"error.409.title", "error.409.text", "error.409.do"},
	413: {"error.413.title", "error.413.text", "error.413.do"},
	422: {"error.422.title", "error.422.text", "error.422.do"},
	429: {"error.429.title", "error.429.text", "error.429.do"},
	500: {"error.500.title", "error.500.text", "error.500.do"},
	503: {"error.503.title", "error.503.text", "error.503.do"},
}

// words gives the sentences of this status. Another one from 400 to 499 means
// something is wrong with what was sent; the rest counts as our fault.
func (e ErrorSpec) words() errorWords {
	if w, ok := errorTexts[e.Status]; ok {
		return w
	}
	if e.Status >= 400 && e.Status < 500 {
		return errorTexts[422]
	}
	return errorTexts[500]
}

func (e ErrorSpec) tone() Tone {
	switch e.Status {
	case 404, 405:
		return Info
	case 409, 413, 422, 429, 503:
		return Warn
	}
	return Bad
}

func (e ErrorSpec) icon() string {
	switch e.Status {
	case 404:
		return "search"
	case 403:
		return "lock"
	case 429:
		return "hourglass"
	case 503:
		return "wrench"
	}
	return e.tone().icon()
}

// kept says what is not lost. A page that was only asked for loses nothing.
func (e ErrorSpec) kept(s Shell) string {
	if e.Kept != "" {
		return e.Kept
	}
	switch e.Status {
	case 409:
		return s.T("error.kept.409")
	case 413, 422, 429:
		return s.T("error.kept.form")
	case 500, 503:
		return s.T("error.kept.record")
	}
	return ""
}

func (s Shell) errorShell(e ErrorSpec) Shell {
	s.Title, s.Problems, s.Done, s.Wide = s.T(e.words().title), nil, "", false
	return s
}
