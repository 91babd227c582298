// Package scope says who may be asked, and who permitted it. A scope is a TOML
// file:
//
//	[authorisation]                      # all five are required
//	organisation = "Example Hospital Trust"
//	contact      = "security@example.org"
//	reference    = "letter of 2026-11-02, no. 4711"
//	valid_from   = 2026-11-02            # a date, or a date-time
//	valid_to     = 2026-12-31            # a date counts to its end
//
//	[targets]
//	include       = ["192.0.2.0/24", "198.51.100.7", "pacs.example.org:11112"]
//	exclude       = ["192.0.2.16/28", "192.0.2.9:443"]
//	include_files = ["more.txt"]         # one entry a line, # starts a comment
//	exclude_files = []
//	dicom_ports   = [104, 11112]         # left out: DICOMPorts
//	http_ports    = [80, 443]            # left out: HTTPPorts
//
//	[limits]                             # left out: the constants of limits.go
//	per_host_rate = 10
//	total_rate    = 500
//	connections   = 1024
//
// An entry is a CIDR, an address, a range "first-last", a host name, or one of
// an address and a name with a port: "192.0.2.1:104", "[2001:db8::1]:104",
// "pacs.example.org:104". An entry with a port asks that port and no other. A
// port in neither list is put with the HTTP ports, where a service that turns
// out to speak DICOM is behind a wrong port.
//
// Exclusions win over everything: over narrower includes, over names that
// resolve into them, over ports, and however the address is written
// (::ffff:192.0.2.9 and 64:ff9b::192.0.2.9 are 192.0.2.9).
//
// What a name resolves to is decided by whoever holds its zone. An included name
// does not lead to this machine or its link (127.0.0.0/8, 169.254.0.0/16, ::1,
// fe80::/10) unless those are included as addresses, nor to more than 32
// addresses; Unasked lists what was left out. Names are looked up once; after
// that only addresses are dialled, each of which Permits has let through.
//
// Load reads the file and looks up nothing. Names become addresses in Bind,
// when whoever runs the survey has looked them up.
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

	include, exclude []entry
}

// Host is one address to ask.
type Host struct {
	Addr netip.Addr
	Name string // the name in the scope that gave this address, or ""
	// DICOMPorts and HTTPPorts are the ports to ask, exclusions taken off.
	DICOMPorts, HTTPPorts []uint16
}

// Load reads a scope file. now must lie within the authorisation. The error is
// an *Error.
func Load(name string, now time.Time) (*Scope, error) {
	text, err := readFile(name)
	if err != nil {
		return nil, err
	}
	return parse(name, text, now)
}

func parse(name string, text []byte, now time.Time) (*Scope, error) {
	f, err := decode(name, text)
	if err != nil {
		return nil, err
	}
	s := &Scope{Limits: f.limits()}
	if s.Authorisation, err = f.authorisation(now); err != nil {
		return nil, err
	}
	if s.DICOMPorts, err = f.ports("dicom_ports", f.Targets.DICOMPorts, defaultDICOMPorts()); err != nil {
		return nil, err
	}
	if s.HTTPPorts, err = f.ports("http_ports", f.Targets.HTTPPorts, defaultHTTPPorts()); err != nil {
		return nil, err
	}
	if s.include, err = f.entries("include", f.Targets.Include, f.Targets.IncludeFiles); err != nil {
		return nil, err
	}
	if s.exclude, err = f.entries("exclude", f.Targets.Exclude, f.Targets.ExcludeFiles); err != nil {
		return nil, err
	}
	return s, s.check(f)
}

// check refuses a scope that could ask nobody, or too many.
func (s *Scope) check(f *file) error {
	if len(s.include) == 0 {
		return f.fail(BadTargets, 0, "[targets] includes nobody", `name at least one network, address or host: include = ["192.0.2.0/24"]`)
	}
	for _, e := range s.include {
		if e.name == "" && e.first.Is6() && tooMany(e.first, e.last) {
			return &Error{Kind: BadTargets, File: e.file, Line: e.line,
				What:   "the IPv6 network " + e.text + " has more than 2^20 addresses, and asking them all would take years",
				Remedy: "include the addresses that are in use, or networks of /108 and smaller"}
		}
	}
	if len(s.DICOMPorts)+len(s.HTTPPorts) == 0 && !s.portsNamed() {
		return f.fail(BadTargets, 0, "no ports are left to ask", "leave dicom_ports and http_ports out for the usual ones")
	}
	return nil
}

func (s *Scope) portsNamed() bool {
	for _, e := range s.include {
		if e.port != 0 {
			return true
		}
	}
	return false
}

// Names returns the host names of the scope, each once, in its order. Those of
// exclude come first, for a survey must not begin without them.
func (s *Scope) Names() (exclude, include []string) {
	return names(s.exclude), names(s.include)
}

func names(entries []entry) []string {
	var all []string
	seen := map[string]bool{}
	for _, e := range entries {
		if e.name != "" && !seen[e.name] {
			seen[e.name] = true
			all = append(all, e.name)
		}
	}
	return all
}
