package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/leadglass/leadglass/internal/exposure"
	"github.com/leadglass/leadglass/internal/probe"
)

// The kinds of a count.
const (
	CountExact    = "exact"
	CountEstimate = "estimate"
	CountNone     = "none"
)

// Finish computes clusters, totals, countries and grades from the systems, and
// sorts the systems by address. It depends on nothing else, and doing it twice
// changes nothing.
func Finish(s *Survey) {
	if s.Version == 0 {
		s.Version = FormatVersion
	}
	s.scrub()
	if s.Answers == nil {
		s.Answers = map[string]int64{}
	}
	if s.Systems == nil {
		s.Systems = []System{}
	}
	for i := range s.Systems {
		s.Systems[i].settle()
	}
	sortSystems(s.Systems)
	nameClusters(s.Systems)
	s.Totals = add(pointers(s.Systems))
	s.Countries = countries(s.Systems)
	if s.Discovery {
		s.Countries = []Country{} // a grade is of what was asked
	}
}

// settle brings the lists of a system into order and makes its intervals agree
// with its count.
func (s *System) settle() {
	slices.Sort(s.Exposures)
	s.Exposures = slices.Compact(s.Exposures)
	if s.Exposures == nil {
		s.Exposures = []string{}
	}
	c := &s.Count
	if c.Kind == "" {
		c.Kind = CountNone
	}
	if c.Kind != CountEstimate {
		c.StudiesLow, c.StudiesHigh = s.Studies, s.Studies
		c.ImagesLow, c.ImagesHigh = s.Images, s.Images
	}
}

// sortSystems sorts by address and port as numbers; what is no IP address
// comes last, as text.
func sortSystems(systems []System) {
	type keyed struct {
		at netip.AddrPort
		System
	}
	list := make([]keyed, len(systems))
	for i, s := range systems {
		at, _ := netip.ParseAddrPort(s.Address)
		list[i] = keyed{at, s}
	}
	slices.SortStableFunc(list, func(a, b keyed) int {
		if a.at.IsValid() != b.at.IsValid() {
			if a.at.IsValid() {
				return -1
			}
			return 1
		}
		return cmp.Or(a.at.Compare(b.at), strings.Compare(a.Address, b.Address))
	})
	for i := range list {
		systems[i] = list[i].System
	}
}

// software is what makes two systems identical software.
type software struct{ classUID, versionName, product, version string }

func softwareOf(s *System) software {
	return software{s.ImplementationClassUID, s.ImplementationVersionName, s.Product, s.Version}
}

// groups counts the systems of each software; honeypot suspects, and systems
// that say nothing of themselves, belong to none.
func groups(systems []*System) map[software]int64 {
	m := map[software]int64{}
	for _, s := range systems {
		if k := softwareOf(s); k != (software{}) && !Suspect(s) {
			m[k]++
		}
	}
	return m
}

// nameClusters names each group of two or more by its software, so that a group
// has the same name in every survey.
func nameClusters(systems []System) {
	size := groups(pointers(systems))
	for i := range systems {
		s := &systems[i]
		s.Cluster = ""
		if k := softwareOf(s); size[k] >= 2 && !Suspect(s) {
			s.Cluster = k.name()
		}
	}
}

// name is the product and version, and six digits that tell apart what only
// differs in the implementation.
func (k software) name() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{k.classUID, k.versionName, k.product, k.version}, "\x00")))
	label := strings.TrimSpace(k.product + " " + k.version)
	if k.product == "" {
		label = strings.TrimSpace(cmp.Or(k.versionName, "unnamed") + " " + k.version)
	}
	return label + " #" + hex.EncodeToString(sum[:3])
}

// Suspect says whether a system is a honeypot suspect: software known to be a
// honeypot, or at least two independent signs. One sign alone is kept with the
// system, which counts as what it seems to be.
func Suspect(s *System) bool {
	return len(s.Honeypot) >= 2 || slices.Contains(s.Honeypot, "known-honeypot-software")
}

// Has says whether the system has this exposure.
func (s *System) Has(id exposure.ID) bool { return slices.Contains(s.Exposures, string(id)) }

