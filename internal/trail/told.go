package trail

import (
	"slices"

	"portico/internal/audit"
)

// Topic is a group of actions as a patient asks for them.
type Topic string

const (
	TopicLooked  Topic = "looked"
	TopicChanged Topic = "changed"
	TopicSaved   Topic = "saved" // downloads and exports
	TopicShared  Topic = "shared"
	TopicTaken   Topic = "taken" // taken in from elsewhere
	TopicSent    Topic = "sent"  // messages and codes to the patient
	TopicAccount Topic = "account"
)

// Topics lists them in the order in which they are offered.
var Topics = []Topic{TopicLooked, TopicChanged, TopicSaved, TopicShared, TopicTaken, TopicSent, TopicAccount}

// told says how an action stands in the access log of the patient it is about.
type told struct {
	topic Topic
	// folded actions of the patient's own are counted for each day, not listed, so
	// that what others did stands out.
	folded bool
}

// shown are the actions a patient reads about. Each has its words in the texts,
// trail.did.*; a test says which are missing.
var shown = map[audit.Action]told{
	audit.ChartOpened:  {TopicLooked, true},
	audit.PatientSeen:  {TopicLooked, false},
	audit.RecordOpened: {TopicLooked, false},
	audit.ResultSeen:   {TopicLooked, true},
	audit.ResultShown:  {TopicLooked, false},
	audit.CodeSeen:     {TopicLooked, false},
	audit.LogRead:      {TopicLooked, false},

	audit.ImportFaultRead: {TopicLooked, false},

	audit.EmergencyOpened:   {TopicLooked, false},
	audit.EmergencyClosed:   {TopicLooked, false},
	audit.EmergencyReviewed: {TopicLooked, false},

	audit.PatientsImported: {TopicTaken, false},
	audit.RecordsTaken:     {TopicTaken, false},

	audit.PatientsMerged:    {TopicChanged, false},
	audit.ResultReleased:    {TopicChanged, false},
	audit.ResultHeld:        {TopicChanged, false},
	audit.ResultCommented:   {TopicChanged, false},
	audit.ResultMarked:      {TopicChanged, false},
	audit.ReleaseChosen:     {TopicChanged, false},
	audit.CorrectionAsked:   {TopicChanged, false},
	audit.CorrectionSettled: {TopicChanged, false},

	audit.VisitHeld:      {TopicChanged, true},
	audit.VisitBooked:    {TopicChanged, false},
	audit.VisitMoved:     {TopicChanged, false},
	audit.VisitCancelled: {TopicChanged, false},
	audit.VisitReleased:  {TopicChanged, true},
	audit.VisitMarked:    {TopicChanged, false},
	audit.VisitAnswered:  {TopicChanged, false},
	audit.CalendarMade:   {TopicShared, false},
	audit.CalendarRead:   {TopicShared, false},
	audit.CalendarEnded:  {TopicShared, false},
	audit.VisitRequested: {TopicChanged, false},
	audit.VisitProposed:  {TopicChanged, false},
	audit.VisitDeclined:  {TopicChanged, false},
	audit.VisitPassed:    {TopicChanged, false},
	audit.VisitWithdrawn: {TopicChanged, false},
	audit.VisitAwaited:   {TopicChanged, false},
	audit.VisitOffered:   {TopicChanged, false},
	audit.VisitLapsed:    {TopicChanged, false},
	audit.CheckInSaved:   {TopicChanged, true},
	audit.CheckInSent:    {TopicChanged, false},
	audit.CheckInSettled: {TopicChanged, false},
	audit.CheckInSigned:  {TopicChanged, false},

	audit.DownloadAsked: {TopicSaved, false},
	audit.DownloadMade:  {TopicSaved, false},
	audit.DownloadTaken: {TopicSaved, false},
	audit.AccessRead:    {TopicSaved, false},

	audit.ShareMade:   {TopicShared, false},
	audit.ShareOpened: {TopicShared, false},
	audit.ShareEnded:  {TopicShared, false},

	audit.NoticeSent:       {TopicSent, false},
	audit.NoticeFailed:     {TopicSent, false},
	audit.NoticeWithdrawn:  {TopicSent, false},
	audit.NoticeAgain:      {TopicSent, false},
	audit.ConfirmationSent: {TopicSent, false},
	audit.OneTimeSent:      {TopicSent, false},

	audit.NumberTried:      {TopicAccount, false},
	audit.CodeTried:        {TopicAccount, false},
	audit.CodeOpened:       {TopicAccount, false},
	audit.CodeReused:       {TopicAccount, false},
	audit.CodeAskedAnew:    {TopicAccount, false},
	audit.CodeIssued:       {TopicAccount, false},
	audit.CodePrinted:      {TopicAccount, false},
	audit.CodeReadOut:      {TopicAccount, false},
	audit.CodeRevoked:      {TopicAccount, false},
	audit.CodeSuspended:    {TopicAccount, false},
	audit.CodeExpired:      {TopicAccount, false},
	audit.RequestMatched:   {TopicAccount, false},
	audit.RequestOpened:    {TopicLooked, false},
	audit.RequestCalled:    {TopicAccount, false},
	audit.RequestApproved:  {TopicAccount, false},
	audit.RequestRejected:  {TopicAccount, false},
	audit.RequestAsked:     {TopicAccount, false},
	audit.RequestFlagged:   {TopicAccount, false},
	audit.RequestExpired:   {TopicAccount, false},
	audit.EnrolStarted:     {TopicAccount, false},
	audit.AccountOpened:    {TopicAccount, false},
	audit.AccountDisowned:  {TopicAccount, false},
	audit.AccountRestored:  {TopicAccount, false},
	audit.AccountClosed:    {TopicAccount, false},
	audit.AccountMoved:     {TopicAccount, false},
	audit.AccountHeld:      {TopicAccount, false},
	audit.SignInTried:      {TopicAccount, false},
	audit.PasswordPassed:   {TopicAccount, false},
	audit.SignedIn:         {TopicAccount, false},
	audit.SecondStep:       {TopicAccount, false},
	audit.SignedOut:        {TopicAccount, true},
	audit.SessionsEnded:    {TopicAccount, false},
	audit.DisplayChanged:   {TopicAccount, true},
	audit.ConfirmPassword:  {TopicAccount, false},
	audit.ConfirmStep:      {TopicAccount, false},
	audit.SessionRaised:    {TopicAccount, true},
	audit.PasswordChanged:  {TopicAccount, false},
	audit.StepAsked:        {TopicAccount, false},
	audit.StepAdded:        {TopicAccount, false},
	audit.StepRemoved:      {TopicAccount, false},
	audit.StepMadeFirst:    {TopicAccount, false},
	audit.RecoveryShown:    {TopicAccount, false},
	audit.RecoveryMade:     {TopicAccount, false},
	audit.BrowserForgotten: {TopicAccount, false},
	audit.BrowserKept:      {TopicAccount, false},
	audit.BrowserCopied:    {TopicAccount, false},
	audit.ContactAsked:     {TopicAccount, false},
	audit.ContactChanged:   {TopicAccount, false},
	audit.ContactDropped:   {TopicAccount, false},
	audit.ContactReviewed:  {TopicAccount, false},
	audit.PasskeyAsked:     {TopicAccount, false},
	audit.PasskeyAdded:     {TopicAccount, false},
	audit.PasskeyNamed:     {TopicAccount, false},
	audit.PasskeyRemoved:   {TopicAccount, false},
	audit.PasskeyCopied:    {TopicAccount, false},
	audit.PasskeyPutOff:    {TopicAccount, false},
	audit.TermsAccepted:    {TopicAccount, false},

	audit.RecoveryAnswered: {TopicAccount, false},
	audit.RecoveryOpened:   {TopicAccount, false},
	audit.RecoveryProved:   {TopicAccount, false},
	audit.RecoveryChose:    {TopicAccount, false},
	audit.RecoveryWaits:    {TopicAccount, false},
	audit.RecoveryDone:     {TopicAccount, false},
	audit.RecoveryStopped:  {TopicAccount, false},
	audit.RecoveryStarted:  {TopicAccount, false},
	audit.RecoveryCalled:   {TopicAccount, false},
	audit.RecoverySeen:     {TopicLooked, false},
}

