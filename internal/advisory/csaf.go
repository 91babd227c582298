package advisory

import (
	"encoding/json"
	"fmt"
	"strings"
)

// csafDocument is what we need of a CSAF 2.0 document (OASIS CSAF 2.0 section 3).
type csafDocument struct {
	Document struct {
		Tracking struct {
			ID string `json:"id"`
		} `json:"tracking"`
		References []struct {
			Category string `json:"category"`
			URL      string `json:"url"`
		} `json:"references"`
	} `json:"document"`
	Tree struct {
		Branches []csafBranch `json:"branches"`
	} `json:"product_tree"`
	Vulnerabilities []struct {
		CVE    string `json:"cve"`
		Scores []struct {
			V3 cveVector `json:"cvss_v3"`
			V2 cveVector `json:"cvss_v2"`
		} `json:"scores"`
		Status struct {
			Known []string `json:"known_affected"`
			First []string `json:"first_affected"`
			Last  []string `json:"last_affected"`
		} `json:"product_status"`
		Threats []struct {
			Category string `json:"category"`
			Details  string `json:"details"`
		} `json:"threats"`
	} `json:"vulnerabilities"`
}

type csafBranch struct {
	Category string       `json:"category"`
	Name     string       `json:"name"`
	Branches []csafBranch `json:"branches"`
	Product  struct {
		ID string `json:"product_id"`
	} `json:"product"`
}

// csafProduct is a leaf of the product tree.
type csafProduct struct {
	name     string
	affected Range
}

// maxBranches bounds the depth of the product tree; real ones have three or four.
const maxBranches = 16

// readCSAF reads a CSAF 2.0 document.
func readCSAF(text []byte) ([]entry, error) {
	var d csafDocument
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("reading CSAF: %w", err)
	}
	products := map[string]csafProduct{}
	for _, b := range d.Tree.Branches {
		b.walk(products, csafProduct{}, maxBranches)
	}
	source := d.Document.Tracking.ID
	for _, r := range d.Document.References {
		if r.Category == "self" {
			source = r.URL
		}
	}
	var entries []entry
	for _, v := range d.Vulnerabilities {
		a := Advisory{ID: v.CVE, Source: source}
		if a.ID == "" {
			a.ID = d.Document.Tracking.ID
		}
		var vectors []string
		for _, s := range v.Scores {
			vectors = append(vectors, s.V3.Vector, s.V2.Vector)
		}
		a.Vector, a.Score = newest(vectors)
		for _, t := range v.Threats {
			a.Exploited = a.Exploited || t.Category == "exploit_status" && exploited(t.Details)
		}
		affected := append(append(v.Status.Known, v.Status.First...), v.Status.Last...)
		entries = append(entries, csafEntries(a, affected, products)...)
	}
	return entries, nil
}

// csafEntries gives one entry for each product id that is known.
func csafEntries(a Advisory, ids []string, products map[string]csafProduct) []entry {
	var entries []entry
	for _, id := range ids {
		if p := products[id]; p.name != "" {
			entries = append(entries, entry{a, p.name, []Range{p.affected}})
		}
	}
	return entries
}

// walk collects the leaves of a branch.
func (b csafBranch) walk(into map[string]csafProduct, p csafProduct, depth int) {
	if depth == 0 {
		return
	}
	switch b.Category {
	case "product_name":
		p.name = b.Name
	case "product_version":
		p.affected = Range{From: b.Name, To: b.Name}
	case "product_version_range":
		p.affected = vers(b.Name)
	}
	if b.Product.ID != "" {
		into[b.Product.ID] = p
	}
	for _, c := range b.Branches {
		c.walk(into, p, depth-1)
	}
}

// vers reads a version range as publishers write it: "vers:all/*",
// "vers:generic/>=1.0|<1.2", "<= 3.6.7", "<1.12.11", "3.6.7 and prior".
func vers(s string) Range {
	if strings.HasPrefix(s, "vers:") {
		_, s, _ = strings.Cut(s, "/")
	}
	var r Range
	if version, ok := strings.CutSuffix(s, " and prior"); ok {
		return Range{To: strings.TrimSpace(version)}
	}
	for _, part := range strings.Split(s, "|") {
		part = strings.TrimSpace(part)
		switch value := strings.TrimSpace(strings.TrimLeft(part, "<>= ")); {
		case part == "*" || part == "":
		case strings.HasPrefix(part, ">"):
			r.From = value
		case strings.HasPrefix(part, "<="):
			r.To = value
		case strings.HasPrefix(part, "<"):
			r.Before = value
		default:
			r.From, r.To = value, value
		}
	}
	return r
}

func exploited(details string) bool {
	details = strings.ToLower(details)
	return strings.Contains(details, "exploited") && !strings.Contains(details, "not ") && !strings.Contains(details, "no ")
}