// Discloses says whether identifying attributes came back.
func (s *System) Discloses() bool { return s.Has(exposure.PatientDataDisclosed) }

// IsDICOM says whether the system gave a valid A-ASSOCIATE answer (PS3.8
// section 9.3.3 or 9.3.4). A service that wants a client certificate gave none.
func (s *System) IsDICOM() bool {
	switch probe.Class(s.Class) {
	case probe.AcceptsAnyone, probe.Rejects, probe.TLSOnly, probe.WrongPort:
		return true
	}
	return false
}

// usesTLS says whether the DICOM service was reached within TLS. A handshake on
// its own does not tell: it may have been that of a web service of the host.
func (s *System) usesTLS() bool {
	if !s.IsDICOM() {
		return false
	}
	return s.Class == string(probe.TLSOnly) || s.TLS != nil && !s.Has(exposure.DICOMPlaintext)
}

// add adds systems up. The same rules give the figures of the whole and of one
// country: a group of identical software counts where two of it are in the set.
func add(systems []*System) Totals {
	var t Totals
	places := map[string]bool{}
	for _, s := range systems {
		if Suspect(s) {
			t.HoneypotSuspects++
			continue
		}
		t.addSystem(s)
		if s.SameArchiveAs == "" {
			t.addRecords(s)
		}
		if s.Discloses() && s.Country != "" {
			places[s.Country] = true
		}
	}
	t.Countries = int64(len(places))
	for _, n := range groups(systems) {
		if n >= 2 {
			t.SoftwareClusters++
			t.SystemsInClusters += n
		}
	}
	return t
}

// addSystem counts what a system is.
func (t *Totals) addSystem(s *System) {
	for _, c := range []struct {
		n  *int64
		is bool
	}{
		{&t.SystemsDICOM, s.IsDICOM()},
		{&t.SystemsDisclosing, s.Discloses()},
		{&t.WebViewersOpen, s.Has(exposure.ViewerOpen)},
		{&t.WebViewersOpenHTTP, s.Has(exposure.ViewerPlaintext)},
		{&t.SystemsVulnerable, s.Has(exposure.Vulnerable)},
		{&t.SystemsCVSS10, s.Has(exposure.VulnerableCritical)},
		{&t.SystemsCompromiseIndicators, s.Has(exposure.Compromised)},
		{&t.SystemsTLS, s.usesTLS()},
		{&t.SystemsAnyAETitle, s.Has(exposure.AnyAETitle)},
	} {
		if c.is {
			*c.n++
		}
	}
}

// addRecords counts what a system holds.
func (t *Totals) addRecords(s *System) {
	sum(&t.Patients, s.Patients)
	sum(&t.Studies, s.Studies)
	sum(&t.Images, s.Images)
	if s.Retrievable {
		sum(&t.ImagesAccessible, s.Images)
	}
	if s.Count.Kind == CountEstimate {
		t.SystemsEstimated++
	}
	sum(&t.StudiesLow, s.Count.StudiesLow)
	sum(&t.StudiesHigh, s.Count.StudiesHigh)
	sum(&t.ImagesLow, s.Count.ImagesLow)
	sum(&t.ImagesHigh, s.Count.ImagesHigh)
}

// sum adds what a peer claims, which may be negative or enormous: a total only
// grows, and stops at the largest number there is.
func sum(n *int64, more int64) {
	switch {
	case more <= 0:
	case *n > math.MaxInt64-more:
		*n = math.MaxInt64
	default:
		*n += more
	}
}

func countries(systems []System) []Country {
	byCode := map[string][]*System{}
	for i := range systems {
		s := &systems[i]
		byCode[s.Country] = append(byCode[s.Country], s)
	}
	list := make([]Country, 0, len(byCode))
	for code, in := range byCode {
		list = append(list, Country{Code: code, Grade: string(gradeOf(in)), Totals: add(in)})
	}
	slices.SortFunc(list, func(a, b Country) int { return strings.Compare(a.Code, b.Code) })
	return list
}

func pointers(systems []System) []*System {
	list := make([]*System, len(systems))
	for i := range systems {
		list[i] = &systems[i]
	}
	return list
}
