package archive_test

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/archive"
)

// FuzzStore stores files of any bytes: what is taken comes back byte for byte.
func FuzzStore(f *testing.F) {
	f.Add(fileOf(f, slice{n: 1, pixels: 10}))
	f.Add(slice{n: 1}.dataset())
	f.Add([]byte{})
	a, err := archive.Open(context.Background(), archive.Config{Dir: filepath.Join(f.TempDir(), "o"), Index: memIndex(f)})
	if err != nil {
		f.Fatal(err)
	}
	defer a.Close()
	f.Fuzz(func(t *testing.T, b []byte) {
		out, err := a.Store(context.Background(), &leadglass.Incoming{File: true, Data: bytes.NewReader(b)})
		if err != nil {
			if c := leadglass.CodeOf(err); c != leadglass.Invalid && c != leadglass.Conflict {
				t.Errorf("%s: %v", c, err)
			}
			return
		}
		defer a.Delete(context.Background(), out.Ref)
		n := 0
		for o, err := range a.Objects(context.Background(), leadglass.Ref{Instance: out.Ref.Instance}) {
			if err != nil {
				t.Fatal(err)
			}
			c, err := o.Open(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(c)
			c.Close()
			if err != nil || !bytes.Equal(got, b) && !out.Duplicate {
				t.Errorf("%d bytes of %d come back, %v", len(got), len(b), err)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%d objects of a UID that was stored", n)
		}
	})
}
