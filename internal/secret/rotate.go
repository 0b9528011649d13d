package secret

import (
	"encoding/hex"
	"slices"
	"strings"
)

// Current is the identifier of the key that everything new is made under.
func (k *Keyring) Current() string { return k.current().id }

// Held lists the identifiers of the keys held, in order.
func (k *Keyring) Held() []string {
	var out []string
	for _, r := range k.roots() {
		out = append(out, r.id)
	}
	slices.Sort(out)
	return out
}

// Use makes the key with the given identifier the one that writes; false if it
// is not held.
func (k *Keyring) Use(id string) bool {
	now := k.ring.Load()
	next := reorder(now, id)
	if next == nil {
		return false
	}
	k.ring.Store(next)
	return true
}

// Take makes k hold what other holds. The key that writes stays, if other holds
// it too.
func (k *Keyring) Take(other *Keyring) {
	next := other.ring.Load()
	if kept := reorder(next, k.Current()); kept != nil {
		next = kept
	}
	k.ring.Store(next)
}

func reorder(r *ring, first string) *ring {
	i := slices.IndexFunc(r.roots, func(o *root) bool { return o.id == first })
	if i < 0 {
		return nil
	}
	roots := append([]*root{r.roots[i]}, r.roots[:i]...)
	return &ring{roots: append(roots, r.roots[i+1:]...), oldest: r.oldest}
}

// IndexUnder is Index under the key with the given identifier, "" if it is not
// held.
func (k *Keyring) IndexUnder(id, purpose, value string) string {
	r := k.byID(id)
	if r == nil {
		return ""
	}
	return r.index(purpose, value)
}

// KeyOfSeal tells under which key a field was sealed, "" for what is no seal.
func KeyOfSeal(sealed string) string {
	part := strings.SplitN(sealed, ".", 3)
	if len(part) != 3 || part[0] != "1" {
		return ""
	}
	return part[1]
}

// KeyOfIndex tells under which key a blind index or a MAC in hex was made, "" for
// what is neither.
func KeyOfIndex(index string) string {
	if len(index) < 2*keyIDLen {
		return ""
	}
	return index[len(index)-2*keyIDLen:]
}

// KeyOfMAC is KeyOfIndex for the bytes of a MAC.
func KeyOfMAC(mac []byte) string { return KeyOfIndex(hex.EncodeToString(mac)) }

// KeyOfPassword tells under which key a stored password was peppered, "" for what
// is no password hash.
func KeyOfPassword(stored string) string {
	p, err := parsePHC(stored)
	if err != nil {
		return ""
	}
	return p.key
}
