package main

import (
	"time"

	"github.com/leadglass/leadglass/internal/survey"
)

// Main is the program.
func Main() { main() }

// RateLine is what the progress bar says.
func RateLine(resumed uint64, p survey.Progress, since time.Duration) string {
	return rate{resumed}.line(p, since)
}

// Short and Group are how durations and numbers are written.
func Short(d time.Duration) string { return short(d) }
func Group(n uint64) string        { return group(n) }
