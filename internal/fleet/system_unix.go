//go:build unix

package fleet

import "syscall"

// openFiles is how many files the process may have open.
func openFiles() (uint64, error) {
	var limit syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit)
	return uint64(limit.Cur), err // signed on FreeBSD
}

// setSendBuffer asks for a send buffer of so many bytes; without it all works too.
func setSendBuffer(fd uintptr, bytes int) {
	_ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_SNDBUF, bytes)
}
