package archive_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass"
)

// realFiles is where Debian's python3-pydicom has its test files.
const realFiles = "/usr/lib/python3/dist-packages/pydicom/data/test_files"

// TestStore_RealFiles stores pydicom's test files and gets them back bit for bit.
func TestStore_RealFiles(t *testing.T) {
	if os.Getenv("INTEROP") != "1" {
		t.Skip("INTEROP=1 runs the tests that need Debian's packages")
	}
	a := place{dir: t.TempDir()}.open(t)
	stored, refused := 0, 0
	filepath.WalkDir(realFiles, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out, err := a.Store(context.Background(), &leadglass.Incoming{File: true, Data: bytes.NewReader(want)})
		if err != nil {
			refused++
			t.Logf("%s: %v", d.Name(), err)
			return nil
		}
		stored++
		if out.Duplicate {
			return nil
		}
		for o, err := range a.Objects(context.Background(), leadglass.Ref{Instance: out.Ref.Instance}) {
			if err != nil {
				t.Fatal(err)
			}
			c, err := o.Open(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			got := make([]byte, o.Size)
			if _, err := c.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s comes back as other bytes", d.Name())
			}
		}
		return nil
	})
	t.Logf("%d stored, %d refused", stored, refused)
	if stored < 50 {
		t.Errorf("only %d were stored", stored)
	}
	if c, err := a.Fsck(context.Background(), false); err != nil || !c.Good() {
		t.Errorf("%+v, %v", c, err)
	}
}
