package durable_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass/internal/durable"
)

func TestWriteFile_ReadsBack(t *testing.T) {
	name := filepath.Join(t.TempDir(), "whole")
	for _, want := range [][]byte{[]byte("first"), {}, []byte("another")} {
		if err := durable.WriteFile(durable.OS(), name, want); err != nil {
			t.Fatal(err)
		}
		if got, err := durable.ReadFile(durable.OS(), name, 100); err != nil || !bytes.Equal(got, want) {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

func TestLimit_ReadFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "long")
	if err := durable.WriteFile(durable.OS(), name, make([]byte, 11)); err != nil {
		t.Fatal(err)
	}
	for limit, good := range map[int64]bool{11: true, 10: false} {
		if _, err := durable.ReadFile(durable.OS(), name, limit); (err == nil) != good {
			t.Errorf("11 bytes with a limit of %d: %v", limit, err)
		}
	}
}

func FuzzReadFile(f *testing.F) {
	f.Add([]byte("text"), int64(3))
	f.Fuzz(func(t *testing.T, data []byte, limit int64) {
		name := filepath.Join(t.TempDir(), "f")
		if err := durable.WriteFile(durable.OS(), name, data); err != nil {
			t.Fatal(err)
		}
		got, err := durable.ReadFile(durable.OS(), name, limit)
		if (err == nil) != (int64(len(data)) <= limit) || err == nil && !bytes.Equal(got, data) {
			t.Errorf("%d bytes, limit %d: %d bytes, %v", len(data), limit, len(got), err)
		}
	})
}