// unshown are the actions no patient reads about, each with the reason.
var unshown = map[audit.Action]string{
	audit.PageRefused:     "nothing of the patient's was shown, and it names pages that are not theirs",
	audit.StaffViewed:     "about no patient: what staff then open of somebody has a line of its own",
	audit.PatientFound:    "about no patient: it lists names; opening one of them has a line of its own",
	audit.ScheduleChanged: "about no patient",
	audit.VisitMirrored:   "a copy of what was done to the visit or came in, which has a line of its own",
	audit.FormsChanged:    "about no patient",
	audit.VisitReminded:   "of many at once; each message has its own line",
	audit.FeedChanged:     "about no patient",
	audit.FeedTried:       "about no patient",
	audit.ResultRules:     "about no patient: rules hold for a kind of result",
	audit.RequestMade:     "about no patient yet: nobody knows who is behind it",
	audit.EnrolStep:       "steps between the beginning and the end of opening an account, which are shown",
	audit.SessionKept:     "moves a clock; shows and changes nothing",
	audit.ConfirmAsked:    "a page that asks for the password; what is done with it is shown",
	audit.TermsDrafted:    "about no patient",
	audit.TermsPublished:  "about no patient",
	audit.TermsWithdrawn:  "about no patient",
	audit.TermsListed:     "about no patient: it lists who accepted what; health data is not in it",
	audit.ClinicChanged:   "about no patient",
	audit.StaffAdded:      "about no patient",
	audit.StaffSetUp:      "about no patient",
	audit.StaffSignedIn:   "about no patient",
	audit.StaffTried:      "about no patient",
	audit.StaffSignedOut:  "about no patient",
	audit.StaffChanged:    "about no patient",
	audit.RecoveryAsked:   "about no patient yet: nobody knows whom it means; what it leads to is shown",
	audit.NoticeQueued:    "the message is shown when it is sent",
	audit.JobRetried:      "about no patient: what the work then does has a line of its own",
	audit.JobDropped:      "about no patient",
	audit.BreakerTripped:  "about no patient",
	audit.LogChecked:      "about no patient; the page says when it was",
	audit.BackupMade:      "about no patient",
	audit.BackupRestored:  "about no patient",
	audit.DemoMade:        "about no patient",
	audit.KeyAdded:        "about no patient",
	audit.KeyRotated:      "about no patient",
	audit.KeyApplied:      "about no patient: what is sealed reads the same",
	audit.KeyRetired:      "about no patient",
}

// aside are details that make of a line a step on the way to another line.
var aside = map[audit.Action]string{audit.SignInTried: "rehashed", audit.SecondStep: "chosen", audit.ConfirmStep: "chosen", audit.RecoveryProved: "chosen"}

// actionsOf lists the actions of a topic in order, all that are shown for "".
func actionsOf(t Topic) []audit.Action {
	var out []audit.Action
	for a, how := range shown {
		if t == "" || how.topic == t {
			out = append(out, a)
		}
	}
	slices.Sort(out)
	return out
}
