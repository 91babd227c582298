package content_test

import (
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/fleet/content"
)

// FuzzParse: what is read and written again is read as the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"20190905", "2019.09.05", "20190231", "1030", "103059.5", "", "9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if day, ok := content.ParseDate(s); ok {
			if again, ok := content.ParseDate(string(content.AppendDate(nil, day))); !ok || again != day {
				t.Errorf("%q is day %d, then day %d", s, day, again)
			}
		}
		if second, ok := content.ParseTime(s); ok && (second < 0 || second > 24*3600) {
			t.Errorf("%q is second %d", s, second)
		}
	})
}

func TestCalendar(t *testing.T) {
	for day := content.DayOf(1899, 12, 31); day < content.DayOf(2101, 1, 1); day++ {
		want := time.Unix(day*86400, 0).UTC()
		y, m, d := content.Civil(day)
		if y != want.Year() || m != int(want.Month()) || d != want.Day() || content.DayOf(y, m, d) != day {
			t.Fatalf("day %d is %d-%d-%d, want %s", day, y, m, d, want.Format(time.DateOnly))
		}
	}
	for text, want := range map[string]int64{"19700102": 1, "1970.01.03": 2, "": -1, "1970": -1, "19701301": -1, "1970010x": -1} {
		if got, ok := content.ParseDate(text); ok != (want >= 0) || ok && got != want {
			t.Errorf("date %q: got %d, %v; want %d", text, got, ok, want)
		}
	}
	for text, want := range map[string]int{"00": 0, "0102": 3720, "235959.999999": 86399, "2": -1, "240000": -1, "ab": -1} {
		if got, ok := content.ParseTime(text); ok != (want >= 0) || ok && got != want {
			t.Errorf("time %q: got %d, %v; want %d", text, got, ok, want)
		}
	}
}
