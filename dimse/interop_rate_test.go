package dimse_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/internal/peertest"
)

// sink takes objects and keeps their number.
type sink struct{ objects, bytes int64 }

func (s *sink) Store(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
	n, _ := io.Copy(io.Discard, rq.Data) // an error ends the association
	s.objects, s.bytes = s.objects+1, s.bytes+n
	return dimse.Success
}

// TestInterop_StoreRate: DCMTK's storescu leaves Nagle's algorithm on unless it
// is told otherwise, and then holds back the end of each object until the
// server has acknowledged its beginning.
func TestInterop_StoreRate(t *testing.T) {
	peertest.Need(t, peertest.Files, "storescu")
	const copies = 400
	_, file := realFile(t, "CT_small.dcm")
	dir := t.TempDir()
	for i := range copies {
		if err := os.WriteFile(filepath.Join(dir, strconv.Itoa(i)+".dcm"), file, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := &sink{}
	address := dimsetest.Serve(t, s, dimse.Limits{})
	cmd := exec.CommandContext(within(t), "storescu", "+sd", "127.0.0.1", port(t, address), dir)
	for _, v := range os.Environ() {
		if len(v) < 12 || v[:12] != "TCP_NODELAY=" {
			cmd.Env = append(cmd.Env, v)
		}
	}
	start := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rate := copies / time.Since(start).Seconds()
	t.Logf("%d objects of %d bytes: %.0f a second", s.objects, s.bytes/max(s.objects, 1), rate)
	if s.objects != copies || rate < 200 {
		t.Errorf("%d objects of %d, %.0f a second, want at least 200", s.objects, copies, rate)
	}
}
