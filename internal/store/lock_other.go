//go:build !unix

package store

import "os"

// Without flock two first starts at the same moment may collide; SQLite's own
// lock then makes one of them fail with a clear error.
func flock(*os.File) error { return nil }
