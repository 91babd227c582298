//go:build !unix

package survey

import (
	"math"
	"os"
)

func mostConnections() int64 { return math.MaxInt32 }

// lock does nothing here: two runs in one folder are the user's to avoid.
func lock(*os.File) error { return nil }
