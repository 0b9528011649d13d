package page

// helpTopic is one part of the help page.
type helpTopic struct {
	id, title string
	text      []string
	steps     []string
	after     string
}

func helpTopics(s Shell) []helpTopic {
	return []helpTopic{
		helpOpening(s), helpCodes(s), helpTwoStep(s), helpForgot(s), helpSafe(s), helpBrowsers(s),
	}
}

func helpOpening(s Shell) helpTopic {
	return helpTopic{
		id: "open", title: s.T("help.open.title"),
		text:  []string{s.T("help.open.text")},
		steps: []string{s.T("help.open.number"), s.T("help.open.code"), s.T("help.open.request")},
		after: s.T("help.open.after"),
	}
}

func helpCodes(s Shell) helpTopic {
	return helpTopic{
		id: "codes", title: s.T("help.codes.title"),
		text:  []string{s.T("help.codes.text"), s.T("help.codes.typing")},
		steps: []string{s.T("help.codes.mail"), s.T("help.codes.letter"), s.T("help.codes.desk"), s.T("help.codes.phone")},
		after: s.T("help.codes.after"),
	}
}

func helpTwoStep(s Shell) helpTopic {
	return helpTopic{
		id: "two-step", title: s.T("help.twostep.title"),
		text:  []string{s.T("help.twostep.text")},
		steps: []string{s.T("help.twostep.mail"), s.T("help.twostep.phone"), s.T("help.twostep.app")},
		after: s.T("help.twostep.recovery"),
	}
}

func helpForgot(s Shell) helpTopic {
	return helpTopic{
		id: "forgot", title: s.T("help.forgot.title"),
		steps: []string{s.T("help.forgot.name"), s.T("help.forgot.password"), s.T("help.forgot.phone"), s.T("help.forgot.all")},
	}
}

func helpSafe(s Shell) helpTopic {
	return helpTopic{
		id: "safe", title: s.T("help.safe.title"),
		steps: []string{s.T("help.safe.ask"), s.T("help.safe.password"), s.T("help.safe.signout"), s.T("help.safe.notme")},
	}
}

func helpBrowsers(s Shell) helpTopic {
	return helpTopic{
		id: "browsers", title: s.T("help.browsers.title"),
		text: []string{s.T("help.browsers.text"), s.T("help.browsers.cookies"), s.T("help.browsers.old")},
	}
}
