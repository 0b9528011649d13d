package app

import (
	"os"
	"runtime"
	"sync"
)

// hashers is how many passwords are hashed at once: one for each processor that the
// program may use, which in a container is fewer than the machine has.
var hashers = sync.OnceValue(func() int {
	n := runtime.GOMAXPROCS(0)
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(n + max(2, n)) // see docs/decisions/processors.md
	}
	return max(2, n)
})
