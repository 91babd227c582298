package plan_test

import (
	"fmt"
	"testing"

	"github.com/leadglass/leadglass/internal/fleet/plan"
)

func TestApportion_AddsUp(t *testing.T) {
	for _, tt := range []struct {
		total   uint64
		weights []uint64
		want    []uint64
	}{
		{10, []uint64{1, 1, 1}, []uint64{4, 3, 3}},
		{7, []uint64{0, 0}, []uint64{4, 3}},
		{100, []uint64{50, 30, 20}, []uint64{50, 30, 20}},
		{1, []uint64{1, 5, 1}, []uint64{0, 1, 0}},
		{737_000_000, []uint64{1 << 40, 1 << 41, 3}, []uint64{245_666_667, 491_333_333, 0}},
		{5, nil, []uint64{}},
	} {
		if got := plan.Apportion(tt.total, tt.weights); fmt.Sprint(got) != fmt.Sprint(tt.want) {
			t.Errorf("%d by %v: got %v, want %v", tt.total, tt.weights, got, tt.want)
		}
	}
}
