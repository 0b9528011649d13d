package access

import (
	"net/netip"
	"slices"
	"strings"

	"portico/internal/audit"
	"portico/internal/ids"
	"portico/internal/lang"
)

// Source is a client address as the rate limits see it.
type Source string

// SourceOf makes a Source of an IP address; anything else becomes "unknown",
// which shares one budget.
func SourceOf(addr string) Source {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return "unknown"
	}
	return Source(a.Unmap().WithZone("").String())
}

// Narrow is the key for one client: the address for IPv4, its /64 for IPv6,
// since a home has a whole /64 to itself.
func (s Source) Narrow() string { return s.prefix(32, 64) }

// Wide is the key for one neighbourhood: IPv4 /24, IPv6 /48.
func (s Source) Wide() string { return s.prefix(24, 48) }

func (s Source) prefix(v4, v6 int) string {
	a, err := netip.ParseAddr(string(s))
	if err != nil {
		return string(s)
	}
	bits := v6
	if a.Is4() {
		bits = v4
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return string(s)
	}
	return p.String()
}

// Visitor is someone who is not signed in.
type Visitor struct {
	source Source
	agent  string
	lang   lang.Lang
	ok     bool
}

// NewVisitor is for package web, which knows the client's address.
func NewVisitor(s Source, agent string) Visitor { return Visitor{source: s, agent: agent, ok: true} }

// Reading is the visitor with the language of the pages they are given.
func (v Visitor) Reading(l lang.Lang) Visitor {
	v.lang = l
	return v
}

func (v Visitor) Source() Source { return v.source }

// Agent is the browser in a word or two, e.g. "Firefox on Android".
func (v Visitor) Agent() string { return v.agent }

// Did makes an audit entry of what the visitor did.
func (v Visitor) Did(a audit.Action, object string) audit.Entry {
	if !v.ok {
		return audit.Entry{}
	}
	return audit.Entry{Action: a, Outcome: audit.Done, Actor: audit.ByVisitor, Object: object, Source: string(v.source)}
}

// Level is how well an applicant's identity is established.
type Level int

const (
	Requested Level = iota // they said who they are
	Matched                // the index knows such a person
	Proven                 // they hold a code that went to that person
)

// Applicant is someone half-way through opening an account.
type Applicant struct {
	id      ids.Verification
	patient ids.Patient
	level   Level
	source  Source
	agent   string
}

func (a Applicant) ID() ids.Verification { return a.id }

// Patient is "" until the applicant matched somebody; never show the difference.
func (a Applicant) Patient() ids.Patient { return a.patient }
func (a Applicant) Level() Level         { return a.level }
func (a Applicant) Source() Source       { return a.source }
func (a Applicant) Agent() string        { return a.agent }

// Did makes an audit entry of what the applicant did.
func (a Applicant) Did(act audit.Action, object string) audit.Entry {
	return audit.Entry{Action: act, Outcome: audit.Done, Actor: audit.ByApplicant, ActorID: string(a.id),
		Patient: string(a.patient), Object: object, Source: string(a.source), Session: string(a.id)}
}

// Permission is one thing a patient or proxy may do with a chart.
type Permission string

const (
	SeeHome       Permission = "home.see"
	ChangeDisplay Permission = "display.change"
	EndSession    Permission = "session.end"
	SeeAccess     Permission = "access.see" // who looked at the chart
	ConfirmSelf   Permission = "self.confirm"

	SeeAccount     Permission = "account.see"      // one's own account: devices, history, terms
	SecureAccount  Permission = "account.secure"   // password, second steps, recovery codes
	EndSessions    Permission = "account.sessions" // one's own, in any browser
	NamePasskeys   Permission = "account.passkeys" // to name one's own
	ChangeContacts Permission = "account.contacts"
	CloseAccount   Permission = "account.close"

	SeeResults      Permission = "results.see"
	ChooseRelease   Permission = "results.choose" // to wait for the clinician's comment
	SeeRecords      Permission = "records.see"
	AskCorrection   Permission = "records.correct"
	DownloadRecords Permission = "records.download"
	ShareRecords    Permission = "records.share"

	SeeVisits  Permission = "visits.see"
	BookVisits Permission = "visits.book"
	CheckIn    Permission = "visits.checkin"
)

// Chart is the proof that one viewer may do one thing with one patient's data.
type Chart struct {
	account ids.Account
	patient ids.Patient
	perm    Permission
	session ids.Session
	token   string // hash of the token it was opened with
	raised  bool
	behind  bool
	source  Source
	agent   string
}

func (c Chart) Account() ids.Account { return c.account }
func (c Chart) Patient() ids.Patient { return c.patient }
func (c Chart) Session() ids.Session { return c.session }
func (c Chart) Source() Source       { return c.source }
func (c Chart) Agent() string        { return c.agent }

// Can tells whether the chart was opened for p.
func (c Chart) Can(p Permission) bool { return c.perm == p }

// Did makes an audit entry of what the viewer did with this chart.
func (c Chart) Did(a audit.Action, object string) audit.Entry {
	return audit.Entry{Action: a, Outcome: audit.Done, Actor: audit.ByAccount, ActorID: string(c.account),
		Patient: string(c.patient), Object: object, Source: string(c.source), Session: string(c.session)}
}

// Task is one thing a staff user may do.
type Task string

