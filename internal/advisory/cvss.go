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

// newest returns the vector of the newest version of CVSS that can be read, the
// first of equals, and its score. Others may publish what we cannot read; that
// is no reason to leave their advisory out.
func newest(vectors []string) (best string, score float64) {
	for _, v := range vectors {
		v = strings.Trim(strings.TrimSpace(v), "()/") // as the data base of the NVD wrote those of CVSS 2
		s, err := scoreOf(v)
		if err != nil || v == "" || best != "" && edition(v) <= edition(best) {
			continue
		}
		best, score = v, s
	}
	return best, score
}

// edition is the version of CVSS that a vector names; those of CVSS 2 name none.
func edition(vector string) string {
	rest, ok := strings.CutPrefix(vector, "CVSS:")
	if !ok {
		return "2.0"
	}
	number, _, _ := strings.Cut(rest, "/")
	return number
}
