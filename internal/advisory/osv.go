package advisory

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// osvRecord is what we need of an OSV record (https://ossf.github.io/osv-schema).
type osvRecord struct {
	ID        string        `json:"id"`
	Aliases   []string      `json:"aliases"`
	Withdrawn string        `json:"withdrawn"`
	Severity  []osvSeverity `json:"severity"`
	Affected  []osvAffected `json:"affected"`
}

type osvAffected struct {
	Package struct {
		Ecosystem string `json:"ecosystem"`
		Name      string `json:"name"`
	} `json:"package"`
	Ranges   []osvRange    `json:"ranges"`
	Versions []string      `json:"versions"`
	Severity []osvSeverity `json:"severity"`
	Database struct {
		// What GitHub knows where there is no fix: "<= 1.2".
		LastKnown string `json:"last_known_affected_version_range"`
	} `json:"database_specific"`
}

type osvRange struct {
	Type   string     `json:"type"`
	Repo   string     `json:"repo"`
	Events []osvEvent `json:"events"`
	// Records that were made from CVE records have the versions that the commits
	// were found from here.
	Database struct {
		Extracted []osvEvent      `json:"extracted_events"`
		Versions  json.RawMessage `json:"versions"`
	} `json:"database_specific"`
}

type osvEvent struct {
	Introduced   string `json:"introduced"`
	Fixed        string `json:"fixed"`
	LastAffected string `json:"last_affected"`
}

type osvSeverity struct {
	Score string `json:"score"`
}

// readOSV reads an OSV record.
func readOSV(text []byte, lim Limits) ([]entry, error) {
	var r osvRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("reading OSV: %w", err)
	}
	if r.ID == "" {
		return nil, fmt.Errorf("reading OSV: id is missing")
	}
	if r.Withdrawn != "" {
		return nil, nil
	}
	e := entry{Advisory: Advisory{ID: r.ID, Source: "https://osv.dev/vulnerability/" + r.ID}}
	if i := slices.IndexFunc(r.Aliases, func(s string) bool { return strings.HasPrefix(s, "CVE-") }); i >= 0 && !strings.HasPrefix(r.ID, "CVE-") {
		e.ID = r.Aliases[i]
	}
	var entries []entry
	total := 0
	for _, p := range r.Affected {
		said := claim{in: p.ranges()}
		if total += len(said.in); total > lim.Claims {
			return nil, fmt.Errorf("reading OSV: %w", &LimitError{"claims", int64(lim.Claims)})
		}
		var vectors []string
		for _, s := range slices.Concat(p.Severity, r.Severity) {
			vectors = append(vectors, s.Score)
		}
		if len(p.Severity) > 0 { // those of a package stand in place of the record's
			vectors = vectors[:len(p.Severity)]
		}
		said.vector, said.score = newest(vectors)
		if e.names = p.names(); len(e.names) > 0 && len(said.in) > 0 {
			e.claims = []claim{said}
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// names are the package's, with and without what an ecosystem puts before it
// ("@ohif/viewer", "org.dcm4che:dcm4chee-arc"), or that of the repository where
// there is no package.
func (p *osvAffected) names() []string {
	if name := p.Package.Name; name != "" {
		names := named("", name)
		if i := strings.LastIndexAny(name, "/:"); i >= 0 {
			names = append(names, named("", name[i+1:])...)
		}
		return names
	}
	for _, r := range p.Ranges {
		repo := strings.TrimSuffix(strings.TrimRight(r.Repo, "/"), ".git")
		if names := named("", repo[strings.LastIndex(repo, "/")+1:]); len(names) > 0 {
			return names
		}
	}
	return nil
}

// ranges are the affected versions. Ranges of commits say nothing to who sees a
// version; the versions that they were found from do.
func (p *osvAffected) ranges() []Range {
	var in []Range
	name := p.Package.Name
	if names := p.names(); len(names) > 0 {
		name = names[len(names)-1]
	}
	for _, v := range p.Versions {
		if v = p.upstream(trimProduct(name, v)); v != "" {
			in = append(in, exactly(v))
		}
	}
	for _, r := range p.Ranges {
		events := r.Events
		if r.Type == "GIT" {
			events = r.Database.Extracted
			if len(events) == 0 && json.Unmarshal(r.Database.Versions, &events) != nil {
				events = nil
			}
		}
		in = append(in, between(p.events(name, events))...)
	}
	if last := readVersions(name, p.Database.LastKnown); len(last.in) == 1 {
		for i := range in {
			if in[i].Before == "" && in[i].To == "" {
				in[i].Before, in[i].To = last.in[0].Before, last.in[0].To
			}
		}
	}
	return in
}

// events are those of a range; "0" is before all versions.
func (p *osvAffected) events(name string, list []osvEvent) []event {
	var events []event
	for _, e := range list {
		for _, one := range []event{{introduced, e.Introduced}, {fixed, e.Fixed}, {lastAffected, e.LastAffected}} {
			switch {
			case one.version == "":
				continue
			case one.kind == introduced && one.version == "0":
				one.version = ""
			default:
				one.version = p.upstream(trimProduct(name, one.version))
			}
			events = append(events, one)
		}
	}
	return events
}

// upstream cuts off what a distribution adds to a version: "1:3.6.7-9~deb12u3"
// and "1.12.6+dfsg-2" are packages of 3.6.7 and 1.12.6, which is what an archive
// says of itself.
func (p *osvAffected) upstream(version string) string {
	ecosystem, _, _ := strings.Cut(p.Package.Ecosystem, ":")
	if !slices.Contains(distributions(), ecosystem) {
		return version
	}
	if _, after, ok := strings.Cut(version, ":"); ok {
		version = after
	}
	if i := strings.IndexAny(version, "-+~"); i > 0 {
		version = version[:i]
	}
	return version
}

func distributions() []string {
	return []string{
		"AlmaLinux", "Alpaquita", "Alpine", "Azure Linux", "Chainguard", "Debian", "Echo", "Mageia", "MinimOS", "openEuler",
		"openSUSE", "Photon OS", "Red Hat", "Rocky Linux", "SUSE", "Ubuntu", "Wolfi",
	}
}