const (
	SeeDesk        Task = "desk.see"
	FindPatients   Task = "patients.find"
	IssueCodes     Task = "codes.issue"
	ReviewRequests Task = "requests.review"
	ReadAudit      Task = "audit.read"
	ManageStaff    Task = "staff.manage"
	SeeUndelivered Task = "messages.undelivered"
	ReviewContacts Task = "contacts.review"
	HelpRecover    Task = "recovery.help" // start, never finish, a patient's way back in
	SeeJobs        Task = "jobs.see"
	OpenCharts     Task = "charts.open" // without a task, in an emergency
	ReviewOpenings Task = "openings.review"

	ReleaseResults    Task = "results.release"
	SetReleaseRules   Task = "results.rules"
	ReviewCorrections Task = "corrections.review"
	SeeImports        Task = "imports.see"
	TakeImports       Task = "imports.take" // bring in a file about one patient
	ManageFeeds       Task = "feeds.manage"

	ManageTerms  Task = "terms.manage"
	ManageClinic Task = "clinic.manage"

	SeeSchedule   Task = "schedule.see"
	BookVisitsFor Task = "schedule.book"
	SetSchedule   Task = "schedule.set"

	SeeCheckIns    Task = "checkins.see"    // of one visit
	ReviewCheckIns Task = "checkins.review" // accept or refuse what patients changed
	SetForms       Task = "checkins.set"    // questionnaires and consents before visits
)

// Role is what a staff user works as. A user may hold several.
type Role string

const (
	FrontDesk     Role = "front_desk"
	Administrator Role = "administrator"
	Auditor       Role = "auditor"
	Clinician     Role = "clinician"
	RecordsClerk  Role = "records"
)

// Roles says which tasks each role may do. What is not listed is denied.
// Issuing codes, reading the audit log and administration are kept apart, so
// that no single role can open an account for itself and hide it. A role exists
// when there is work for it: billing, the refill desk and care teams become
// roles with the rooms they work in. The staff's page of roles is made of this;
// each task has its sentence there (office.task.*).
var Roles = map[Role][]Task{
	FrontDesk:     {SeeDesk, FindPatients, IssueCodes, ReviewRequests, SeeUndelivered, ReviewContacts, HelpRecover, SeeSchedule, BookVisitsFor, SeeCheckIns, ReviewCheckIns},
	Administrator: {SeeDesk, ManageStaff, SeeUndelivered, SeeJobs, ReviewOpenings, ManageFeeds, ManageTerms, ManageClinic, HelpRecover, SeeSchedule, SetSchedule, SetForms},
	Auditor:       {SeeDesk, ReadAudit, ReviewOpenings},
	Clinician:     {SeeDesk, FindPatients, ReleaseResults, SetReleaseRules, OpenCharts, SeeSchedule, SeeCheckIns},
	RecordsClerk:  {SeeDesk, FindPatients, ReviewCorrections, SeeImports, TakeImports, OpenCharts},
}

// ParseRoles reads a stored list, "front_desk,auditor".
func ParseRoles(s string) []Role {
	var out []Role
	for r := range strings.SplitSeq(s, ",") {
		if _, ok := Roles[Role(r)]; ok {
			out = append(out, Role(r))
		}
	}
	return out
}

// May tells whether any of the roles may do t.
func May(roles []Role, t Task) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(Roles[r], t) })
}

// Desk is the proof that a staff user may do one task.
type Desk struct {
	staff   ids.Staff
	name    string
	roles   []Role
	task    Task
	session ids.StaffSession
	raised  bool
	source  Source
}

func (d Desk) Staff() ids.Staff          { return d.staff }
func (d Desk) Name() string              { return d.name }
func (d Desk) Session() ids.StaffSession { return d.session }
func (d Desk) Source() Source            { return d.source }

// Can tells whether this proof is for task t.
func (d Desk) Can(t Task) bool { return d.task == t && May(d.roles, t) }

// May tells whether the person's roles allow t, to show or hide a link. It
// proves nothing for the operation behind the link.
func (d Desk) May(t Task) bool { return May(d.roles, t) }

// Has tells whether the person has role r, to tell them what they may do.
func (d Desk) Has(r Role) bool { return slices.Contains(d.roles, r) }

// For gives the same person's proof for another of their tasks: a page that
// shows work of several tasks asks for each by name. If their roles do not allow
// it, it is a Desk that every operation refuses.
func (d Desk) For(t Task) Desk {
	if !May(d.roles, t) {
		return Desk{}
	}
	d.task = t
	return d
}

// Did makes an audit entry of what the staff user did.
func (d Desk) Did(a audit.Action, object string) audit.Entry {
	return audit.Entry{Action: a, Outcome: audit.Done, Actor: audit.ByStaff, ActorID: string(d.staff),
		Object: object, Source: string(d.source), Session: string(d.session)}
}

// Duty is a named job, feed or command that acts for nobody in particular.
type Duty struct{ name string }

// NewDuty is for packages jobs and app and for command lines.
func NewDuty(name string) Duty { return Duty{name} }

func (d Duty) Name() string { return d.name }

// Did makes an audit entry of what the duty did.
func (d Duty) Did(a audit.Action, object string) audit.Entry {
	return audit.Entry{Action: a, Outcome: audit.Done, Actor: audit.ByDuty, ActorID: d.name, Object: object}
}
