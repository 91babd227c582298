//go:build unix

package survey

import (
	"math"
	"os"
	"syscall"
)

// spareFiles are kept for all that is no connection.
const spareFiles = 64

// mostConnections is what this process may open.
func mostConnections() int64 {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil || l.Cur > math.MaxInt32 {
		return math.MaxInt32
	}
	return max(perPort*portsAtOnce, int64(l.Cur)-spareFiles)
}

// lock takes a file for this process alone until it is closed.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
