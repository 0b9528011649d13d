//go:build !unix

package app

import "os"

// sameOwner does nothing: files of this system have no owner to keep.
func sameOwner(*os.File, string) error { return nil }
