package audit

// The closed list. A new action is a new line here, in the present tense of the
// person who did it.
const (
	ChartOpened  Action = "chart.opened"
	PageRefused  Action = "page.refused"
	StaffViewed  Action = "staff.viewed"
	PatientFound Action = "patient.found"
	PatientSeen  Action = "patient.seen"

	PatientsImported Action = "patients.imported"
	PatientsMerged   Action = "patients.merged"

	RecordsTaken    Action = "record.taken"
	RecordOpened    Action = "record.opened"
	ImportFaultRead Action = "import.fault_read"
	FeedChanged     Action = "feed.changed"
	FeedTried       Action = "feed.tried"

	ResultReleased    Action = "result.released"
	ResultHeld        Action = "result.held"
	ResultCommented   Action = "result.commented"
	ResultMarked      Action = "result.marked"
	ResultRules       Action = "result.rules_changed"
	ResultSeen        Action = "result.seen"
	ResultShown       Action = "result.shown"
	ReleaseChosen     Action = "result.wait_chosen"
	CorrectionAsked   Action = "correction.asked"
	CorrectionSettled Action = "correction.settled"

	VisitHeld       Action = "visit.held"
	VisitBooked     Action = "visit.booked"
	VisitMoved      Action = "visit.moved"
	VisitCancelled  Action = "visit.cancelled"
	VisitReleased   Action = "visit.released"
	VisitReminded   Action = "visit.reminded"
	VisitMarked     Action = "visit.marked"
	VisitMirrored   Action = "visit.mirrored"
	VisitAnswered   Action = "visit.answered"
	CalendarMade    Action = "visit.calendar_made"
	CalendarRead    Action = "visit.calendar_read"
	CalendarEnded   Action = "visit.calendar_ended"
	VisitRequested  Action = "visit.requested"
	VisitProposed   Action = "visit.proposed"
	VisitDeclined   Action = "visit.declined"
	VisitPassed     Action = "visit.passed"
	VisitWithdrawn  Action = "visit.withdrawn"
	VisitAwaited    Action = "visit.awaited"
	VisitOffered    Action = "visit.offered"
	VisitLapsed     Action = "visit.lapsed"
	ScheduleChanged Action = "schedule.changed"

	CheckInSaved   Action = "checkin.saved"
	CheckInSent    Action = "checkin.sent"
	CheckInSettled Action = "checkin.settled"
	CheckInSigned  Action = "checkin.signed"
	FormsChanged   Action = "checkin.forms_changed"

	DownloadAsked Action = "download.asked"
	DownloadMade  Action = "download.made"
	DownloadTaken Action = "download.taken"
	ShareMade     Action = "share.made"
	ShareOpened   Action = "share.opened"
	ShareEnded    Action = "share.ended"
	AccessRead    Action = "access.read"

	NumberTried      Action = "enroll.number_tried"
	ConfirmationSent Action = "enroll.confirmation_sent"
	CodeTried        Action = "enroll.code_tried"
	CodeOpened       Action = "enroll.code_opened"
	CodeReused       Action = "enroll.code_reused"
	CodeAskedAnew    Action = "enroll.code_asked_anew"
	RequestMade      Action = "enroll.request_made"
	RequestMatched   Action = "enroll.request_matched"
	EnrolStarted     Action = "enroll.started"
	EnrolStep        Action = "enroll.step"
	AccountOpened    Action = "account.opened"
	AccountDisowned  Action = "account.disowned"
	AccountRestored  Action = "account.restored"
	AccountClosed    Action = "account.closed"
	AccountMoved     Action = "account.moved"
	AccountHeld      Action = "account.held"

	CodeIssued    Action = "code.issued"
	CodePrinted   Action = "code.printed"
	CodeSeen      Action = "code.seen"
	CodeReadOut   Action = "code.read_out"
	CodeRevoked   Action = "code.revoked"
	CodeSuspended Action = "code.suspended"
	CodeExpired   Action = "code.expired"

	RequestOpened   Action = "request.opened"
	RequestCalled   Action = "request.called"
	RequestApproved Action = "request.approved"
	RequestRejected Action = "request.rejected"
	RequestAsked    Action = "request.asked"
	RequestFlagged  Action = "request.flagged"
	RequestExpired  Action = "request.expired"

	SignInTried    Action = "signin.tried"
	PasswordPassed Action = "signin.password_passed"
	SignedIn       Action = "signin.done"
	SecondStep     Action = "signin.second_step"
	OneTimeSent    Action = "signin.one_time_sent"
	SignedOut      Action = "signin.out"
	SessionsEnded  Action = "session.ended"
	SessionKept    Action = "session.kept"
	DisplayChanged Action = "account.display_changed"

	PasswordChanged  Action = "account.password_changed"
	StepAsked        Action = "account.step_asked"
	StepAdded        Action = "account.step_added"
	StepRemoved      Action = "account.step_removed"
	StepMadeFirst    Action = "account.step_first"
	RecoveryShown    Action = "account.recovery_shown"
	RecoveryMade     Action = "account.recovery_made"
	BrowserForgotten Action = "account.browser_forgotten"
	BrowserKept      Action = "account.browser_kept"
	BrowserCopied    Action = "account.browser_copied"
	ContactAsked     Action = "account.contact_asked"
	ContactChanged   Action = "account.contact_changed"
	ContactDropped   Action = "account.contact_dropped"
	ContactReviewed  Action = "account.contact_reviewed"

	RecoveryAsked    Action = "recovery.asked"
	RecoveryAnswered Action = "recovery.answered"
	RecoveryOpened   Action = "recovery.opened"
	RecoveryProved   Action = "recovery.proved"
	RecoveryChose    Action = "recovery.chose"
	RecoveryWaits    Action = "recovery.waits"
	RecoveryDone     Action = "recovery.done"
	RecoveryStopped  Action = "recovery.stopped"
	RecoverySeen     Action = "recovery.seen"
	RecoveryCalled   Action = "recovery.called"
	RecoveryStarted  Action = "recovery.started"

	ConfirmAsked    Action = "confirm.asked"
	ConfirmPassword Action = "confirm.password"
	ConfirmStep     Action = "confirm.second_step"
	SessionRaised   Action = "session.raised"

	TermsDrafted   Action = "terms.drafted"
	PasskeyAsked   Action = "passkey.asked"
	PasskeyAdded   Action = "passkey.added"
	PasskeyNamed   Action = "passkey.named"
	PasskeyRemoved Action = "passkey.removed"
	PasskeyCopied  Action = "passkey.copied"
	PasskeyPutOff  Action = "passkey.put_off"

	TermsPublished Action = "terms.published"
	TermsWithdrawn Action = "terms.withdrawn"
	TermsAccepted  Action = "terms.accepted"
	TermsListed    Action = "terms.listed"

	ClinicChanged Action = "clinic.changed"

	StaffAdded     Action = "staff.added"
	StaffSetUp     Action = "staff.set_up"
	StaffSignedIn  Action = "staff.signed_in"
	StaffTried     Action = "staff.tried"
	StaffSignedOut Action = "staff.signed_out"
	StaffChanged   Action = "staff.changed"

	NoticeSent      Action = "notice.sent"
	NoticeFailed    Action = "notice.failed"
	NoticeWithdrawn Action = "notice.withdrawn"
	NoticeQueued    Action = "notice.queued"
	NoticeAgain     Action = "notice.again"

	EmergencyOpened   Action = "emergency.opened"
	EmergencyClosed   Action = "emergency.closed"
	EmergencyReviewed Action = "emergency.reviewed"

	JobRetried     Action = "job.retried"
	JobDropped     Action = "job.dropped"
	BreakerTripped Action = "breaker.tripped"
	LogChecked     Action = "audit.checked"
	LogRead        Action = "audit.read"
	BackupMade     Action = "backup.made"
	BackupRestored Action = "backup.restored"
	DemoMade       Action = "demo.made"

	KeyAdded   Action = "key.added"
	KeyRotated Action = "key.rotated"
	KeyApplied Action = "key.applied"
	KeyRetired Action = "key.retired"
)

