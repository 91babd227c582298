package advisory

import (
	"encoding/json"
	"fmt"
	"slices"
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
	Tree            csafTree            `json:"product_tree"`
	Vulnerabilities []csafVulnerability `json:"vulnerabilities"`
}

// csafVulnerability is section 3.2.3.
type csafVulnerability struct {
	CVE string `json:"cve"`
	IDs []struct {
		Text string `json:"text"`
	} `json:"ids"`
	Scores  []csafScore `json:"scores"`
	Metrics []struct {  // what CSAF 2.1 has in place of scores
		Products []string  `json:"products"`
		Content  csafScore `json:"content"`
	} `json:"metrics"`
	Status  csafStatus `json:"product_status"`
	Threats []struct {
		Category string   `json:"category"`
		Details  string   `json:"details"`
		Products []string `json:"product_ids"`
	} `json:"threats"`
}

type csafScore struct {
	Products []string  `json:"products"`
	V4       cveVector `json:"cvss_v4"`
	V3       cveVector `json:"cvss_v3"`
	V2       cveVector `json:"cvss_v2"`
}

// readCSAF reads a CSAF 2.0 document.
func readCSAF(text []byte, lim Limits) ([]entry, error) {
	var d csafDocument
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("reading CSAF: %w", err)
	}
	products, err := d.Tree.products(lim)
	if err != nil {
		return nil, fmt.Errorf("reading CSAF: %w", err)
	}
	source := d.Document.Tracking.ID
	for _, r := range d.Document.References {
		if r.Category == "self" && strings.HasPrefix(r.URL, "https://") {
			source = r.URL
		}
	}
	var entries []entry
	budget := lim.Claims
	for i := range d.Vulnerabilities {
		v := &d.Vulnerabilities[i]
		a := Advisory{ID: v.id(d.Document.Tracking.ID), Source: source}
		list, err := v.entries(a, products, &budget)
		if err != nil {
			return nil, fmt.Errorf("reading CSAF: %w", &LimitError{"claims", int64(lim.Claims)})
		}
		entries = append(entries, list...)
	}
	return entries, nil
}

// id is the CVE, or what the publisher calls a vulnerability without one.
func (v *csafVulnerability) id(document string) string {
	switch {
	case v.CVE != "":
		return v.CVE
	case len(v.IDs) > 0 && v.IDs[0].Text != "":
		return v.IDs[0].Text
	}
	return document
}

// entries gives one entry for each product that is affected.
func (v *csafVulnerability) entries(a Advisory, products *csafProducts, budget *int) ([]entry, error) {
	not := v.Status.fixed(products)
	affected, err := v.Status.affected(products, not, budget)
	if err != nil {
		return nil, err
	}
	scores := v.scores()
	var entries []entry
	for _, one := range affected {
		e := entry{Advisory: a, names: one.product.names}
		var vectors []string
		for _, id := range one.ids {
			vectors = append(vectors, scores[id]...)
			e.Exploited = e.Exploited || v.exploited(id)
		}
		vector, score := newest(vectors)
		e.claims = []claim{{
			in: one.product.in, out: slices.Concat(one.product.out, not[one.product.key()]), vector: vector, score: score,
		}}
		entries = append(entries, e)
	}
	return entries, nil
}

// scores are the vectors by product id.
func (v *csafVulnerability) scores() map[string][]string {
	scores := map[string][]string{}
	add := func(ids []string, s csafScore) {
		for _, id := range ids {
			scores[id] = append(scores[id], s.V4.Vector, s.V3.Vector, s.V2.Vector)
		}
	}
	for _, s := range v.Scores {
		add(s.Products, s)
	}
	for _, m := range v.Metrics {
		add(m.Products, m.Content)
	}
	return scores
}

// exploited says whether a threat says so of that product.
func (v *csafVulnerability) exploited(id string) bool {
	for _, t := range v.Threats {
		if t.Category == "exploit_status" && exploited(t.Details) && (len(t.Products) == 0 || slices.Contains(t.Products, id)) {
			return true
		}
	}
	return false
}

func exploited(details string) bool {
	details = " " + strings.ToLower(details)
	return strings.Contains(details, "exploited") && !strings.Contains(details, " not ") && !strings.Contains(details, " no ")
}
