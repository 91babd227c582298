package tlog_test

import (
	"testing"

	"github.com/leadglass/leadglass/internal/tlog"
)

// FuzzParse gives each decoder of what lies on the disk whatever may lie there.
func FuzzParse(f *testing.F) {
	f.Add([]byte("example.org/log\n1\nAAAA\n"))
	f.Add([]byte{0, 3, 'a', 'b', 'c'})
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = tlog.ParseCheckpoint(string(b))
		if _, n, err := tlog.ParseFrame(b); err == nil && n > len(b) {
			t.Errorf("a frame of %d bytes in %d", n, len(b))
		}
		if _, _, n, err := tlog.ParseSegmentHeader(b); err == nil && n > len(b) {
			t.Errorf("a header of %d bytes in %d", n, len(b))
		}
		if entries, err := tlog.ParseBundle(b); err == nil {
			total := 0
			for _, e := range entries {
				total += len(e) + 2
			}
			if total != len(b) {
				t.Errorf("entries of %d bytes in %d", total, len(b))
			}
		}
	})
}
