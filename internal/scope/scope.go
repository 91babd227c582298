// Package scope says who may be asked, and who permitted it.
package scope

import (
	"net/netip"
	"time"
)

// Scope is a checked scope file.
type Scope struct {
	Authorisation Authorisation
	DICOMPorts    []uint16
	HTTPPorts     []uint16
	Limits        Limits
}

// Limits are the rates of a survey.
type Limits struct {
	PerHostRate float64 // requests a second to one host
	TotalRate   float64 // requests a second in all
	Connections int     // open at once
}

// Host is one address to ask.
type Host struct {
	Addr netip.Addr
	Name string // the name in the scope that gave this address, or ""
	// DICOMPorts and HTTPPorts are the ports to ask, exclusions taken off.
	DICOMPorts, HTTPPorts []uint16
}

// Load reads a scope file. now must lie within the authorisation.
func Load(name string, now time.Time) (*Scope, error) { panic("scope: to do") }

// Authorisation says who permitted the survey. All fields are required.
type Authorisation struct {
	Organisation, Contact, Reference string
	ValidFrom, ValidTo               time.Time
}
