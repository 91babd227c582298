package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/scope"
)

// dryRun prints what would be asked of how many hosts.
func dryRun(t *tui, s *scope.Scope, discover bool) error {
	ts, include, exclude := s.Preview()
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-14s "+format+"\n", append([]any{name}, args...)...)
	}
	a := s.Authorisation
	row("Authorised by", "%s (%s), contact %s", a.Organisation, a.Reference, a.Contact)
	row("", "from %s to %s", a.ValidFrom.Format(time.RFC3339), a.ValidTo.Format(time.RFC3339))
	row("Would ask", "%s (%s included, %s of them excluded)", counted(ts.Count(), "host"), group(ts.Included()), group(ts.Included()-ts.Count()))
	if include+exclude > 0 {
		row("", "and the addresses of included names (%d), less those of excluded ones (%d);", include, exclude)
		row("", "a dry run does not look them up")
	}
	row("DICOM ports", "%s", ports(s.DICOMPorts))
	row("HTTP ports", "%s", ports(s.HTTPPorts))
	l := s.Limits.WithDefaults()
	row("At most", "%s a second to one host, %s in all, %s connections at once", allowed(l.PerHostRate), allowed(l.TotalRate), strings.Replace(allowed(float64(l.Connections)), "number", "number of", 1))
	n := ts.Connections()
	row("At least", "%s%s", counted(n, "connection"), atLeast(n, l.TotalRate))
	if left := time.Until(a.ValidTo); leastTime(n, l.TotalRate) > left {
		row("", "longer than the authorisation is valid (%s): it would be refused", short(left))
	}
	if discover {
		b.WriteString("\nEach host that answers on a DICOM port is asked for one association, in TLS where that fails in the clear;\n" +
			"each that answers on an HTTP port for its first page, and one that cannot exist.\n\nNothing was sent.\n")
		return t.print("%s", b.String())
	}
	b.WriteString("\nEach host that answers on a DICOM port is asked:\n")
	for _, q := range probe.DICOMQuestions() {
		fmt.Fprintf(&b, "  %-15s %s\n", q.Name, q.Asks)
	}
	b.WriteString("and how many patients, studies and images it holds, by C-FIND without names.\n\nEach that answers on an HTTP port:\n")
	for _, q := range probe.WebQuestions() {
		fmt.Fprintf(&b, "  %-15s %s\n", q.Name, q.Asks)
	}
	b.WriteString("\nNothing was sent.\n")
	return t.print("%s", b.String())
}

func ports(list []uint16) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ", "), "[]")
}

// counted is a number of things in words: "1 file", "2,000 files".
func counted(n uint64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return group(n) + " " + thing + "s"
}

func allowed(n float64) string {
	switch {
	case n < 0:
		return "any number"
	case n == math.Trunc(n) && n < 1e15:
		return group(uint64(n))
	}
	return fmt.Sprintf("%g", n)
}

// leastTime is how long so many connections take at a rate; it saturates, for
// everything that IPv4 has takes longer than a Duration may hold.
func leastTime(connections uint64, perSecond float64) time.Duration {
	if perSecond <= 0 {
		return 0
	}
	if ns := float64(connections) / perSecond * float64(time.Second); ns < math.MaxInt64 {
		return time.Duration(ns)
	}
	return math.MaxInt64
}

func atLeast(connections uint64, perSecond float64) string {
	if perSecond <= 0 {
		return ""
	}
	least := leastTime(connections, perSecond)
	if least < time.Second {
		return ", in less than a second"
	}
	return ", which take " + short(least)
}
