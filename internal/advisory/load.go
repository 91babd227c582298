package advisory

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Load adds a file of CSAF, OSV or CVE JSON, which may also hold a list of them,
// or all such files in a folder and below.
func (t *Table) Load(name string) error {
	info, err := os.Stat(name)
	if err != nil {
		return fmt.Errorf("advisory: %w", err)
	}
	if info.IsDir() {
		return t.loadFolder(name)
	}
	return t.loadFile(name)
}

// loadFolder adds the files that end in .json. What publishers put beside them
// is left out: signatures, sums, and indexes in JSON.
func (t *Table) loadFolder(folder string) error {
	files, lim := 0, t.Limits.orDefault()
	err := filepath.WalkDir(folder, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("advisory: %w", err)
		case name != folder && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular() || !strings.EqualFold(filepath.Ext(name), ".json"):
			return nil
		}
		if files++; files > lim.Files {
			return fmt.Errorf("advisory: %q: %w", folder, &LimitError{"files", int64(lim.Files)})
		}
		if err := t.loadFile(name); err != nil && !errors.Is(err, errIndex) {
			return err
		}
		return nil
	})
	if err == nil && files == 0 {
		return fmt.Errorf("advisory: the folder %q holds no .json file", folder)
	}
	return err
}

func (t *Table) loadFile(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("advisory: %w", err)
	}
	defer f.Close()
	lim := t.Limits.orDefault()
	most := lim.Bytes
	text, err := io.ReadAll(io.LimitReader(f, max(most, most+1)))
	if err != nil {
		return fmt.Errorf("advisory: reading %q: %w", name, err)
	}
	if int64(len(text)) > most {
		return fmt.Errorf("advisory: %q: %w", name, &LimitError{"bytes", most})
	}
	if err := t.Read(text); err != nil {
		return fmt.Errorf("advisory: %q: %w", name, err)
	}
	return nil
}

// Read adds what Load adds of a file, from memory.
func (t *Table) Read(text []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(text, &list) != nil {
		list = []json.RawMessage{text}
	}
	lim := t.Limits.orDefault()
	for _, one := range list {
		entries, err := readOne(one, lim)
		if err != nil {
			return err
		}
		for product, e := range t.merged(entries) {
			t.add(product, *e)
		}
	}
	return nil
}

// errIndex is an index of advisories (a ROLIE feed, CSAF 2.0 section 7.1.15) or
// the card of a publisher, which a folder of advisories has beside them.
var errIndex = errors.New("an index of advisories and not one: name the advisories, or the folder of them")

// readOne tells the formats apart by the keys that only they have.
func readOne(text []byte, lim Limits) ([]entry, error) {
	var key struct {
		Document json.RawMessage `json:"document"`
		DataType string          `json:"dataType"`
		Affected json.RawMessage `json:"affected"`
		Schema   string          `json:"schema_version"`
		Feed     json.RawMessage `json:"feed"`
		Card     string          `json:"metadata_version"`
	}
	if err := json.Unmarshal(text, &key); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	switch {
	case key.Document != nil:
		return readCSAF(text, lim)
	case key.DataType == "CVE_RECORD":
		return readCVE(text, lim)
	case key.Affected != nil || key.Schema != "":
		return readOSV(text, lim)
	case key.Feed != nil || key.Card != "":
		return nil, errIndex
	}
	return nil, fmt.Errorf("neither CSAF (document), CVE JSON 5 (dataType CVE_RECORD) nor OSV (affected)")
}

// merged makes one entry of those of one id, for each product: a record names
// a product once for each platform, ecosystem and container.
func (t *Table) merged(entries []entry) func(yield func(string, *entry) bool) {
	type key struct{ id, product string }
	at := map[key]*entry{}
	var order []key
	for _, e := range entries {
		seen := map[string]bool{}
		for _, name := range e.names {
			product := t.canonical(name)
			if product == "" || seen[product] {
				continue
			}
			seen[product] = true
			k := key{e.ID, product}
			if have := at[k]; have != nil {
				have.claims = append(have.claims, e.claims...)
				have.Exploited = have.Exploited || e.Exploited
				continue
			}
			own := e
			own.names, own.claims = nil, append([]claim(nil), e.claims...)
			at[k], order = &own, append(order, k)
		}
	}
	return func(yield func(string, *entry) bool) {
		for _, k := range order {
			if !yield(k.product, at[k]) {
				return
			}
		}
	}
}
