package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	gen "github.com/leadglass/leadglass/dicom/dict/gen"
)

func TestGenerate_CommittedFiles(t *testing.T) {
	files, err := gen.Generate("../testdata")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) != 3 {
		t.Errorf("%d files, want 3", len(files))
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what its tables say: run go generate ./dicom/dict", name)
		}
	}
}

func TestGenerate_BadTables(t *testing.T) {
	good := "00100010\tPN\t1\tPatientName\tPatient's Name\t-\n"
	uids := "1.2.3\tname\tKeyword\tSOP Class\t-\n"
	for name, elements := range map[string]string{
		"fields":  "00100010\tPN\t1\n",
		"tag":     "0010001G\tPN\t1\tPatientName\tPatient's Name\t-\n",
		"keyword": "00100010\tPN\t1\tPatient Name\tPatient's Name\t-\n",
		"double":  good + good,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, "elements.tsv", elements)
			write(t, dir, "uids.tsv", uids)
			if _, err := gen.Generate(dir); err == nil {
				t.Error("no error")
			}
		})
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
