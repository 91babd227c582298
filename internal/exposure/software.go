package exposure

import (
	"slices"

	"github.com/leadglass/leadglass/internal/advisory"
)

// advised makes a condition of one on any advisory.
func advised(is func(advisory.Advisory) bool) func(*Finding) bool {
	return func(f *Finding) bool { return slices.ContainsFunc(f.Advisories, is) }
}

func vulnerable() Exposure {
	return Exposure{
		ID:         Vulnerable,
		Title:      "Software with a known vulnerability",
		Severity:   High,
		Vector:     "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:L",
		Rationale:  "As of a vulnerability in the middle; each one found carries its own score. By the version that the software names: a distributor may have repaired it without changing that.",
		Meaning:    "The software names a version with published weaknesses, and instructions for using them are public too.",
		Remedy:     "Update it. Where there is no update, take it off the network until it is replaced.",
		Settings:   update(),
		References: []string{"CWE-1395: Dependency on Vulnerable Third-Party Component", "https://www.cve.org/"},
		holds:      advised(func(advisory.Advisory) bool { return true }),
	}
}

func vulnerableCritical() Exposure {
	return Exposure{
		ID:         VulnerableCritical,
		Title:      "Software with a vulnerability of the highest rating",
		Severity:   Critical,
		Vector:     "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
		Rationale:  "A CVSS score of 10.0: control of the machine and what is behind it, from the network, without any credential.",
		Meaning:    "Whoever knows the published weakness controls the machine, and from there reaches others.",
		Remedy:     "Take it off the network today; update it; look for traces of whoever was there before you.",
		Settings:   update(),
		References: []string{"CWE-1395: Dependency on Vulnerable Third-Party Component", "https://www.first.org/cvss/"},
		holds:      advised(func(a advisory.Advisory) bool { return a.Score >= 10 }),
	}
}

func vulnerableExploited() Exposure {
	return Exposure{
		ID:         VulnerableExploited,
		Title:      "Software with a vulnerability that is being used",
		Severity:   Critical,
		Vector:     "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
		Rationale:  "Listed as known to be exploited: not whether, but since when.",
		Meaning:    "Criminals use this very weakness. A machine that could be reached for long has probably been visited.",
		Remedy:     "Take it off the network today, keep its disks for whoever examines them, and rebuild it.",
		Settings:   update(),
		References: []string{"CISA Known Exploited Vulnerabilities Catalog", "CWE-1395: Dependency on Vulnerable Third-Party Component"},
		holds:      advised(func(a advisory.Advisory) bool { return a.Exploited }),
	}
}

func compromised() Exposure {
	return Exposure{
		ID:         Compromised,
		Title:      "Signs that somebody was there",
		Severity:   Critical,
		Vector:     "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H",
		Rationale:  "Marks of an intruder stand in what the system shows to anyone.",
		Meaning:    "What the system shows carries marks that intruders leave: a defaced page, a script that mines coins, a back door, a demand for ransom. Treat everything on it as read and changed by others.",
		Remedy:     "Take it off the network but do not switch it off; call your incident response and the police; rebuild from a clean source.",
		Settings:   []Setting{{"", "Do not clean it in place. Keep memory and disks as evidence, change every password that was used on it, and check the machines that it could reach."}},
		References: []string{"NIST SP 800-61 revision 3: Incident Response", "CWE-506: Embedded Malicious Code"},
		holds:      func(f *Finding) bool { return len(f.Indicators()) > 0 },
	}
}

func update() []Setting {
	return []Setting{
		{"Orthanc", `Use the newest release of your distribution or of orthanc.uclouvain.be, plugins too.`},
		{"dcm4chee", `The 2.x line and the JBoss 4 that it runs on get no more updates: move to dcm4chee-arc 5.`},
		{"DCMTK", `Use the newest release of your distribution; what was linked with it statically must be rebuilt.`},
		{"", `Ask the vendor for the fixed version in writing, with a date; until then the network must do what the software does not.`},
	}
}
