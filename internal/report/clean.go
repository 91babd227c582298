package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of texts and lists. A peer chooses many of these texts, so each has a
// bound that no honest value reaches; schema.json repeats them.
const (
	maxAddress = 280 // a DNS name of 253 (RFC 1035 section 2.3.4), a colon and a port, with room for a zone
	maxWord    = 64  // names that we chose ourselves, and a UID: PS3.5 section 9.1 allows 64
	maxText    = 128 // product, version, vendor; PS3.7 section D.3.3.2.3 allows 16 for a version name
	maxLong    = 256 // network owners, methods, sources; the longest owner in RIPE's database is under 200
	maxList    = 256 // entries of one list of one system; the longest product list of CVEs is under 100
)

// clean returns s without control, format and other unprintable characters,
// with white space made plain, and with at most limit runes. Format characters
// include those that reverse the direction of text.
func clean(s string, limit int) string {
	return strings.TrimSpace(strip(s, limit))
}

// strip is clean but for the spaces at the ends.
func strip(s string, limit int) string {
	if isPlain(s, limit) {
		return s
	}
	var b strings.Builder
	n := 0
	for _, r := range s {
		if unicode.IsSpace(r) {
			r = ' '
		}
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			continue
		}
		if n == limit {
			break
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// isPlain is the usual case, found without allocation.
func isPlain(s string, limit int) bool {
	if len(s) > limit {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

func cleanAll(list []string, limit int) []string {
	if len(list) > maxList {
		list = list[:maxList]
	}
	for i := range list {
		list[i] = clean(list[i], limit)
	}
	return list
}

// scrub cleans and bounds every text of the survey, in place.
func (s *Survey) scrub() {
	s.Tool = clean(s.Tool, maxText)
	a := &s.Authorisation
	a.Organisation, a.Contact, a.Reference = clean(a.Organisation, maxLong), clean(a.Contact, maxLong), clean(a.Reference, maxLong)
	for i := range s.Systems {
		s.Systems[i].scrub()
	}
}

func (s *System) scrub() {
	short := []*string{&s.Class, &s.Reject, &s.ImplementationClassUID, &s.Count.Kind}
	for _, p := range short {
		*p = clean(*p, maxWord)
	}
	for _, p := range []*string{&s.Vendor, &s.Product, &s.Version, &s.ImplementationVersionName} {
		*p = clean(*p, maxText)
	}
	for _, p := range []*string{&s.Name, &s.Network, &s.Count.Method} {
		*p = clean(*p, maxLong)
	}
	s.Address, s.SameArchiveAs = clean(s.Address, maxAddress), clean(s.SameArchiveAs, maxAddress)
	s.Country = countryCode(s.Country)
	for _, p := range []*[]string{&s.Exposures, &s.Attributes, &s.Indicators, &s.Honeypot} {
		*p = cleanAll(*p, maxWord)
	}
	s.GovernmentIDs = cleanKeys(s.GovernmentIDs)
	s.scrubParts()
}

func (s *System) scrubParts() {
	s.Vulnerabilities = s.Vulnerabilities[:min(len(s.Vulnerabilities), maxList)]
	for i := range s.Vulnerabilities {
		v := &s.Vulnerabilities[i]
		v.ID, v.Vector, v.Source = clean(v.ID, maxWord), clean(v.Vector, maxLong), clean(v.Source, maxLong)
	}
	if s.TLS != nil {
		s.TLS.Versions, s.TLS.Faults = cleanAll(s.TLS.Versions, maxWord), cleanAll(s.TLS.Faults, maxText)
	}
	s.Web = s.Web[:min(len(s.Web), maxList)]
	for i := range s.Web {
		s.Web[i].Address = clean(s.Web[i].Address, maxAddress)
		s.Web[i].Open = cleanAll(s.Web[i].Open, maxWord)
	}
}

func cleanKeys(m map[string]int) map[string]int {
	for k, v := range m {
		if c := clean(k, maxWord); c != k || c == "" {
			delete(m, k)
			if c != "" {
				m[c] += v
			}
		}
	}
	return m
}

// countryCode returns an ISO 3166-1 alpha-2 code in capitals, or "".
func countryCode(s string) string {
	if len(s) != 2 {
		return ""
	}
	s = strings.ToUpper(s)
	for i := range 2 {
		if s[i] < 'A' || s[i] > 'Z' {
			return ""
		}
	}
	return s
}
