package advisory

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// maxFile bounds a file: the largest published CSAF documents have some 20 MiB.
const maxFile = 64 << 20

// Load adds a CSAF, OSV or CVE JSON file; an OSV or CVE file may also hold a
// list.
func (t *Table) Load(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("advisory: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return fmt.Errorf("advisory: reading %q: %w", name, err)
	}
	if len(text) > maxFile {
		return fmt.Errorf("advisory: %q has more than %d bytes: split it", name, maxFile)
	}
	if err := t.Read(text); err != nil {
		return fmt.Errorf("advisory: %q: %w", name, err)
	}
	return nil
}

// Read adds what Load adds, from memory.
func (t *Table) Read(text []byte) error {
	var list []json.RawMessage
	if json.Unmarshal(text, &list) != nil {
		list = []json.RawMessage{text}
	}
	for _, one := range list {
		if err := t.readOne(one); err != nil {
			return err
		}
	}
	return nil
}

// readOne tells the formats apart by the keys that only they have.
func (t *Table) readOne(text []byte) error {
	var key struct {
		Document json.RawMessage `json:"document"`
		DataType string          `json:"dataType"`
		Affected json.RawMessage `json:"affected"`
	}
	if err := json.Unmarshal(text, &key); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	var entries []entry
	var err error
	switch {
	case key.Document != nil:
		entries, err = readCSAF(text)
	case key.DataType == "CVE_RECORD":
		entries, err = readCVE(text)
	case key.Affected != nil:
		entries, err = readOSV(text)
	default:
		return fmt.Errorf("neither CSAF (document), CVE JSON 5 (dataType CVE_RECORD) nor OSV (affected)")
	}
	for _, e := range t.merged(entries) {
		t.add(e)
	}
	return err
}

// merged makes one entry of those of one id and product: a record names
// a product once for each platform.
func (t *Table) merged(entries []entry) []entry {
	type key struct{ id, product string }
	at := map[key]int{}
	var merged []entry
	for _, e := range entries {
		e.product = t.canonical(e.product)
		k := key{e.ID, e.product}
		if i, again := at[k]; again {
			merged[i].affected = append(merged[i].affected, e.affected...)
			continue
		}
		at[k] = len(merged)
		merged = append(merged, e)
	}
	return merged
}
