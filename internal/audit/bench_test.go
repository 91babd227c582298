package audit_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkRecord records about a thousand patients.
func BenchmarkRecord(b *testing.B) {
	for _, writers := range []int{1, 64} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			l := open(b, b.TempDir(), time.Now)
			var next atomic.Int64
			var wg sync.WaitGroup
			times := make([][]time.Duration, writers)
			template := full()
			b.ResetTimer()
			for w := range writers {
				wg.Go(func() {
					for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
						record := *template
						r := &record
						r.Issuer = fmt.Sprint(n % 1000)
						start := time.Now()
						if err := l.Record(b.Context(), r); err != nil {
							b.Error(err)
						}
						times[w] = append(times[w], time.Since(start))
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			all := slices.Sorted(slices.Values(slices.Concat(times...)))
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
			if err := l.Close(); err != nil {
				b.Error(err)
			}
		})
	}
}
