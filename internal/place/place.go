// Package place says in which country and whose network an address is.
package place

import "net/netip"

// Place is where an address is; fields are "" where that is not known.
type Place struct {
	Country string // ISO 3166-1 alpha-2
	Network string // owner or site
}

// Finder looks addresses up; the zero value knows nothing.
type Finder struct{}

// Find returns the place of an address.
func (f *Finder) Find(a netip.Addr) Place { panic("place: to do") }

// LoadNetworks adds a CSV of CIDR,country,site.
func (f *Finder) LoadNetworks(name string) error { panic("place: to do") }

// LoadMMDB adds an mmdb file.
func (f *Finder) LoadMMDB(name string) error { panic("place: to do") }
