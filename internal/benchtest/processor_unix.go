//go:build unix

// Package benchtest measures what a clock does not show on a machine that does other
// things too.
package benchtest

import (
	"syscall"
	"testing"
	"time"
)

// Processor is the time that this process had of the processors.
func Processor(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
