package main

import (
	"github.com/spf13/cobra"

	"github.com/leadglass/leadglass/internal/serve"
)

// defaultData is the data folder of an archive that is told nothing.
const defaultData = "leadglass-data"

// archiveConfig says which archive a command is about.
type archiveConfig struct {
	// Config is the TOML file of leadglass serve; without one the archive is one on
	// loopback.
	Config string
	// Data is its data folder, and wins over the file's. The default is
	// leadglass-data in the working folder.
	Data string
}

func (c *archiveConfig) flags(cmd *cobra.Command) {
	f := cmd.PersistentFlags()
	f.SortFlags = false
	f.StringVar(&c.Config, "config", "", "`file` of the archive's configuration")
	f.StringVar(&c.Data, "data", "", "`folder` of the archive's data (default "+defaultData+")")
}

// load reads the configuration.
func (c *archiveConfig) load() (serve.Config, error) {
	var sc serve.Config
	if c.Config != "" {
		var err error
		if sc, err = serve.Load(c.Config); err != nil {
			return sc, err
		}
	}
	if c.Data != "" {
		sc.Data = c.Data
	}
	if sc.Data == "" {
		sc.Data = defaultData
	}
	return sc, nil
}

// existing is load for a command about an archive that is there already.
func (c *archiveConfig) existing() (serve.Config, error) {
	sc, err := c.load()
	if err != nil {
		return sc, err
	}
	return sc, sc.Existing()
}
