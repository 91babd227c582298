package advisory

import (
	"fmt"
	"math"
)

// Limits bounds what a file of advisories can make us hold. The zero value is
// the safe default; a negative value switches a limit off.
type Limits struct {
	Bytes  int64 // of one file
	Files  int   // of one folder
	Depth  int   // branches within branches of a product tree, products within products
	Claims int   // statements on a product's versions that one file makes
}

// The defaults.
const (
	// The largest published CSAF documents have some 20 MiB.
	defaultBytes = 64 << 20
	// The CVE list has some 300,000 records.
	defaultFiles = 1 << 19
	// What CSAF 2.1 (section 6.1.34) permits; real trees have three to five.
	defaultDepth = 30
	// A VEX document on one vulnerability of a whole distribution has some
	// 50,000. A claim has about 200 bytes in memory, so this bounds 200 MiB.
	defaultClaims = 1 << 20
)

// LimitError says which limit a file crossed.
type LimitError struct {
	Name  string // as "bytes"
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("advisory: over the limit %s of %d", e.Name, e.Limit)
}

// orDefault returns the limits in force, "off" as the largest number.
func (l Limits) orDefault() Limits {
	return Limits{
		Bytes:  inForce(l.Bytes, defaultBytes),
		Files:  int(inForce(int64(l.Files), defaultFiles)),
		Depth:  int(inForce(int64(l.Depth), defaultDepth)),
		Claims: int(inForce(int64(l.Claims), defaultClaims)),
	}
}

func inForce(n, def int64) int64 {
	switch {
	case n == 0:
		return def
	case n < 0:
		return math.MaxInt64
	}
	return n
}
