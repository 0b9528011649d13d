//go:build unix

package app

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// sameOwner gives f the owner of the file it will replace: the command may run as
// root and the portal as a user of its own.
func sameOwner(f *os.File, file string) error {
	i, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	was, ok := i.Sys().(*syscall.Stat_t)
	if !ok || int(was.Uid) == os.Geteuid() {
		return nil
	}
	return f.Chown(int(was.Uid), int(was.Gid))
}
