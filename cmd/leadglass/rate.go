package main

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/leadglass/leadglass/internal/survey"
)

// rate says how fast a survey goes.
type rate struct {
	start uint64 // hosts that an earlier run finished
}

// line is how far the survey is, as "1,200 of 65,536 hosts, 3 systems, 480/s,
// 2m14s left".
func (r rate) line(p survey.Progress, since time.Duration) string {
	text := fmt.Sprintf(" %s of %s hosts, %s systems", group(p.Hosts), group(p.Total), group(uint64(p.Systems)))
	done, seconds := float64(p.Hosts-r.start), since.Seconds()
	if done < 1 || seconds < 0.5 {
		return text
	}
	perSecond := done / seconds
	left := time.Duration(float64(p.Total-p.Hosts) / perSecond * float64(time.Second))
	if left < time.Second {
		// The last ones are the slow ones: their time is not to be foreseen.
		return text + ", " + speed(perSecond) + ", the last ones"
	}
	return text + ", " + speed(perSecond) + ", " + short(left) + " left"
}

// speed has three digits below a thousand and all above: 0.25/s, 48.1/s, 10,912/s.
func speed(perSecond float64) string {
	if perSecond >= 999.5 {
		return group(uint64(math.Round(perSecond))) + "/s"
	}
	return fmt.Sprintf("%.3g/s", perSecond)
}

// short is a duration without what does not matter.
func short(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d >= time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return d.Round(time.Second).String()
}

// group writes a number with commas.
func group(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
