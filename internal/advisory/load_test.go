package advisory_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/advisory"
)

func files(t *testing.T, texts map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range texts {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoad_Folder(t *testing.T) {
	one := osv(`{"package":{"name":"acme-pacs"},"versions":["1"]}`, "")
	dir := files(t, map[string]string{
		"a.json": one, "2024/b.JSON": cve(`{"product":"acme pacs","versions":[{"version":"2","status":"affected"}]}`, "", ""),
		"feed.json": `{"feed":{"id":"x"}}`, "provider-metadata.json": `{"metadata_version":"2.0","publisher":{}}`,
		"a.json.asc": "-----BEGIN", "index.txt": "a.json", ".git/x.json": "not JSON", ".hidden.json": "not JSON",
	})
	table := advisory.Embedded()
	if err := table.Load(dir); err != nil {
		t.Fatal(err)
	}
	affected(t, table, "Acme PACS", "CVE-2099-0001 0.0 false", "1", "2") // of the same vulnerability

	bad := files(t, map[string]string{"a.json": one, "deep/bad.json": "{"})
	if err := advisory.Embedded().Load(bad); err == nil || !strings.Contains(err.Error(), filepath.Join("deep", "bad.json")) {
		t.Errorf("got %v, want it to name the file", err)
	}
	if err := advisory.Embedded().Load(files(t, map[string]string{"a.txt": "x"})); err == nil || !strings.Contains(err.Error(), "holds no .json file") {
		t.Errorf("got %v, want it to say that there is none", err)
	}
}

func TestLimit_Bytes(t *testing.T) {
	text := `{"id":"X","affected":[]}`
	name := filepath.Join(files(t, map[string]string{"a.json": text}), "a.json")
	limited(t, "bytes", int64(len(text)), name, func(table *advisory.Table, n int64) { table.Limits.Bytes = n })
}

func TestLimit_Files(t *testing.T) {
	one := `{"id":"X","affected":[]}`
	dir := files(t, map[string]string{"a.json": one, "b.json": one, "c/d.json": one, "e.txt": one})
	limited(t, "files", 3, dir, func(table *advisory.Table, n int64) { table.Limits.Files = int(n) })
}

// limited wants a file to fit a limit and not the one below it.
func limited(t *testing.T, name string, n int64, file string, set func(*advisory.Table, int64)) {
	t.Helper()
	for _, fits := range []int64{n, 0, -1} {
		table := advisory.Embedded()
		set(table, fits)
		if err := table.Load(file); err != nil {
			t.Errorf("a limit of %d: %v", fits, err)
		}
	}
	table := advisory.Embedded()
	set(table, n-1)
	limit, ok := errors.AsType[*advisory.LimitError](table.Load(file))
	if !ok || limit.Name != name || limit.Limit != n-1 {
		t.Errorf("one over it: got %v, want the limit %s of %d", limit, name, n-1)
	}
}
