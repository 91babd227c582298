package place

import "fmt"

// The bounds of what is read. A table or a database may come from anybody.
const (
	// maxNetworks is as many networks as a CSV may list: a full BGP table has
	// about a million prefixes, and takes some 200 MB here.
	maxNetworks = 1 << 20
	// maxNetworksBytes is its length: 64 bytes a line on average, with a network
	// and an owner; it bounds a quoted field that never ends, too.
	maxNetworksBytes = 64 << 20
	// maxText is the length of an owner; the longest in RIPE's database is under 200.
	maxText = 256
	// maxDatabaseBytes is the size of an mmdb file, which is mapped and not read:
	// the largest that MaxMind sells (GeoIP Enterprise) is under 600 MB.
	maxDatabaseBytes = 2 << 30
)

// LimitError says which limit a file passed.
type LimitError struct {
	Name  string
	Limit int64
}

func (e *LimitError) Error() string { return fmt.Sprintf("more than %d %s", e.Limit, e.Name) }

// Hint is what helps.
func (e *LimitError) Hint() string {
	if e.Name == "bytes of an mmdb file" {
		return "name a file of countries, ASNs or providers: they are smaller"
	}
	return "leave out networks that are not in the scope, or name an mmdb file instead: --mmdb"
}

// FormatError says that a file is not what it is said to be.
type FormatError struct {
	File string
	Line int // 0 where it has no lines
	Err  error
}

func (e *FormatError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("place: %s:%d: %v", e.File, e.Line, e.Err)
	}
	return fmt.Sprintf("place: reading %q: %v", e.File, e.Err)
}

func (e *FormatError) Unwrap() error { return e.Err }
