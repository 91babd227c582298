package probetest

import (
	"testing"

	"github.com/leadglass/leadglass/ul/ultest"
)

// Authority signs certificates of tests.
type Authority = ultest.Authority

// Certificate says how a server's certificate is to be.
type Certificate = ultest.Certificate

// NewAuthority makes an authority that nobody knows yet.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	return ultest.NewAuthority(t)
}
