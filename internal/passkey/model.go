package passkey

// models names what keeps a passkey, by the AAGUID that it gives of itself: nobody
// vouches for it, so it is shown to the owner and decides nothing. The common ones
// of github.com/passkeydeveloper/passkey-authenticator-aaguids (aaguid.json, read
// November 2026); proper names are the same in every language.
var models = map[string]string{
	"fbfc3007154e4ecc8c0b6e020557d7bd": "Apple Passwords",
	"dd4ec289e01d41c9bb8970fa845d4bf2": "Apple Passwords",
	"ea9b8d664d011d213ce4b6b48cb575d4": "Google Password Manager",
	"b93fd961f2e6462fb12282002247de78": "Android",
	"adce000235bcc60a648b0b25f1f05503": "Chrome on Mac",
	"771b48fdd3d44f749232fc157ab0507a": "Edge on Mac",
	"08987058cadc4b81b6e130de50dcbe96": "Windows Hello",
	"9ddd1817af5a4672a2b93e3dd95000a9": "Windows Hello",
	"6028b017b1d44c02b4b3afcdafc96bb2": "Windows Hello",
	"d345266801fd4c12926c83a4204853aa": "Microsoft Password Manager",
	"53414d53554e47000000000000000000": "Samsung Pass",
	"bada5566a7aa401fbd9645619a55120d": "1Password",
	"d548826e79b4db40a3d811116f7e8349": "Bitwarden",
	"531126d6e717415c93203d9aa6981239": "Dashlane",
	"0ea242b443c44a1b8b17dd6d0b6baec6": "Keeper",
	"b84e404815dc4dd08640f4f60813c8af": "NordPass",
	"50726f746f6e5061737350726f746f6e": "Proton Pass",
	"2fc0579f811347eab116bb5a8db9202a": "YubiKey 5",
	"73bb0cd4e50249b89c6fb59445bf720b": "YubiKey 5",
}

// modelName names a model, "" if it is not known.
func modelName(aaguid string) string { return models[aaguid] }