// Sentences says in words what each action means; docs/audit-actions.md is made from it.
var Sentences = map[Action]string{
	ChartOpened:  "opened a page with a patient's data",
	PageRefused:  "asked for a page that is not theirs to open",
	StaffViewed:  "opened a page of the staff console",
	PatientFound: "searched the patient index",
	PatientSeen:  "opened a patient's page in the staff console",

	PatientsImported: "took patients in from a file or feed",
	PatientsMerged:   "joined two patient numbers of one person",

	RecordsTaken:    "took health records in from a file or feed",
	RecordOpened:    "opened a patient's health record",
	ImportFaultRead: "read what an import could not take in",
	FeedChanged:     "added, changed or ended a feed of records",
	FeedTried:       "tried to send records over a feed",

	ResultReleased:    "released a result to the patient",
	ResultHeld:        "held a result back, with a reason",
	ResultCommented:   "commented on a result",
	ResultMarked:      "marked a result or note as sensitive, or took the mark away",
	ResultRules:       "changed when results are released",
	ResultSeen:        "opened a result",
	ResultShown:       "chose to see a result that may be hard to read alone",
	ReleaseChosen:     "chose whether to wait for the clinician's comment",
	CorrectionAsked:   "asked for something in the record to be corrected",
	CorrectionSettled: "answered a request to correct the record",

	VisitHeld:       "held a time while deciding",
	VisitBooked:     "booked a visit",
	VisitMoved:      "moved a visit to another time",
	VisitCancelled:  "cancelled a visit",
	VisitReleased:   "let go of a time that was held",
	VisitReminded:   "queued reminders of visits",
	CheckInSaved:    "saved a step of checking in for a visit",
	CheckInSent:     "checked in for a visit",
	CheckInSettled:  "accepted or refused what a patient said at check-in",
	CheckInSigned:   "signed a consent before a visit",
	FormsChanged:    "changed questionnaires or consents, or which visits ask for them",
	VisitMarked:     "noted how a visit stands: arrived, took place, not kept",
	VisitMirrored:   "brought a visit from the calendar into the record, or from there into the calendar",
	VisitAnswered:   "said whether they come to a visit",
	CalendarMade:    "made an address from which a program reads when there are visits",
	CalendarRead:    "read when there are visits at such an address, once a day at most",
	CalendarEnded:   "ended such an address",
	VisitRequested:  "asked the clinic for a visit",
	VisitProposed:   "proposed times to a patient who asked for a visit",
	VisitDeclined:   "declined a request for a visit, or took somebody off the waiting list",
	VisitPassed:     "turned down the times that were offered",
	VisitWithdrawn:  "took back a request for a visit or a place on the waiting list",
	VisitAwaited:    "joined the waiting list for a visit",
	VisitOffered:    "offered a free time to somebody on the waiting list",
	VisitLapsed:     "ended offers of times, requests or places on the waiting list that ran out or were gone",
	ScheduleChanged: "changed the clinic's schedule",

	DownloadAsked: "asked for a download of the record",
	DownloadMade:  "made a download of the record",
	DownloadTaken: "downloaded the record",
	ShareMade:     "made a link that shares the record",
	ShareOpened:   "opened a shared record",
	ShareEnded:    "ended a link that shared the record",
	AccessRead:    "looked at who had seen the record",

	NumberTried:      "tried a patient number with a birth date",
	ConfirmationSent: "was sent a confirmation code at the contact on file",
	CodeTried:        "tried an activation code",
	CodeOpened:       "opened an activation code with the right birth date",
	CodeReused:       "tried an activation code that had already been used",
	CodeAskedAnew:    "asked for a new code in place of an expired one",
	RequestMade:      "asked for an activation code online",
	RequestMatched:   "was sent a code after a strict automatic match",
	EnrolStarted:     "began to open an account",
	EnrolStep:        "went one step further in opening an account",
	AccountOpened:    "opened an account",
	AccountDisowned:  "said that an account or a sign-in was not theirs",
	AccountRestored:  "gave a locked account back to its owner",
	AccountClosed:    "closed an account for good",
	AccountMoved:     "let an account follow its record to another person's, or back",
	AccountHeld:      "held an account back because its person has another",

	CodeIssued:    "issued an activation code",
	CodePrinted:   "printed an activation letter",
	CodeSeen:      "opened the page of an activation code or of making one",
	CodeReadOut:   "read an activation code out on the phone",
	CodeRevoked:   "revoked an activation code",
	CodeSuspended: "suspended an activation code after too many wrong tries",
	CodeExpired:   "let an activation code expire",

	RequestOpened:   "opened an identity request",
	RequestCalled:   "logged a call about an identity request",
	RequestApproved: "approved an identity request",
	RequestRejected: "rejected an identity request",
	RequestAsked:    "asked the person behind an identity request for more",
	RequestFlagged:  "flagged an identity request as suspicious",
	RequestExpired:  "let an identity request expire and erased it",

	SignInTried:    "tried to sign in",
	PasswordPassed: "gave the right user name and password",
	SignedIn:       "signed in",
	SecondStep:     "tried the second step",
	OneTimeSent:    "was sent a one-time code",
	SignedOut:      "signed out",
	SessionsEnded:  "ended sessions",
	SessionKept:    "kept a session open",
	DisplayChanged: "changed language or display",

	PasswordChanged:  "changed their password",
	StepAsked:        "began to add a second step",
	StepAdded:        "added a second step",
	StepRemoved:      "removed a second step",
	StepMadeFirst:    "chose which second step is asked for first",
	RecoveryShown:    "was shown new recovery codes",
	RecoveryMade:     "put new recovery codes in place of the old ones",
	BrowserForgotten: "made the portal forget a browser",
	BrowserKept:      "let a browser skip the second step for a while",
	BrowserCopied:    "used an old mark of a remembered browser, which ended it",
	ContactAsked:     "asked to change a contact of the account",
	ContactChanged:   "confirmed a new contact of the account",
	ContactDropped:   "gave up changing a contact of the account",
	ContactReviewed:  "decided whether a new contact goes into the chart",

	RecoveryAsked:    "said that a user name or password is forgotten",
	RecoveryAnswered: "answered somebody who forgot a user name or password, or found nobody",
	RecoveryOpened:   "began to get back into an account, with a link, a password or an activation code",
	RecoveryProved:   "gave or asked for a code to get back into an account",
	RecoveryChose:    "chose or proved a new second step to get back into an account",
	RecoveryWaits:    "handed in everything new for an account; a wait began",
	RecoveryDone:     "put new things in place of those lost to get into an account",
	RecoveryStopped:  "stopped a way back into an account",
	RecoverySeen:     "looked at how a patient gets back into their account",
	RecoveryCalled:   "wrote down a call to a patient who wants back into their account",
	RecoveryStarted:  "let an activation code lead a patient back into their account",

	ConfirmAsked:    "was asked to confirm who they are before sensitive work",
	ConfirmPassword: "gave their password again",
	ConfirmStep:     "tried the second step again",
	SessionRaised:   "confirmed who they are for the next ten minutes",

	TermsDrafted:   "began, changed or dropped a draft of terms or privacy practices",
	PasskeyAsked:   "began to add a passkey",
	PasskeyAdded:   "added a passkey",
	PasskeyNamed:   "gave a passkey another name",
	PasskeyRemoved: "removed a passkey",
	PasskeyCopied:  "used a passkey that had been copied: it was ended",
	PasskeyPutOff:  "put off the offer of a passkey",

	TermsPublished: "published terms or privacy practices",
	TermsWithdrawn: "took back terms that were not in force yet",
	TermsListed:    "read who accepted which terms",
	ClinicChanged:  "changed the clinic's name, look, numbers or texts, or drafted it",
	TermsAccepted:  "accepted terms or privacy practices",

	StaffAdded:     "added a staff user",
	StaffSetUp:     "set up a staff sign-in",
	StaffSignedIn:  "signed in to the staff console",
	StaffTried:     "tried to sign in to the staff console",
	StaffSignedOut: "signed out of the staff console",
	StaffChanged:   "changed a staff user",

	NoticeSent:      "sent a message",
	NoticeFailed:    "could not deliver a message",
	NoticeWithdrawn: "withdrew a message that had become pointless",
	NoticeQueued:    "queued a message",
	NoticeAgain:     "sent a message again that had not arrived",

	EmergencyOpened:   "opened a chart without a task, with a reason",
	EmergencyClosed:   "closed a chart that was opened without a task",
	EmergencyReviewed: "reviewed why a chart was opened without a task",

	JobRetried:     "let failed background work run again",
	JobDropped:     "gave failed background work up, with a reason",
	BreakerTripped: "tripped the global breaker on number and birth date",
	LogChecked:     "checked the audit log against its signed heads",
	LogRead:        "read or exported the audit log",
	BackupMade:     "made a backup",
	BackupRestored: "restored a backup",
	DemoMade:       "made the demo clinic",

	KeyAdded:   "added a key to the key file",
	KeyRotated: "made another key the one that writes",
	KeyApplied: "put every row under the key that writes",
	KeyRetired: "took a key out of use",
}
