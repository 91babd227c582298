//go:build !unix

package benchtest

import (
	"testing"
	"time"
)

// Processor skips: nothing here says it.
func Processor(t testing.TB) time.Duration {
	t.Helper()
	t.Skip("the system does not say how long this process had the processors")
	return 0
}
