package advisory

import (
	"fmt"
	"strings"

	gocvss20 "github.com/pandatix/go-cvss/20"
	gocvss30 "github.com/pandatix/go-cvss/30"
	gocvss31 "github.com/pandatix/go-cvss/31"
	gocvss40 "github.com/pandatix/go-cvss/40"
)

// scoreOf is the base score of a CVSS vector of any version; no vector is 0.
func scoreOf(vector string) (float64, error) {
	switch {
	case vector == "":
		return 0, nil
	case strings.HasPrefix(vector, "CVSS:4.0/"):
		v, err := gocvss40.ParseVector(vector)
		if err != nil {
			return 0, fmt.Errorf("CVSS vector %q: %w", vector, err)
		}
		return v.Score(), nil
	case strings.HasPrefix(vector, "CVSS:3.1/"):
		v, err := gocvss31.ParseVector(vector)
		if err != nil {
			return 0, fmt.Errorf("CVSS vector %q: %w", vector, err)
		}
		return v.BaseScore(), nil
	case strings.HasPrefix(vector, "CVSS:3.0/"):
		v, err := gocvss30.ParseVector(vector)
		if err != nil {
			return 0, fmt.Errorf("CVSS vector %q: %w", vector, err)
		}
		return v.BaseScore(), nil
	}
	v, err := gocvss20.ParseVector(vector)
	if err != nil {
		return 0, fmt.Errorf("CVSS vector %q: %w", vector, err)
	}
	return v.BaseScore(), nil
}

// newest returns the vector of the newest version of CVSS that can be read, and
// its score. Others may publish what we cannot read; that is no reason to leave
// their advisory out.
func newest(vectors []string) (best string, score float64) {
	rank := func(v string) string { return strings.TrimPrefix(v+strings.Repeat(" ", 9), "CVSS:")[:3] }
	for _, v := range vectors {
		s, err := scoreOf(v)
		if err != nil || v == "" || best != "" && rank(v) <= rank(best) {
			continue
		}
		best, score = v, s
	}
	return best, score
}
