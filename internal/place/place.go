// Package place says in which country and whose network an address is. It knows
// what it was told: a table of networks, which wins, and mmdb files (the format
// of MaxMind, version 2.0), in the order in which they were loaded.
package place

import "net/netip"

// Place is where an address is; fields are "" where that is not known.
type Place struct {
	Country string // ISO 3166-1 alpha-2
	Network string // owner or site
}

// Finder looks addresses up; the zero value knows nothing. Find may be called
// by several at once, the Load functions may not.
type Finder struct {
	networks table
	files    []database
}

// Find returns the place of an address. Each field comes from the first source
// that knows it.
func (f *Finder) Find(a netip.Addr) Place {
	if f == nil {
		return Place{}
	}
	a = a.Unmap().WithZone("")
	p := f.networks.find(a)
	for _, db := range f.files {
		if p.Country != "" && p.Network != "" {
			break
		}
		more := db.find(a)
		if p.Country == "" {
			p.Country = more.Country
		}
		if p.Network == "" {
			p.Network = more.Network
		}
	}
	return p
}

// Close lets go of the files; Find knows nothing afterwards.
func (f *Finder) Close() error {
	var first error
	for _, db := range f.files {
		if err := db.reader.Close(); err != nil && first == nil {
			first = err
		}
	}
	*f = Finder{}
	return first
}
