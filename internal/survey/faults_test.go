package survey_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/report"
	"github.com/leadglass/leadglass/internal/scope"
	"github.com/leadglass/leadglass/internal/survey"
)

// broken runs a survey of sixteen whose checkpoint fails, and wants to be told.
func broken(t *testing.T, cfg survey.Config, fail func(op string, b []byte) (int, error)) *report.Survey {
	t.Helper()
	cfg.Dial, cfg.Lookup = (&dialer{there: always}).dial, noLookup(t)
	s, err := survey.Run(context.Background(), survey.WithFaults(cfg, fail))
	e, ok := errors.AsType[*survey.Error](err)
	if !ok || !errors.Is(err, syscall.ENOSPC) || e.Hint() == "" {
		t.Errorf("error %v, want one of the disk with a hint", err)
	}
	return s
}

// lineByLine examines a host when the line of the one before is written, so
// that lines never leave together.
func lineByLine(written *atomic.Int64) *examiner {
	n := int64(0) // one host at a time
	return &examiner{examine: func(ctx context.Context, h scope.Host, _ *probe.Network) (*survey.Found, error) {
		for n++; written.Load() < n; time.Sleep(100 * time.Microsecond) {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
		return found(h), nil
	}}
}

// TestCheckpoint_Faults has each write, of the first line, of each of the 16
// hosts and of the last, and each sync, fail in turn. The survey ends with what
// there is, and a resume asks for the rest and completes it.
func TestCheckpoint_Faults(t *testing.T) {
	for op, last := range map[string]int64{"write": 18, "sync": 2} {
		for nth := int64(1); nth <= last; nth++ {
			t.Run(fmt.Sprintf("%s_%d", op, nth), func(t *testing.T) {
				var n, written atomic.Int64
				sc := load(t, sixteen)
				sc.Limits.Connections = 1
				dir := t.TempDir()
				s := broken(t, survey.Config{Scope: sc, Examiner: lineByLine(&written), Dir: dir}, func(which string, b []byte) (int, error) {
					if which == op && n.Add(1) == nth {
						return len(b) / 2, syscall.ENOSPC
					}
					if which == "write" {
						written.Add(1)
					}
					return len(b), nil
				})
				if n.Load() < nth || (s == nil) != (nth == 1) {
					t.Errorf("%d of them, survey %v", n.Load(), s)
				}
				kept, _, _, err := survey.Kept(bytes.NewReader(checkpoint(t, dir)))
				if want := uint64(max(0, nth-2)); op == "write" && (err != nil || kept != want) {
					t.Errorf("%d hosts kept, %v; want %d", kept, err, want)
				}
				if again, d := resume(t, dir); len(again.Systems) != 16 || again.Partial || len(d.hosts()) != 16-int(kept) {
					t.Errorf("%d systems after the resume, which asked %d hosts and not %d", len(again.Systems), len(d.hosts()), 16-kept)
				}
			})
		}
	}
}

// TestCheckpoint_FaultsInABatch tears a write of 15 lines at the end of each
// line, one byte before, and one behind.
func TestCheckpoint_FaultsInABatch(t *testing.T) {
	for lines := range 16 {
		for _, off := range []int{-1, 0, 1} {
			t.Run(fmt.Sprintf("%d_lines_%d", lines, off+1), func(t *testing.T) {
				var done atomic.Int64
				e := &examiner{examine: func(_ context.Context, h scope.Host, _ *probe.Network) (*survey.Found, error) {
					done.Add(1)
					return found(h), nil
				}}
				hold := func(p survey.Progress) { // the first host's line is written; the others gather
					for began := time.Now(); p.Hosts == 1 && time.Since(began) < 5*time.Second && done.Load() < 16; {
						time.Sleep(100 * time.Microsecond)
					}
					if p.Hosts == 1 {
						time.Sleep(5 * time.Millisecond) // from its examination into the queue
					}
				}
				dir, kept, whole := t.TempDir(), 0, -1 // the first line is no host's
				broken(t, survey.Config{Scope: load(t, sixteen), Examiner: e, Dir: dir, Progress: hold}, func(op string, b []byte) (int, error) {
					if op != "write" || bytes.Count(b, []byte("\n")) < 2 {
						whole += bytes.Count(b, []byte("\n"))
						return len(b), nil
					}
					for range min(lines, bytes.Count(b, []byte("\n"))) {
						kept += bytes.IndexByte(b[kept:], '\n') + 1
					}
					kept = min(max(0, kept+off), len(b))
					whole += bytes.Count(b[:kept], []byte("\n"))
					return kept, syscall.ENOSPC
				})
				hosts, size, finished, err := survey.Kept(bytes.NewReader(checkpoint(t, dir)))
				if err != nil || finished || hosts != uint64(whole) {
					t.Errorf("%d hosts in %d bytes, finished %v, %v; want %d", hosts, size, finished, err, whole)
				}
				if again, d := resume(t, dir); len(again.Systems) != 16 || again.Partial || len(d.hosts()) != 16-int(hosts) {
					t.Errorf("%d systems after the resume, which asked %d hosts and not %d", len(again.Systems), len(d.hosts()), 16-hosts)
				}
			})
		}
	}
}
