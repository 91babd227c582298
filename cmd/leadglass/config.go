package main

import (
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/leadglass/leadglass/internal/advisory"
	"github.com/leadglass/leadglass/internal/place"
)

// surveyConfig is what leadglass survey is told.
type surveyConfig struct {
	// Scope is the TOML file that says who permitted the survey and whom it may
	// ask. Required; without it nothing is sent.
	Scope string
	// Out is the folder of the results. It is made, for its owner alone; what is
	// in it must be of the same scope. Required unless DryRun.
	Out string
	// DryRun prints what would be asked, and sends nothing, not even a look-up.
	DryRun bool
	// Discover finds and identifies, and asks no more: one association for each
	// DICOM port, the first page of each web port. Nothing is counted.
	Discover bool
	// Resume goes on with the survey of Out, which was stopped or killed. Where
	// there is none it begins one, so that a unit file can always say it.
	Resume bool
	// Networks are CSV files of CIDR,country,site; they win over MMDB.
	Networks []string
	// MMDB are files of countries or network owners in MaxMind's format.
	MMDB []string
	// Advisories are CSAF, OSV or CVE JSON files, or folders of them, that add to
	// the built-in table.
	Advisories []string
	// Timeout is how long one answer of a target is waited for. Slow networks
	// need more; less makes a survey faster where many ports say nothing, and
	// lets slow archives count as silent.
	Timeout time.Duration
	// Quiet prints nothing but errors.
	Quiet bool
	// Verbose writes to stderr what went wrong with single questions. Without it
	// only what spoils the survey is written.
	Verbose bool
}

func (c *surveyConfig) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&c.Scope, "scope", "", "`file` that says who permitted the survey and whom it may ask")
	f.StringVar(&c.Out, "out", "", "`folder` for the results; made where it is missing")
	f.BoolVar(&c.DryRun, "dry-run", false, "print what would be asked of how many hosts, and send nothing")
	f.BoolVar(&c.Discover, "discover", false, "find and identify only: one association a port, no questions, no counts")
	f.BoolVar(&c.Resume, "resume", false, "go on with the survey in the folder")
	f.StringArrayVar(&c.Networks, "networks", nil, "CSV `file` of CIDR,country,site (repeatable)")
	f.StringArrayVar(&c.MMDB, "mmdb", nil, "mmdb `file` of countries or network owners (repeatable)")
	f.StringArrayVar(&c.Advisories, "advisories", nil, "CSAF, OSV or CVE JSON `file`, or a folder of them (repeatable)")
	f.DurationVar(&c.Timeout, "timeout", 10*time.Second, "how long one answer is waited for")
	f.BoolVarP(&c.Quiet, "quiet", "q", false, "print nothing but errors")
	f.BoolVarP(&c.Verbose, "verbose", "v", false, "write diagnostics to stderr")
}

// level is the least level of diagnostics that is written.
func (c *surveyConfig) level() slog.Level {
	if c.Verbose {
		return slog.LevelDebug
	}
	return slog.LevelError
}

func (c *surveyConfig) places() (*place.Finder, error) {
	f := new(place.Finder)
	for _, name := range c.Networks {
		if err := f.LoadNetworks(name); err != nil {
			return nil, hinted(err, "a line is CIDR,country,site: 192.0.2.0/24,DE,Example Clinic")
		}
	}
	for _, name := range c.MMDB {
		if err := f.LoadMMDB(name); err != nil {
			return nil, hinted(err, "name a file in MaxMind's format, of countries, ASNs or providers")
		}
	}
	return f, nil
}

func (c *surveyConfig) advisories() (*advisory.Table, error) {
	t := advisory.Embedded()
	for _, name := range c.Advisories {
		if err := t.Load(name); err != nil {
			return nil, &hintError{err, "name a file of CSAF, OSV or CVE JSON, or a folder of such files", exitTrouble}
		}
	}
	return t, nil
}
