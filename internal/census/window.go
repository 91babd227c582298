package census

import (
	"fmt"
	"time"
)

const (
	dateLayout    = "20060102"
	secondsPerDay = 24 * 60 * 60
)

// epoch is day 0. Older studies and patients are in the window before it.
var epoch = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// window is a range of days, both ends included, or a part of one day.
type window struct {
	all               bool // no date is asked for at all
	openLow, openHigh bool // the range has no lower, no upper end
	from, to          int  // days since epoch
	second0, second1  int  // of the one day; both zero means the whole of it
}

var everything = window{all: true}

// dated are the windows that cover every date: the ages before the epoch, the
// years until a year from now, and what devices with a wrong clock wrote. The
// last is asked for first: what holds least, before what is cut.
func dated(now time.Time) []window {
	last := dayOf(now.AddDate(1, 0, 0))
	return []window{
		{from: 0, to: last},
		{openLow: true, to: -1},
		{openHigh: true, from: last + 1, to: last + 1},
	}
}

// nobodys are two days of a year in which no study was made and nobody was born,
// and which no device writes for want of a date.
func nobodys(year int) window {
	day := dayOf(time.Date(year, 6, 30, 0, 0, 0, 0, time.UTC))
	return window{from: day, to: day + 1}
}

// farther is a window with an open end whose other end is so far out that it
// holds nothing.
func (w window) farther() window {
	if w.openLow {
		w.to = nobodys(2).to
	} else {
		w.from = nobodys(9998).from
	}
	return w
}

func dayOf(t time.Time) int { return int((t.Unix() - epoch.Unix()) / secondsPerDay) }

func date(day int) string { return epoch.AddDate(0, 0, day).Format(dateLayout) }

// days is how many days the window has; open ends count as one.
func (w window) days() int {
	if w.openLow || w.openHigh {
		return 1
	}
	return w.to - w.from + 1
}

// dates is the window as a range of VR DA (PS3.4 section C.2.2.2.5).
func (w window) dates() string {
	switch {
	case w.openLow:
		return "-" + date(w.to)
	case w.openHigh:
		return date(w.from) + "-"
	case w.from == w.to:
		return date(w.from)
	}
	return date(w.from) + "-" + date(w.to)
}

func (w window) partOfDay() bool { return w.second1 != 0 }

// times is the part of the day as a range of VR TM. The range ends within the
// last second, since devices write fractions of one.
func (w window) times() string {
	return clock(w.second0) + "-" + clock(w.second1) + ".999999"
}

func clock(second int) string {
	return fmt.Sprintf("%02d%02d%02d", second/3600, second/60%60, second%60)
}

// halves cuts the window in two; a day is cut by its seconds where byTime.
func (w window) halves(byTime bool) ([]window, bool) {
	switch {
	case w.all, w.openLow, w.openHigh:
		return nil, false
	case w.from < w.to:
		middle := (w.from + w.to) / 2
		return []window{{from: w.from, to: middle}, {from: middle + 1, to: w.to}}, true
	case !byTime:
		return nil, false
	}
	first, last := w.second0, w.second1
	if !w.partOfDay() {
		last = secondsPerDay - 1
	}
	if last-first < 2 { // a part that ends at second 0 would read as the whole day
		return nil, false
	}
	middle := (first + last) / 2
	a, b := w, w
	a.second0, a.second1 = first, middle
	b.second0, b.second1 = middle+1, last
	return []window{a, b}, true
}
