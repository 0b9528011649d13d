package notify

import (
	"encoding/json"
	"fmt"
	"time"
)

// Notice is what a message says: one of the types below. Each names its kind
// and can be written for the channels it makes sense on.
type Notice interface {
	// Kind is the stable name in the database.
	Kind() string
	// links lists the places it leads to, to be checked before it is queued.
	links() []Path
}

// Joining is what records joined to one, or parted again, mean for an account.
type Joining string

const (
	Moved     Joining = "moved"  // it stays as it is and shows the joined record
	Parted    Joining = "parted" // it stays as it is and shows its own record again
	Kept      Joining = "kept"   // it stays; a second one is held back
	Held      Joining = "held"   // it is held back
	GivenBack Joining = "back"   // it works again
	Gone      Joining = "gone"   // it is closed; the other one stays
)

// Purpose is what a one-time code is for.
type Purpose string

const (
	ForSignIn Purpose = "signin" // the second step of signing in
	ForSetUp  Purpose = "setup"  // proving a new phone or e-mail
	ForChange Purpose = "change" // confirming a change
	ForCheck  Purpose = "check"  // a signed-in person confirming who they are
)

type (
	// ActivationCode carries an activation code with the link that opens its
	// form. By e-mail.
	ActivationCode struct {
		Code    string // "ABCDE-FGHJK-MNPQR"
		Link    Path
		Expires time.Time
	}
	// ConfirmationCode goes to the contact on file when somebody entered a
	// patient number and a birth date. By e-mail, text, voice.
	ConfirmationCode struct {
		Digits  string
		Minutes int // how long it works
	}
	// OneTimeCode is a second step. By e-mail, text, voice.
	OneTimeCode struct {
		Digits  string
		Minutes int
		For     Purpose
	}
	// AccountOpened tells every contact on file that there is an account now.
	// By e-mail, text.
	AccountOpened struct {
		At    time.Time
		NotMe Path // opens the page that locks the account
	}
	// NewBrowser tells of a sign-in from a browser not seen before. By e-mail, text.
	NewBrowser struct {
		At      time.Time
		Browser string // in a word or two: "Firefox on Android"
		NotMe   Path
	}
	// SignInUnfinished tells that the password was given, but not the second
	// step, in a browser not seen before. By e-mail, text.
	SignInUnfinished struct {
		At    time.Time // of the password
		NotMe Path
	}
	// SomeoneTried is the one digest of a day with too many unasked codes. By
	// e-mail, text.
	SomeoneTried struct{}
	// CodeReused tells the owner that a used activation code was tried again.
	// By e-mail, text.
	CodeReused struct{ NotMe Path }
	// RequestReceived answers an identity request. By e-mail, text.
	RequestReceived struct{}
	// RequestRejected says that an identity request could not be met. By e-mail, text.
	RequestRejected struct{}
	// RequestNeedsMore asks the person behind an identity request to call. Words are
	// the staff's own, as plain text. By e-mail, text.
	RequestNeedsMore struct{ Words string }
	// RecordsJoined tells what joined records mean for an account. By e-mail, text.
	RecordsJoined struct{ What Joining }
	// PasswordLocked tells of many wrong passwords. By e-mail, text.
	PasswordLocked struct{}
	// AccountLocked confirms "this was not me". By e-mail, text.
	AccountLocked struct{}
	// CopyMade tells that a copy of the record was made for downloading. By
	// e-mail, text.
	CopyMade struct {
		At    time.Time
		NotMe Path
	}
	// LinkMade tells that a link was made by which others can read the record. By
	// e-mail, text.
	LinkMade struct {
		At    time.Time
		NotMe Path
	}
	// LinkOpened tells that such a link was opened for the first time. By e-mail,
	// text.
	LinkOpened struct {
		At    time.Time
		NotMe Path
	}
	// LetterSent says that a letter is on its way. By e-mail, text.
	LetterSent struct{}
)

