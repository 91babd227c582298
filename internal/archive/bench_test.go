package archive_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/benchtest"
)

// BenchmarkStore stores CT slices of 512 KiB and small objects, from one sender
// and from four. cpu-us/op is that of the whole process.
func BenchmarkStore(b *testing.B) {
	for _, pixels := range []int{512 << 10, 2 << 10} {
		for _, senders := range []int{1, 4} {
			b.Run(fmt.Sprintf("%dKiB_senders%d", pixels>>10, senders), func(b *testing.B) {
				a := place{dir: b.TempDir()}.open(b)
				template := slice{n: 1000000, pixels: pixels}.dataset()
				at := bytes.Index(template, []byte("1.2.3.1000000"))
				b.SetBytes(int64(len(template)))
				var next atomic.Int64
				next.Store(1000000)
				cpu := benchtest.Processor(b)
				b.ResetTimer()
				var wg sync.WaitGroup
				for range senders {
					wg.Go(func() {
						data := bytes.Clone(template)
						for {
							n := int(next.Add(1))
							if n > 1000000+b.N {
								return
							}
							copy(data[at:], fmt.Sprintf("1.2.3.%d", n))
							in := slice{}.incoming()
							in.Instance, in.Data = slice{n: n}.uid(), bytes.NewReader(data)
							if _, err := a.Store(context.Background(), in); err != nil {
								b.Error(err)
								return
							}
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "objects/s")
				b.ReportMetric(float64((benchtest.Processor(b)-cpu).Microseconds())/float64(b.N), "cpu-us/op")
			})
		}
	}
}

// BenchmarkOpen reads objects of 512 KiB.
func BenchmarkOpen(b *testing.B) {
	a := place{dir: b.TempDir()}.open(b)
	for n := range 100 {
		store(b, a, slice{n: n, pixels: 512 << 10})
	}
	var all []*leadglass.Object
	for o, err := range a.Objects(context.Background(), study) {
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, o)
	}
	b.SetBytes(all[0].Size)
	b.ResetTimer()
	for i := range b.N {
		c, err := all[i%len(all)].Open(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, c); err != nil || n != all[0].Size {
			b.Fatal(n, err)
		}
		c.Close()
	}
}
