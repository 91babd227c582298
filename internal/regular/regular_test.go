package regular_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass/internal/regular"
)

func TestRead_Refuses(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{
		dir:                        "it is no regular file",
		os.DevNull:                 "it is no regular file",
		filepath.Join(dir, "none"): "no such file or directory",
	} {
		if _, err := regular.Read(name, 10); err == nil || regular.Reason(err) != want {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("eleven text"), 10)
	f.Add([]byte("eleven text"), 11)
	f.Fuzz(func(t *testing.T, text []byte, most int) {
		if most < 0 || most > 1<<20 {
			t.Skip()
		}
		name := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := regular.Read(name, most)
		if (err == nil) != (len(text) <= most) || err == nil && string(got) != string(text) {
			t.Errorf("%d bytes, at most %d: %d bytes, %v", len(text), most, len(got), err)
		}
	})
}
