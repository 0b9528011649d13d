package sharing

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"strconv"

	"portico/internal/ids"
	"portico/internal/secret"
	"portico/internal/store"
)

// pieceSize is how many bytes of a packed file are sealed together.
const pieceSize = 256 << 10

// sealedIn is where sealed pieces stand, for their authentication.
const sealedIn = "download_file.sealed"

func pieceName(id ids.Export, build string, place int) string {
	return string(id) + "/" + build + "/" + strconv.Itoa(place)
}

// sealing packs what is written to it and puts it down in sealed pieces.
type sealing struct {
	keys  *secret.Keyring
	id    ids.Export
	build string
	put   func(place int, sealed string) error

	zip   *gzip.Writer
	piece []byte
	place int
	size  int64 // bytes written, before packing
}

func newSealing(keys *secret.Keyring, id ids.Export, build string, put func(place int, sealed string) error) *sealing {
	s := &sealing{keys: keys, id: id, build: build, put: put}
	s.zip, _ = gzip.NewWriterLevel(pieces{s}, gzip.BestSpeed) // the level is one it knows
	return s
}

func (s *sealing) Write(b []byte) (int, error) {
	s.size += int64(len(b))
	return s.zip.Write(b)
}

// Close puts the last piece down.
func (s *sealing) Close() error {
	if err := s.zip.Close(); err != nil {
		return err
	}
	return s.seal()
}

func (s *sealing) seal() error {
	if len(s.piece) == 0 {
		return nil
	}
	err := s.put(s.place, s.keys.Seal(sealedIn, pieceName(s.id, s.build, s.place), s.piece))
	s.piece, s.place = s.piece[:0], s.place+1
	return err
}

// pieces takes the packed bytes.
type pieces struct{ s *sealing }

func (p pieces) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		take := min(len(b), pieceSize-len(p.s.piece))
		p.s.piece, b = append(p.s.piece, b[:take]...), b[take:]
		if len(p.s.piece) == pieceSize {
			if err := p.s.seal(); err != nil {
				return n - len(b), err
			}
		}
	}
	return n, nil
}

// opening reads sealed pieces one after the other.
type opening struct {
	ctx   context.Context
	s     *Sharing
	id    ids.Export
	build string
	place int
	rest  []byte
}

func (o *opening) Read(b []byte) (int, error) {
	if len(o.rest) == 0 {
		var sealed string
		err := o.s.DB.View(o.ctx, func(tx *store.Tx) (err error) {
			sealed, err = store.Get(o.ctx, tx, store.One[string], `SELECT sealed FROM download_file WHERE download_id = $1 AND build = $2 AND place = $3`, o.id, o.build, o.place)
			return err
		})
		if errors.Is(err, store.ErrNone) {
			return 0, io.EOF
		}
		if err != nil {
			return 0, err
		}
		if o.rest, err = o.s.Keys.Open(sealedIn, pieceName(o.id, o.build, o.place), sealed); err != nil {
			return 0, err
		}
		o.place++
	}
	n := copy(b, o.rest)
	o.rest = o.rest[n:]
	return n, nil
}

// unpack writes the file of a download to w.
func (o *opening) unpack(w io.Writer) error {
	zip, err := gzip.NewReader(o)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, zip)
	return err
}
