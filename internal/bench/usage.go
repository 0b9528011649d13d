//go:build unix

package bench

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cpu is the processor time this process has used, the kernel's for it included.
func cpu() (time.Duration, error) {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0, err
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}

// held is the most memory this process ever held, in bytes.
func held() (int64, error) {
	// On Linux the resource usage begins with what the starting process held; the
	// status of the process does not.
	if b, err := os.ReadFile("/proc/self/status"); err == nil {
		if _, after, ok := strings.Cut(string(b), "VmHWM:"); ok {
			n, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
			return n << 10, err
		}
	}
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	if runtime.GOOS == "darwin" {
		return int64(u.Maxrss), err // bytes there, KiB elsewhere
	}
	return int64(u.Maxrss) << 10, err
}
