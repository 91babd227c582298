package advisory

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
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
	Affected []cveProduct `json:"affected"`
	Metrics  []cveMetric  `json:"metrics"`
}

type cveProduct struct {
	Vendor    string       `json:"vendor"`
	Product   string       `json:"product"`
	Platforms []string     `json:"platforms"`
	Default   string       `json:"defaultStatus"`
	Versions  []cveVersion `json:"versions"`
}

type cveVersion struct {
	Version     string `json:"version"`
	Status      string `json:"status"`
	Type        string `json:"versionType"`
	LessThan    string `json:"lessThan"`
	LessOrEqual string `json:"lessThanOrEqual"`
	Changes     []struct {
		At     string `json:"at"`
		Status string `json:"status"`
	} `json:"changes"`
}

type cveMetric struct {
	V40   cveVector `json:"cvssV4_0"`
	V31   cveVector `json:"cvssV3_1"`
	V30   cveVector `json:"cvssV3_0"`
	V20   cveVector `json:"cvssV2_0"`
	Other struct {
		Type    string          `json:"type"`
		Content json.RawMessage `json:"content"`
	} `json:"other"`
}

type cveVector struct {
	Vector string `json:"vectorString"`
}

// readCVE reads a CVE JSON 5 record: what the numbering authority says, and what
// others added to it, CISA above all.
func readCVE(text []byte, lim Limits) ([]entry, error) {
	var r cveRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("reading CVE JSON: %w", err)
	}
	if r.Metadata.ID == "" {
		return nil, fmt.Errorf("reading CVE JSON: cveMetadata.cveId is missing")
	}
	if r.Metadata.State == "REJECTED" {
		return nil, nil
	}
	e := entry{Advisory: Advisory{ID: r.Metadata.ID, Source: "https://www.cve.org/CVERecord?id=" + r.Metadata.ID}}
	containers := append([]cveContainer{r.Containers.CNA}, r.Containers.ADP...)
	var vectors []string
	for _, c := range containers {
		for _, m := range c.Metrics {
			vectors = append(vectors, m.V40.Vector, m.V31.Vector, m.V30.Vector, m.V20.Vector)
			e.Exploited = e.Exploited || m.exploited()
		}
	}
	vector, score := newest(vectors)
	var entries []entry
	total := 0
	for _, c := range containers {
		for _, p := range c.Affected {
			said := p.claim()
			if total += len(said.in) + len(said.out); total > lim.Claims {
				return nil, fmt.Errorf("reading CVE JSON: %w", &LimitError{"claims", int64(lim.Claims)})
			}
			if e.names = named(p.Vendor, p.Product); len(e.names) > 0 && len(said.in) > 0 {
				said.vector, said.score, said.platform = vector, score, p.platform()
				e.claims = []claim{said}
				entries = append(entries, e)
			}
		}
	}
	return entries, nil
}

// exploited says whether CISA lists the vulnerability in its catalogue ("kev")
// or has seen it exploited ("ssvc", where Exploitation is "active").
func (m *cveMetric) exploited() bool {
	switch strings.ToLower(m.Other.Type) {
	case "kev":
		return true
	case "ssvc":
		var content struct {
			Options []map[string]any `json:"options"`
		}
		if json.Unmarshal(m.Other.Content, &content) != nil {
			return false
		}
		return slices.ContainsFunc(content.Options, func(o map[string]any) bool { return o["Exploitation"] == "active" })
	}
	return false
}

// platform is "windows" where a product is affected on Windows alone.
func (p *cveProduct) platform() string {
	other := func(name string) bool { return !strings.HasPrefix(strings.ToLower(strings.TrimSpace(name)), "windows") }
	if len(p.Platforms) == 0 || slices.ContainsFunc(p.Platforms, other) {
		return ""
	}
	return "windows"
}

// claim reads the versions of a product. Those that no object names have the
// default status. Publishers who list affected versions only and yet say that
// the default is "affected" mean the listed ones (CVE-2024-4577 for one), so it
// counts only beside versions that are not affected, or alone.
func (p *cveProduct) claim() (c claim) {
	others := len(p.Versions) == 0
	for _, v := range p.Versions {
		in, out := v.ranges(p.Product)
		c.in, c.out = append(c.in, in...), append(c.out, out...)
		others = others || len(out) > 0
	}
	if p.Default == "affected" && others {
		c.in = append(c.in, Range{})
	}
	return c
}

// ranges are what a version object says is affected and what is not.
func (v *cveVersion) ranges(product string) (in, out []Range) {
	if v.Type == "git" { // commits say nothing to who sees a version
		return nil, nil
	}
	add := func(status string, ranges ...Range) {
		if status == "affected" {
			in = append(in, ranges...)
		} else {
			out = append(out, ranges...)
		}
	}
	if v.LessThan == "" && v.LessOrEqual == "" && len(v.Changes) == 0 {
		if v.Version == "0" {
			add(v.Status, Range{})
			return in, out
		}
		said := readVersions(product, v.Version)
		add(v.Status, said.in...)
		return in, append(out, said.out...)
	}
	r := v.bounds(product)
	status := v.Status
	changes := slices.Clone(v.Changes)
	slices.SortStableFunc(changes, func(a, b struct {
		At     string `json:"at"`
		Status string `json:"status"`
	}) int {
		return compare(a.At, b.At)
	})
	for _, c := range changes {
		at := trimProduct(product, inOneLine(c.At))
		add(status, Range{From: r.From, Before: at})
		r.From, status = at, c.Status
	}
	add(status, r)
	return in, out
}

// bounds reads "version", "lessThan" and "lessThanOrEqual"; "*", "0" and words
// that say nothing are open bounds.
func (v *cveVersion) bounds(product string) (r Range) {
	from, before, to := bound(product, v.Version), bound(product, v.LessThan), bound(product, v.LessOrEqual)
	if from != "" {
		constraint{">=", from}.into(&r)
	}
	if before != "" {
		constraint{"<", before}.into(&r)
	}
	if to != "" {
		constraint{"<=", to}.into(&r)
	}
	// No version is in a range that ends where it begins: the bound was
	// repeated, and what is before it is meant.
	if before != "" && r.From != "" && compare(r.From, r.Before) >= 0 {
		r.From = ""
	}
	return r
}

func bound(product, version string) string {
	version = trimProduct(product, inOneLine(version))
	switch low := strings.ToLower(version); {
	case unsaid(low), version == "*", version == "0", strings.HasPrefix(low, "next of "):
		return ""
	}
	return cmp.Or(strings.TrimLeft(version, "<>= "), version)
}
