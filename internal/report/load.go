package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
)

// The files that Write makes.
const (
	SurveyFile  = "survey.json"
	SystemsFile = "systems.csv"
	ReportFile  = "report.html"
)

// Limits bound what is read. Zero is the default, a negative value switches a
// limit off.
type Limits struct {
	// SurveyBytes bounds a survey.json; the default is 512 MiB. The full
	// fleet of 2,300 systems makes 4 MB, so that is some 250,000 systems.
	SurveyBytes int64
}

const defaultSurveyBytes = 512 << 20

// LimitError says which limit was passed.
type LimitError struct {
	Name  string
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("report: more than %d %s", e.Limit, e.Name)
}

// VersionError says that a file is of a format that this program does not know.
type VersionError struct{ Version int }

func (e *VersionError) Error() string {
	return fmt.Sprintf("report: survey of format version %d, but this program reads version %d", e.Version, FormatVersion)
}

// Hint says what to do about it.
func (e *VersionError) Hint() string {
	if e.Version > FormatVersion {
		return "it was written by a newer leadglass; use that one or a later one"
	}
	return "it is not a survey.json, or it was damaged; run the survey again"
}

// Load reads a survey.json, or the one in a folder that Write made.
func Load(name string) (*Survey, error) {
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		name = filepath.Join(name, SurveyFile)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("report: opening survey: %w", err)
	}
	defer f.Close()
	s, err := Decode(f, Limits{})
	if err != nil {
		return nil, fmt.Errorf("report: reading %q: %w", name, err)
	}
	return s, nil
}

// Decode reads a survey strictly: unknown keys, a second value and figures that
// cannot be are errors, and every text is cleaned.
func Decode(r io.Reader, l Limits) (*Survey, error) {
	data, err := readAll(r, l)
	if err != nil {
		return nil, err
	}
	var head struct{ Version int }
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("report: parsing survey: %w", err)
	}
	if head.Version != FormatVersion {
		return nil, &VersionError{head.Version}
	}
	s := new(Survey)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(s); err != nil {
		return nil, fmt.Errorf("report: parsing survey: %w", err)
	}
	s.scrub()
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}

// check refuses what Finish never makes.
func (s *Survey) check() error {
	if s.Hosts < 0 || s.HostsAsked < 0 {
		return errors.New("report: a negative number of hosts")
	}
	seen := make(map[string]bool, len(s.Systems))
	for i := range s.Systems {
		y := &s.Systems[i]
		if err := y.check(); err != nil {
			return fmt.Errorf("report: system %d of %d: %w", i+1, len(s.Systems), err)
		}
		if seen[y.Address] {
			return fmt.Errorf("report: system %q is listed twice", y.Address)
		}
		seen[y.Address] = true
	}
	if s.Totals.negative() {
		return errors.New("report: a negative count in the totals")
	}
	for i := range s.Countries {
		c := &s.Countries[i]
		if Grade(c.Grade).Definition() == "" {
			return fmt.Errorf("report: unknown grade %q", c.Grade)
		}
		if c.Totals.negative() {
			return fmt.Errorf("report: a negative count in the totals of %q", c.Code)
		}
	}
	return nil
}

func (t *Totals) negative() bool {
	return min(t.SystemsDICOM, t.SystemsDisclosing, t.Countries, t.Patients, t.Studies, t.Images, t.ImagesAccessible,
		t.WebViewersOpen, t.WebViewersOpenHTTP, t.SystemsVulnerable, t.SystemsCVSS10, t.SystemsCompromiseIndicators,
		t.SystemsTLS, t.SystemsAnyAETitle, t.SoftwareClusters, t.SystemsInClusters, t.HoneypotSuspects, t.SystemsEstimated,
		t.StudiesLow, t.StudiesHigh, t.ImagesLow, t.ImagesHigh) < 0
}

func (s *System) check() error {
	_, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		return fmt.Errorf("address %q: %w", s.Address, err)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return fmt.Errorf("address %q has no port number", s.Address)
	}
	switch s.Count.Kind {
	case CountExact, CountEstimate, CountNone:
	default:
		return fmt.Errorf("unknown kind of count %q", s.Count.Kind)
	}
	c := &s.Count
	if min(s.Patients, s.Studies, s.Images, c.StudiesLow, c.StudiesHigh, c.ImagesLow, c.ImagesHigh) < 0 {
		return errors.New("a negative count")
	}
	return nil
}

func readAll(r io.Reader, l Limits) ([]byte, error) {
	limit := l.SurveyBytes
	switch {
	case limit < 0:
		return io.ReadAll(r)
	case limit == 0:
		limit = defaultSurveyBytes
	}
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, &LimitError{"survey bytes", limit}
	}
	return data, err
}
