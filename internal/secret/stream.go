package secret

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// A sealed stream is a head (streamHead, the key's identifier in hex, 32 random
// bytes) and pieces of 64 KiB, each sealed with AES-256-GCM under a key of the
// file's own: derived from the clinic's key, the purpose and the random bytes.
// A piece's nonce is its place and whether it is the last one (the STREAM
// construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015), so that pieces
// cannot be left out, repeated, moved or cut off.
const (
	streamHead  = "portico sealed 1\n"
	streamSalt  = 32
	streamPiece = 64 << 10
)

// ErrStream is what reading a sealed stream gives for anything that is not whole
// or not of its kind. It does not tell a wrong key from an altered stream.
var ErrStream = errors.New("secret: the sealed stream is cut off, altered or not one")

// MissingKeyError says that a sealed stream needs a key that is not held.
type MissingKeyError string

func (e MissingKeyError) Error() string {
	return "it was sealed under key " + string(e) + ", which is not among the keys given"
}

func (r *root) stream(purpose string, head []byte) cipher.AEAD {
	key, err := hkdf.Key(sha256.New, r.key("stream:"+purpose), head[len(head)-streamSalt:], "portico stream", 32)
	if err != nil {
		panic("secret: " + err.Error()) // only for lengths above 8,160 bytes
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("secret: " + err.Error()) // only for keys that are not 16, 24 or 32 bytes
	}
	a, err := cipher.NewGCM(block)
	if err != nil {
		panic("secret: " + err.Error())
	}
	return a
}

// pieceNonce: eight bytes of place, three empty, one that marks the last piece.
func pieceNonce(place uint64, last bool) []byte {
	n := binary.BigEndian.AppendUint64(make([]byte, 0, 12), place)
	n = append(n, 0, 0, 0, 0)
	if last {
		n[11] = 1
	}
	return n
}

// SealStream gives a writer that seals what is written to it. Close writes the
// last piece and leaves w open.
func (k *Keyring) SealStream(purpose string, w io.Writer) (io.WriteCloser, error) {
	r := k.current()
	head := append([]byte(streamHead), r.id...)
	salt := make([]byte, streamSalt)
	rand.Read(salt) // never fails since Go 1.24
	head = append(head, salt...)
	if _, err := w.Write(head); err != nil {
		return nil, err
	}
	return &sealWriter{w: w, aead: r.stream(purpose, head), head: head}, nil
}

type sealWriter struct {
	w     io.Writer
	aead  cipher.AEAD
	head  []byte
	piece []byte
	place uint64
}

func (s *sealWriter) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		if len(s.piece) == streamPiece { // only once there is more: the last piece may be full
			if err := s.put(false); err != nil {
				return n - len(b), err
			}
		}
		take := min(len(b), streamPiece-len(s.piece))
		s.piece, b = append(s.piece, b[:take]...), b[take:]
	}
	return n, nil
}

func (s *sealWriter) put(last bool) error {
	_, err := s.w.Write(s.aead.Seal(nil, pieceNonce(s.place, last), s.piece, s.head))
	s.piece, s.place = s.piece[:0], s.place+1
	return err
}

func (s *sealWriter) Close() error { return s.put(true) }

// OpenStream reads what SealStream wrote for the same purpose, under any key that
// is held. Nothing of a piece is given out before the piece was found whole; that
// the stream is whole is known at its end alone.
func (k *Keyring) OpenStream(purpose string, r io.Reader) (io.Reader, error) {
	head := make([]byte, len(streamHead)+2*keyIDLen+streamSalt)
	if _, err := io.ReadFull(r, head); err != nil || !bytes.HasPrefix(head, []byte(streamHead)) {
		return nil, ErrStream
	}
	id := string(head[len(streamHead) : len(streamHead)+2*keyIDLen])
	if _, err := hex.DecodeString(id); err != nil {
		return nil, ErrStream
	}
	root := k.byID(id)
	if root == nil {
		return nil, MissingKeyError(id)
	}
	return &openReader{r: r, aead: root.stream(purpose, head), head: head}, nil
}

type openReader struct {
	r     io.Reader
	aead  cipher.AEAD
	head  []byte
	ahead []byte // a piece that was read to know whether the one before is the last
	rest  []byte
	place uint64
	ended bool
	err   error
}

func (o *openReader) Read(b []byte) (int, error) {
	for len(o.rest) == 0 && o.err == nil {
		o.err = o.next()
	}
	if len(o.rest) == 0 {
		return 0, o.err
	}
	n := copy(b, o.rest)
	o.rest = o.rest[n:]
	return n, nil
}

// next opens one piece.
func (o *openReader) next() error {
	if o.ended {
		return io.EOF
	}
	if o.ahead == nil {
		var err error
		if o.ahead, err = o.piece(); err != nil {
			return err
		}
	}
	piece := o.ahead
	next, err := o.piece()
	if err != nil {
		return err
	}
	o.ended, o.ahead = next == nil, next
	plain, err := o.aead.Open(nil, pieceNonce(o.place, o.ended), piece, o.head)
	if err != nil {
		return ErrStream
	}
	o.rest, o.place = plain, o.place+1
	return nil
}

// piece reads the next sealed piece, nil at the end.
func (o *openReader) piece() ([]byte, error) {
	b := make([]byte, streamPiece+o.aead.Overhead())
	n, err := io.ReadFull(o.r, b)
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("read: %w", err)
	}
	return b[:n], nil
}
