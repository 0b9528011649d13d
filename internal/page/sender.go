package page

// UnnamedSender is the source of files that an operator took in without saying
// who made them.
const UnnamedSender = "import"

// Sender says where records came from; name is what their source is called.
func Sender(s Shell, name string) string {
	if name == UnnamedSender {
		return s.T("page.sender.files")
	}
	return name
}