func (ActivationCode) Kind() string   { return "activation_code" }
func (ConfirmationCode) Kind() string { return "confirmation_code" }
func (OneTimeCode) Kind() string      { return "one_time_code" }
func (AccountOpened) Kind() string    { return "account_opened" }
func (NewBrowser) Kind() string       { return "new_browser" }
func (SignInUnfinished) Kind() string { return "signin_unfinished" }
func (SomeoneTried) Kind() string     { return "someone_tried" }
func (CodeReused) Kind() string       { return "code_reused" }
func (RequestReceived) Kind() string  { return "request_received" }
func (RequestRejected) Kind() string  { return "request_rejected" }
func (RequestNeedsMore) Kind() string { return "request_needs_more" }
func (RecordsJoined) Kind() string    { return "records_joined" }
func (PasswordLocked) Kind() string   { return "password_locked" }
func (AccountLocked) Kind() string    { return "account_locked" }
func (LetterSent) Kind() string       { return "letter_sent" }
func (CopyMade) Kind() string         { return "copy_made" }
func (LinkMade) Kind() string         { return "link_made" }
func (LinkOpened) Kind() string       { return "link_opened" }

func (n ActivationCode) links() []Path   { return []Path{n.Link} }
func (ConfirmationCode) links() []Path   { return nil }
func (OneTimeCode) links() []Path        { return nil }
func (n AccountOpened) links() []Path    { return []Path{n.NotMe} }
func (n NewBrowser) links() []Path       { return []Path{n.NotMe} }
func (n SignInUnfinished) links() []Path { return []Path{n.NotMe} }
func (SomeoneTried) links() []Path       { return nil }
func (n CodeReused) links() []Path       { return []Path{n.NotMe} }
func (RequestReceived) links() []Path    { return nil }
func (RequestRejected) links() []Path    { return nil }
func (RequestNeedsMore) links() []Path   { return nil }
func (RecordsJoined) links() []Path      { return nil }
func (PasswordLocked) links() []Path     { return nil }
func (AccountLocked) links() []Path      { return nil }
func (LetterSent) links() []Path         { return nil }
func (n CopyMade) links() []Path         { return []Path{n.NotMe} }
func (n LinkMade) links() []Path         { return []Path{n.NotMe} }
func (n LinkOpened) links() []Path       { return []Path{n.NotMe} }

// codeKinds are the notices that hold a secret: they count against stricter
// budgets, and are worth nothing once it has expired.
var codeKinds = map[string]bool{
	ActivationCode{}.Kind(): true, ConfirmationCode{}.Kind(): true, SpokenCode{}.Kind(): true, OneTimeCode{}.Kind(): true,
}

func carriesCode(n Notice) bool { return codeKinds[n.Kind()] }

// readers turn a stored notice back into its type.
var readers = map[string]func([]byte) (Notice, error){}

func init() {
	reader[ActivationCode]()
	reader[ConfirmationCode]()
	reader[OneTimeCode]()
	reader[AccountOpened]()
	reader[NewBrowser]()
	reader[SignInUnfinished]()
	reader[SomeoneTried]()
	reader[CodeReused]()
	reader[RequestReceived]()
	reader[RequestRejected]()
	reader[RequestNeedsMore]()
	reader[RecordsJoined]()
	reader[PasswordLocked]()
	reader[AccountLocked]()
	reader[LetterSent]()
	reader[CopyMade]()
	reader[LinkMade]()
	reader[LinkOpened]()
}

func reader[N Notice]() {
	var zero N
	readers[zero.Kind()] = func(b []byte) (Notice, error) {
		var n N
		err := json.Unmarshal(b, &n)
		return n, err
	}
}

// readNotice fails on a kind that another version of the program queued; such a
// message is tried again, for an upgrade may be under way.
func readNotice(kind string, b []byte) (Notice, error) {
	read, known := readers[kind]
	if !known {
		return nil, fmt.Errorf("no notice of kind %q", kind)
	}
	return read(b)
}
