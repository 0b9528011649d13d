//go:build !unix

package bench

import (
	"errors"
	"time"
)

func cpu() (time.Duration, error) {
	return 0, errors.New("the processor time of a process is measured on Unix systems only")
}

func peak(any) int64 { return 0 }
