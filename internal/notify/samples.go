package notify

import (
	"fmt"
	"time"

	"portico/internal/lang"
)

// Sample is a message as a clinic looks at it: to nobody, about nobody. Without a
// Notice it is the activation letter.
type Sample struct {
	ID     string // for its address: "one_time_code-2"
	Notice Notice
}

// LetterSample is the ID of the activation letter.
const LetterSample = "letter"

const (
	sampleCode       = "7KQ4M-W0D3B-XR1VZ"
	sampleLink  Path = "/sample"
	samplePhone      = "493027"
)

var sampleDay = time.Date(2026, 4, 1, 17, 30, 0, 0, time.UTC)

// Samples has one of each message that goes to patients, and of each thing it
// can say.
var Samples = numbered(
	ActivationCode{Code: sampleCode, Link: sampleLink, Expires: sampleDay}, nil, LetterSent{}, SpokenCode{Code: "7KQ4-MW0D", Reference: "3B1V-ZXR2", Minutes: 10},
	ConfirmationCode{Digits: samplePhone, Minutes: 10}, AccountOpened{At: sampleDay, NotMe: sampleLink}, AccountExists{SignIn: sampleLink},
	SomeoneTried{}, CodeReused{NotMe: sampleLink}, RequestReceived{}, RequestRejected{}, RequestNeedsMore{Words: "…"},
	OneTimeCode{Digits: samplePhone, Minutes: 10, For: ForSignIn}, OneTimeCode{Digits: samplePhone, Minutes: 10, For: ForSetUp},
	OneTimeCode{Digits: samplePhone, Minutes: 10, For: ForChange}, OneTimeCode{Digits: samplePhone, Minutes: 10, For: ForCheck},
	OneTimeCode{Digits: samplePhone, Minutes: 10, For: ForRecovery},
	NewBrowser{At: sampleDay, Browser: "Firefox on Android", NotMe: sampleLink}, SignInUnfinished{At: sampleDay, NotMe: sampleLink},
	PasswordLocked{}, AccountLocked{},
	changed(PasswordChanged), changed(StepAdded), changed(StepRemoved), changed(StepFirst), changed(RecoveryMade), changed(ContactAsked), changed(ContactChanged),
	changed(BrowserKept), changed(BrowserCopied), changed(AccountEnded), changed(PasswordReset), changed(StepReplaced), changed(LoginRenewed),
	changed(RecoveryBegun), changed(RecoveryStopped), changed(PasskeyAdded), changed(PasskeyRemoved), changed(PasskeyCopied), changed(CalendarMade),
	UserNames{Name: "sunny.harbor", SignIn: sampleLink, NotMe: sampleLink}, PasswordLink{Link: sampleLink, Minutes: 30, NotMe: sampleLink},
	PasswordLink{NotMe: sampleLink}, PasswordLink{Link: sampleLink, Minutes: 30, NotMe: sampleLink, Back: true},
	RecoveryStarted{At: sampleDay, Stop: sampleLink, NotMe: sampleLink}, RecoveryWaiting{Until: sampleDay, Stop: sampleLink, NotMe: sampleLink},
	RecordsJoined{Moved}, RecordsJoined{Parted}, RecordsJoined{Kept}, RecordsJoined{Held}, RecordsJoined{GivenBack}, RecordsJoined{Gone},
	ContactReviewed{Taken: true}, ContactReviewed{}, EmergencyOpened{At: sampleDay}, NewResult{}, RequestAnswered{},
	CopyMade{At: sampleDay, NotMe: sampleLink}, LinkMade{At: sampleDay, NotMe: sampleLink}, LinkOpened{At: sampleDay, NotMe: sampleLink},
	Visit{What: VisitBooked, At: sampleDay, Answer: sampleLink}, Visit{What: VisitMoved, At: sampleDay, Answer: sampleLink}, Visit{What: VisitCancelled, At: sampleDay},
	VisitReminder{At: sampleDay, Answer: sampleLink},
	Wish{WishProposed, sampleDay}, Wish{What: WishDeclined}, Wish{What: WishLapsed}, Wish{WishOffered, sampleDay}, Wish{What: WishLost}, Wish{What: WishEnded},
	TermsChanged{Material: true, Read: sampleLink, From: sampleDay}, TermsChanged{Privacy: true, Read: sampleLink, From: sampleDay},
)

func changed(c Change) Notice { return AccountChanged{What: c, At: sampleDay, NotMe: sampleLink} }

// numbered names each sample by its kind, and by a number where there are several.
func numbered(all ...Notice) []Sample {
	var out []Sample
	count := map[string]int{}
	for _, n := range all {
		if n == nil {
			out = append(out, Sample{ID: LetterSample})
			continue
		}
		count[n.Kind()]++
		id := n.Kind()
		if k := count[id]; k > 1 {
			id += fmt.Sprintf("-%d", k)
		}
		out = append(out, Sample{id, n})
	}
	return out
}

// Title says what a sample is about, in the shipped words.
func (x Sample) Title(s Stage, l lang.Lang) string {
	s.Lang, s.Words = l, nil
	switch n := x.Notice.(type) {
	case nil:
		return l.T("clinic.words.letter")
	case mailer:
		return n.mail(s.writer()).Title
	}
	return l.T("clinic.words.spoken")
}
