package trail

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"portico/internal/secret"
)

// head is what a checkpoint says: how many leaves the tree had, and its root.
type head struct {
	size     int64
	root     tlog.Hash
	at       time.Time
	restored bool // written after a restore: earlier heads beyond size no longer bind
}

const (
	origin  = "portico audit log"
	keyName = "portico-audit"
	// keyUse is the purpose under which the clinic's secret vouches for a public
	// key. It lets heads signed before the secret was changed be recognised for
	// as long as the old secret is kept.
	keyUse = "trail.key"
)

// errForeign means that a head is not signed by this clinic's secret.
var errForeign = errors.New("a signed head is not from this clinic's key")

// errHead means that a head is torn or does not read like one of ours.
var errHead = errors.New("a signed head is not readable")

// signer signs heads under the clinic's present secret and knows the keys of
// earlier ones: while an old secret is kept, by its vouching; after it is gone,
// by the list that each head of ours carries along.
type signer struct {
	keys *secret.Keyring
	priv ed25519.PrivateKey
	v    note.Verifier
	vkey string
	past []string // public keys of earlier secrets
}

func newSigner(k *secret.Keyring) (*signer, error) {
	seed := k.Seed("audit")
	s := &signer{keys: k, priv: ed25519.NewKeyFromSeed(seed[:])}
	var err error
	if s.vkey, err = note.NewEd25519VerifierKey(keyName, s.priv.Public().(ed25519.PublicKey)); err != nil {
		return nil, fmt.Errorf("audit key: %w", err)
	}
	s.v, err = note.NewVerifier(s.vkey)
	return s, err
}

// Name implements note.Signer.
func (s *signer) Name() string { return keyName }

// KeyHash implements note.Signer.
func (s *signer) KeyHash() uint32 { return s.v.KeyHash() }

// Sign implements note.Signer.
func (s *signer) Sign(msg []byte) ([]byte, error) { return ed25519.Sign(s.priv, msg), nil }

// write makes the signed note of a head: the three lines every transparency log
// begins its checkpoints with, our own lines, and the signature.
func (s *signer) write(h head) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%d\n%s\nat %s\n", origin, h.size, base64.StdEncoding.EncodeToString(h.root[:]), h.at.UTC().Format(stamp))
	if h.restored {
		b.WriteString("restored\n")
	}
	fmt.Fprintf(&b, "key %s\nmac %s\n", s.vkey, hex.EncodeToString(s.keys.MAC(keyUse, s.vkey)))
	for _, k := range s.past {
		fmt.Fprintf(&b, "past %s\n", k)
	}
	signed, err := note.Sign(&note.Note{Text: b.String()}, s)
	return string(signed), err
}

// text is what a note says, not yet believed.
type text struct {
	head
	vkey string
	mac  []byte
	past []string
}

// read takes a note apart and checks its signature. A note that is readable but
// not ours gives the head together with errForeign.
func (s *signer) read(signed string) (head, error) {
	t, err := s.check(signed)
	return t.head, err
}

// learn is read, and takes over the earlier keys that the note vouches for.
func (s *signer) learn(signed string) (head, error) {
	t, err := s.check(signed)
	if err != nil {
		return t.head, err
	}
	for _, k := range append(t.past, t.vkey) {
		if k != s.vkey && !slices.Contains(s.past, k) {
			s.past = append(s.past, k)
		}
	}
	return t.head, nil
}

func (s *signer) check(signed string) (text, error) {
	if !whole(signed) {
		return text{}, errHead
	}
	t, err := parseHead(signed)
	if err != nil {
		return text{}, errForeign // signed in full, yet not as we write
	}
	v := s.v
	if t.vkey != s.vkey {
		if !slices.Contains(s.past, t.vkey) && !s.keys.CheckMAC(t.mac, keyUse, t.vkey) {
			return t, errForeign
		}
		if v, err = note.NewVerifier(t.vkey); err != nil {
			return t, errForeign
		}
	}
	if _, err := note.Open([]byte(signed), note.VerifierList(v)); err != nil {
		return t, errForeign
	}
	return t, nil
}

// whole tells whether a note's signature line has its full length: a crash may
// have torn it, which is not an attack.
func whole(signed string) bool {
	_, sig, _ := strings.Cut(strings.TrimSuffix(signed, "\n"), "\n\n")
	_, b64, _ := strings.Cut(strings.TrimPrefix(sig, "— "), " ")
	raw, err := base64.StdEncoding.DecodeString(b64)
	return err == nil && len(raw) == 4+ed25519.SignatureSize
}

// parseHead reads a note's text without believing it.
func parseHead(signed string) (t text, err error) {
	body, _, found := strings.Cut(signed, "\n\n")
	lines := strings.Split(body, "\n")
	if !found || len(lines) < 6 || lines[0] != origin {
		return text{}, errHead
	}
	if t.size, err = strconv.ParseInt(lines[1], 10, 64); err != nil || t.size < 1 {
		return text{}, errHead
	}
	if t.root, err = tlog.ParseHash(lines[2]); err != nil {
		return text{}, errHead
	}
	for _, l := range lines[3:] {
		word, value, _ := strings.Cut(l, " ")
		switch word {
		case "at":
			t.at, err = time.Parse(stamp, value)
		case "restored":
			t.restored = true
		case "key":
			t.vkey = value
		case "mac":
			t.mac, err = hex.DecodeString(value)
		case "past":
			t.past = append(t.past, value)
		}
		if err != nil {
			return text{}, errHead
		}
	}
	return t, nil
}
