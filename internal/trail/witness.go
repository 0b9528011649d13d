package trail

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The witness is the file outside the database to which every signed head is
// appended. It is plain text: one note after the other, an empty line between.
// A note torn by a crash is no harm: the next one begins with its own first line.

// tailSize is how much of the end of the file is read to find the newest head.
const tailSize = 16 << 10

// appendHead adds a note and does not return before it is on the disk.
func appendHead(file, signed string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return fmt.Errorf("the folder of the audit checkpoints cannot be made: %w", err)
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("the file of audit checkpoints cannot be opened: %w", err)
	}
	// One write: two servers appending to one file do not mix their notes. The
	// leading line end closes a note that a crash tore.
	_, err = f.WriteString("\n" + signed)
	return errors.Join(err, f.Sync(), f.Close())
}

// eachNote calls use with every note in r, whole or torn, in order.
func eachNote(r io.Reader, use func(signed string) error) error {
	var b strings.Builder
	flush := func() error {
		defer b.Reset()
		if s := strings.TrimLeft(b.String(), "\n"); s != "" {
			return use(strings.TrimRight(s, "\n") + "\n")
		}
		return nil
	}
	in := bufio.NewScanner(r)
	in.Buffer(make([]byte, 4096), 1<<20)
	for in.Scan() {
		if in.Text() == origin {
			if err := flush(); err != nil {
				return err
			}
		}
		b.WriteString(in.Text() + "\n")
	}
	if err := in.Err(); err != nil {
		return fmt.Errorf("the file of audit checkpoints: %w", err)
	}
	return flush()
}

// newestHead gives the last head of the file that is signed by us; ok is false
// if there is none.
func (s *signer) newestHead(file string) (h head, ok bool, err error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return head{}, false, nil
	}
	if err != nil {
		return head{}, false, fmt.Errorf("the file of audit checkpoints cannot be opened: %w", err)
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && st.Size() > tailSize {
		if _, err := f.Seek(-tailSize, io.SeekEnd); err != nil {
			return head{}, false, err
		}
	}
	err = eachNote(f, func(signed string) error {
		if got, err := s.read(signed); err == nil {
			h, ok = got, true
		}
		return nil
	})
	return h, ok, err
}
