package scope

// Limits are the rates of a survey. The zero value is the safe default; a
// negative value switches a limit off.
type Limits struct {
	PerHostRate float64 // requests a second to one host
	TotalRate   float64 // requests a second in all
	Connections int     // open at once
}

// The defaults. They keep one modality of 1998 and one office uplink alive.
const (
	// DefaultPerHostRate is what a viewer makes when a doctor scrolls through a
	// list: no archive that is in use falls over from it.
	DefaultPerHostRate = 10
	// DefaultTotalRate is 500 connection attempts of about 60 bytes, some 30
	// kB/s up: less than one video call, and below the new-connection rates at
	// which small firewalls begin to drop (a few thousand a second).
	DefaultTotalRate = 500
	// DefaultConnections lets the total rate be reached among silent hosts: 500
	// a second, each waited for at most 2 seconds.
	DefaultConnections = 1024
)

// WithDefaults returns the limits with each zero replaced by its default.
func (l Limits) WithDefaults() Limits {
	if l.PerHostRate == 0 {
		l.PerHostRate = DefaultPerHostRate
	}
	if l.TotalRate == 0 {
		l.TotalRate = DefaultTotalRate
	}
	if l.Connections == 0 {
		l.Connections = DefaultConnections
	}
	return l
}

// The bounds of a scope file.
const (
	// maxHostsOfIPv6 is the largest IPv6 network that is asked: 2^20 addresses
	// are half an hour at the default rate on one port; a /64 is a billion years.
	maxHostsOfIPv6 = 1 << 20
	// maxFile bounds a scope file and each line of a file of entries; real ones
	// are below 10 kB and 100 bytes.
	maxFile = 4 << 20
	maxLine = 4 << 10
	// maxEntries bounds include and exclude each, with their files: all prefixes
	// of the BGP table are a million. maxListFile is 64 bytes for each of them.
	maxEntries  = 1 << 20
	maxListFile = 64 << 20
	// maxFiles bounds include_files and exclude_files each. Files of entries do
	// not name further files.
	maxFiles = 256
	// maxAddressesOfName is as many addresses of an included name as are asked: a
	// name says whom, and its zone could say the whole internet. Large services
	// have a dozen.
	maxAddressesOfName = 32
	// maxText bounds each text of the authorisation: it goes into a User-Agent.
	maxText = 200
)

// defaultDICOMPorts are the registered ports (104, 11112, 2762 for TLS) and the
// defaults of Orthanc (4242) and of other archives that the 2019 study met.
func defaultDICOMPorts() []uint16 { return []uint16{104, 11112, 2762, 4242, 11113} }

// defaultHTTPPorts are the web's own, and those of Orthanc (8042) and of the
// Java servers (8080, 8443).
func defaultHTTPPorts() []uint16 { return []uint16{80, 443, 8042, 8080, 8443} }
