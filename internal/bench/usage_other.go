//go:build !unix

package bench

import (
	"errors"
	"time"
)

func cpu() (time.Duration, error) {
	return 0, errors.New("the processor time of a process is measured on Unix systems only")
}

func held() (int64, error) { return 0, nil }
