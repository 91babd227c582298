package place

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"
)

// database is an open mmdb file.
type database struct{ reader *maxminddb.Reader }

// LoadMMDB adds an mmdb file, as of countries, of autonomous systems or of
// internet providers.
func (f *Finder) LoadMMDB(name string) error {
	r, err := maxminddb.Open(name)
	if err != nil {
		return fmt.Errorf("place: opening mmdb file %q: %w", name, err)
	}
	f.files = append(f.files, database{r})
	return nil
}

// The paths under which the makers of mmdb files keep what we ask for: MaxMind,
// DB-IP and ip-location-db, IPinfo.
func countryPaths() [][]string {
	return [][]string{{"country", "iso_code"}, {"country_code"}, {"country"}, {"registered_country", "iso_code"}}
}

func networkPaths() [][]string {
	return [][]string{{"organization"}, {"isp"}, {"autonomous_system_organization"}, {"as_name"}, {"as_organization"}}
}

// find reads the record of an address. A record that is broken or missing
// tells nothing: a survey does not end for it.
func (d database) find(a netip.Addr) Place {
	var record map[string]any
	if err := d.reader.Lookup(a).Decode(&record); err != nil {
		return Place{}
	}
	p := Place{Network: text(record, networkPaths())}
	if code := strings.ToUpper(text(record, countryPaths())); isCountry(code) {
		p.Country = code
	}
	return p
}

// text returns the first non-empty text at one of the paths.
func text(record map[string]any, paths [][]string) string {
	for _, path := range paths {
		var at any = record
		for _, key := range path {
			m, _ := at.(map[string]any)
			at = m[key]
		}
		if s, ok := at.(string); ok && s != "" {
			return s
		}
	}
	return ""
}
