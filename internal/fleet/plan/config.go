package plan

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/leadglass/leadglass/internal/fleet/content"
)

// Config says what fleet to plan. Zero numbers are those of the preset.
type Config struct {
	Preset  Preset
	Systems int64        // DICOM systems in all
	Studies int64        // on the disclosing systems
	Images  int64        // of those studies; at least as many
	Seed    uint64       // the same seed gives the same fleet
	Listen  netip.Prefix // the addresses of the fleet; zero is 127.16.0.0/12
	// HighPorts leaves out the ports that only root may listen on.
	HighPorts bool
	// Estimates is how many systems are too large to be counted within a default
	// budget. Their numbers in the truth are exact all the same.
	Estimates int
	Now       time.Time // the scope's authorisation is valid around it
}

// Preset names a set of numbers.
type Preset string

// The presets.
const (
	// Greenbone2019 has the numbers of the study of 2019: 2,300 systems, 590 of
	// them disclosing in 52 countries, 24.3 million studies, 737 million images,
	// 400 million of them on systems that permit retrieval, 39 viewers open over
	// plain HTTP.
	Greenbone2019 Preset = "greenbone-2019"
	// Small has the same shares at a size for a demonstration.
	Small Preset = "small"
	// Tiny has each way for a system to be once or twice, for tests; it needs no
	// right to listen on low ports.
	Tiny Preset = "tiny"
	// Bench has 1,024 plain open archives on port 11112 among 15,360 silent
	// addresses, for measuring discovery.
	Bench Preset = "bench"
)

// Presets lists them all.
func Presets() []Preset { return []Preset{Greenbone2019, Small, Tiny, Bench} }

// size is the numbers of a preset.
type size struct {
	systems     uint64 // DICOM systems
	disclosing  uint64 // of all systems, web archives included
	studies     uint64
	images      uint64
	accessible  uint64 // images on systems that permit retrieval
	clustered   uint64 // systems in groups of identical software
	column      int    // of the tables of roles
	blockBits   int    // prefix length of a network
	hostsAtMost int    // hosts in one network
	dicomPorts  []uint16
	httpPorts   []uint16
}

// The ports that a survey asks by default, in its order.
func defaultDICOMPorts() []uint16 { return []uint16{104, 11112, 2762, 4242, 11113} }
func defaultHTTPPorts() []uint16  { return []uint16{80, 443, 8042, 8080, 8443} }

func (p Preset) size() (size, error) {
	s := size{blockBits: 29, hostsAtMost: 3, dicomPorts: defaultDICOMPorts(), httpPorts: defaultHTTPPorts()}
	switch p {
	case Greenbone2019:
		s.systems, s.disclosing = 2300, 590
		s.studies, s.images, s.accessible = 24_300_000, 737_000_000, 400_000_000
		s.clustered, s.column = 1012, 0 // 44 % of 2,300
	case Small:
		s.systems, s.disclosing = 150, 39
		s.studies, s.images, s.accessible = 162_000, 4_913_000, 2_667_000
		s.clustered, s.column = 66, 1
	case Tiny:
		s.systems, s.disclosing = 38, 24
		s.studies, s.images, s.accessible = 6_000, 150_000, 80_000
		s.clustered, s.column = 14, 2
		s.dicomPorts, s.httpPorts = []uint16{11112, 4242, 2762}, []uint16{8042, 8080, 8443}
	case Bench:
		s.systems, s.disclosing = 1024, 1024
		s.studies, s.images, s.accessible = 1_024_000, 20_000_000, 10_000_000
		s.clustered, s.column = 1024, 3
		s.blockBits, s.hostsAtMost = 28, 1
		s.dicomPorts, s.httpPorts = []uint16{11112}, []uint16{8042}
	default:
		return s, fmt.Errorf("fleet: preset %q is none of %q", p, Presets())
	}
	return s, nil
}

// resolve fills in what the configuration leaves open.
func (c *Config) resolve() (size, error) {
	s, err := c.Preset.size()
	if err != nil {
		return s, err
	}
	if !c.Listen.IsValid() {
		c.Listen = netip.MustParsePrefix("127.16.0.0/12")
	}
	c.Listen = c.Listen.Masked()
	if !c.Listen.Addr().Is4() || !c.Listen.Addr().IsLoopback() || c.Listen.Bits() < 8 {
		return s, fmt.Errorf("fleet: %q is not a part of 127.0.0.0/8: the fleet stays on loopback", c.Listen)
	}
	if c.Now.IsZero() {
		c.Now = time.Now()
	}
	s.override(c)
	if c.HighPorts {
		low := func(p uint16) bool { return p < 1024 }
		s.dicomPorts = slices.DeleteFunc(s.dicomPorts, low)
		s.httpPorts = slices.DeleteFunc(s.httpPorts, low)
	}
	return s, s.check(c)
}

// override takes the numbers of the configuration and keeps the shares.
func (s *size) override(c *Config) {
	if n := uint64(max(0, c.Systems)); n > 0 && n != s.systems {
		s.disclosing = max(1, content.Proportion(s.disclosing, n, s.systems))
		s.clustered = content.Proportion(s.clustered, n, s.systems)
		s.systems = n
	}
	if n := uint64(max(0, c.Studies)); n > 0 && n != s.studies {
		s.images = content.Proportion(s.images, n, s.studies)
		s.accessible = content.Proportion(s.accessible, n, s.studies)
		s.studies = n
	}
	if n := uint64(max(0, c.Images)); n > 0 && n != s.images {
		s.accessible = content.Proportion(s.accessible, n, s.images)
		s.images = n
	}
}

func (s *size) check(c *Config) error {
	if c.Systems < 0 || c.Studies < 0 || c.Images < 0 || c.Estimates < 0 {
		return fmt.Errorf("fleet: numbers of systems, studies, images and estimates are not negative")
	}
	if s.images < s.studies {
		return fmt.Errorf("fleet: %d images are too few for %d studies: each has at least one", s.images, s.studies)
	}
	return nil
}
