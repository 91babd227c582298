package advisory

import (
	"encoding/json"
	"fmt"
)

// cveRecord is what we need of a CVE JSON 5 record
// (https://github.com/CVEProject/cve-schema).
type cveRecord struct {
	Metadata struct {
		ID    string `json:"cveId"`
		State string `json:"state"`
	} `json:"cveMetadata"`
	Containers struct {
		CNA cveContainer   `json:"cna"`
		ADP []cveContainer `json:"adp"`
	} `json:"containers"`
}

type cveContainer struct {
	Affected []struct {
		Vendor   string `json:"vendor"`
		Product  string `json:"product"`
		Default  string `json:"defaultStatus"`
		Versions []struct {
			Version     string `json:"version"`
			Status      string `json:"status"`
			LessThan    string `json:"lessThan"`
			LessOrEqual string `json:"lessThanOrEqual"`
		} `json:"versions"`
	} `json:"affected"`
	Metrics []cveMetric `json:"metrics"`
}

type cveMetric struct {
	V40   cveVector `json:"cvssV4_0"`
	V31   cveVector `json:"cvssV3_1"`
	V30   cveVector `json:"cvssV3_0"`
	V20   cveVector `json:"cvssV2_0"`
	Other struct {
		Type string `json:"type"`
	} `json:"other"`
}

type cveVector struct {
	Vector string `json:"vectorString"`
}

// readCVE reads a CVE JSON 5 record. CISA's container says whether the
// vulnerability is known to be exploited.
func readCVE(text []byte) ([]entry, error) {
	var r cveRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("reading CVE JSON: %w", err)
	}
	if r.Metadata.ID == "" || r.Metadata.State == "REJECTED" {
		return nil, nil
	}
	a := Advisory{ID: r.Metadata.ID, Source: "https://www.cve.org/CVERecord?id=" + r.Metadata.ID}
	var vectors []string
	containers := append([]cveContainer{r.Containers.CNA}, r.Containers.ADP...)
	for _, c := range containers {
		for _, m := range c.Metrics {
			vectors = append(vectors, m.V40.Vector, m.V31.Vector, m.V30.Vector, m.V20.Vector)
			a.Exploited = a.Exploited || m.Other.Type == "kev"
		}
	}
	a.Vector, a.Score = newest(vectors)
	var entries []entry
	for _, c := range containers {
		entries = append(entries, c.entries(a)...)
	}
	return entries, nil
}

func (c cveContainer) entries(a Advisory) []entry {
	var entries []entry
	for _, p := range c.Affected {
		var affected []Range
		for _, v := range p.Versions {
			if v.Status != "affected" {
				continue
			}
			affected = append(affected, cveRange(v.Version, v.LessThan, v.LessOrEqual))
		}
		if len(p.Versions) == 0 && p.Default == "affected" {
			affected = []Range{{}}
		}
		if len(affected) > 0 {
			entries = append(entries, entry{a, p.Product, affected})
		}
	}
	return entries
}

// cveRange reads a version object; "*" and "0" are open bounds.
func cveRange(version, before, to string) Range {
	open := func(s string) string {
		if s == "*" || s == "0" || s == "unspecified" {
			return ""
		}
		return s
	}
	if before == "" && to == "" {
		return Range{From: open(version), To: open(version)}
	}
	return Range{From: open(version), Before: open(before), To: open(to)}
}
