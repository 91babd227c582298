package place

import (
	"io"

	"github.com/oschwald/maxminddb-golang/v2"
)

// ReadNetworks reads a table from memory.
func (f *Finder) ReadNetworks(name string, r io.Reader) error { return f.readNetworks(name, r) }

// ReadMMDB takes a database from memory.
func (f *Finder) ReadMMDB(b []byte) error {
	r, err := maxminddb.OpenBytes(b)
	if err == nil {
		f.files = append(f.files, database{r})
	}
	return err
}

// The limits.
const (
	MaxNetworks      = maxNetworks
	MaxNetworksBytes = maxNetworksBytes
	MaxDatabaseBytes = maxDatabaseBytes
	MaxText          = maxText
)
