package place

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/oschwald/maxminddb-golang/v2"
)

// database is an open mmdb file.
type database struct{ reader *maxminddb.Reader }

// LoadMMDB adds an mmdb file, as of countries, of autonomous systems or of
// internet providers. It is mapped: replace such a file by renaming another
// over it, as their makers' tools do, and do not write into it meanwhile.
func (f *Finder) LoadMMDB(name string) error {
	if err := regular(name, maxDatabaseBytes); err != nil {
		return err
	}
	r, err := maxminddb.Open(name)
	if err != nil {
		return &FormatError{File: name, Err: err}
	}
	f.files = append(f.files, database{r})
	return nil
}

// regular refuses what is no file, which could be waited for without end, and
// what is too large.
func regular(name string, limit int64) error {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return fmt.Errorf("place: %w", err)
	case !info.Mode().IsRegular():
		return &FormatError{File: name, Err: errors.New("it is no regular file")}
	case info.Size() > limit:
		return &FormatError{File: name, Err: &LimitError{"bytes of an mmdb file", limit}}
	}
	return nil
}

// The paths under which the makers of mmdb files keep what we ask for: MaxMind,
// DB-IP and ip-location-db, IPinfo.
func countryPaths() [][]any {
	return [][]any{{"country", "iso_code"}, {"country_code"}, {"country"}, {"registered_country", "iso_code"}}
}

func networkPaths() [][]any {
	return [][]any{{"organization"}, {"isp"}, {"autonomous_system_organization"}, {"as_name"}, {"as_organization"}}
}

// find reads the record of an address. A record that is broken or missing
// tells nothing: a survey does not end for it.
func (d database) find(a netip.Addr) Place {
	record := d.reader.Lookup(a)
	if record.Err() != nil || !record.Found() {
		return Place{}
	}
	p := Place{Network: text(record, networkPaths())}
	if code := strings.ToUpper(text(record, countryPaths())); isCountry(code) {
		p.Country = code
	}
	return p
}

// text returns the first text at one of the paths that is not empty. Nothing
// else of the record is decoded: what a record holds beside may be endless.
func text(record maxminddb.Result, paths [][]any) string {
	for _, path := range paths {
		var s string
		if err := record.DecodePath(&s, path...); err == nil && s != "" && len(s) <= maxText && utf8.ValidString(s) {
			return s
		}
	}
	return ""
}
