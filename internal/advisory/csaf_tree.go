package advisory

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
)

// csafTree is the product tree (CSAF 2.0 section 3.2.2).
type csafTree struct {
	Branches      []csafBranch   `json:"branches"`
	Names         []csafFullName `json:"full_product_names"`
	Relationships []struct {
		Category  string       `json:"category"`
		Product   string       `json:"product_reference"`
		RelatesTo string       `json:"relates_to_product_reference"`
		Name      csafFullName `json:"full_product_name"`
	} `json:"relationships"`
}

type csafBranch struct {
	Category string       `json:"category"`
	Name     string       `json:"name"`
	Branches []csafBranch `json:"branches"`
	Product  csafFullName `json:"product"`
}

// csafFullName is section 3.1.3.
type csafFullName struct {
	ID     string `json:"product_id"`
	Name   string `json:"name"`
	Helper struct {
		CPE  string `json:"cpe"`
		PURL string `json:"purl"`
	} `json:"product_identification_helper"`
}

// csafProduct is a product and the versions that one product id means.
type csafProduct struct {
	names []string // under which it may be known, the best first
	claim
	// vague says that the id means less than these versions: a patch level, an
	// architecture. It may be affected where others of the version are not, so
	// that it can accuse the version, and not acquit it.
	vague bool
}

func (p *csafProduct) key() string { return normal(p.names[len(p.names)-1]) }

// exact is the one version that is meant.
func (p *csafProduct) exact() (version string, ok bool) {
	if len(p.in) != 1 || p.in[0].From == "" || p.in[0].From != p.in[0].To {
		return "", false
	}
	return p.in[0].From, true
}

// csafProducts are the products of a tree by id. A relationship is the products
// of a leaf, so to speak: the component, and what it is part of by default.
type csafProducts struct {
	leaves  map[string]csafProduct
	related map[string][]csafProduct
}

func (c *csafProducts) of(id string) []csafProduct {
	if p, ok := c.leaves[id]; ok {
		return []csafProduct{p}
	}
	return c.related[id]
}

// products collects what the ids of a tree mean.
func (t *csafTree) products(lim Limits) (*csafProducts, error) {
	found := &csafProducts{map[string]csafProduct{}, map[string][]csafProduct{}}
	for _, n := range t.Names {
		if p := n.product(); len(p.names) > 0 {
			found.leaves[n.ID] = p
		}
	}
	for i := range t.Branches {
		if !t.Branches[i].walk(found.leaves, csafPath{}, lim.Depth) {
			return nil, &LimitError{"depth", int64(lim.Depth)}
		}
	}
	return found, t.relate(found, lim)
}

// relate resolves the relationships (section 3.2.2.3). A relationship may name
// another one; each pass resolves one step more.
func (t *csafTree) relate(found *csafProducts, lim Limits) error {
	total := 0
	for range lim.Depth {
		changed := false
		for _, r := range t.Relationships {
			parts := found.of(r.Product)
			if r.Category == "default_component_of" {
				parts = slices.Concat(parts, found.of(r.RelatesTo))
			}
			if len(parts) == 0 || len(found.of(r.Name.ID)) > 0 {
				continue
			}
			if total += len(parts); total > lim.Claims {
				return &LimitError{"claims", int64(lim.Claims)}
			}
			found.related[r.Name.ID], changed = parts, true
		}
		if !changed {
			return nil
		}
	}
	return &LimitError{"depth", int64(lim.Depth)}
}

// csafPath is what the branches above a leaf say.
type csafPath struct {
	vendor, family, product string
	version                 string
	vague                   bool
}

// walk collects the leaves of a branch (section 3.1.2); it fails where they are
// too deep.
func (b *csafBranch) walk(into map[string]csafProduct, p csafPath, depth int) bool {
	if depth <= 0 {
		return false
	}
	switch b.Category {
	case "vendor":
		p.vendor = b.Name
	case "product_family":
		p.family = b.Name
	case "product_name":
		p.product = b.Name
	case "product_version", "product_version_range":
		p.version = b.Name
	case "patch_level", "service_pack", "architecture", "host_name", "language", "specification":
		p.vague = true
	}
	if b.Product.ID != "" {
		if leaf := p.leaf(b.Product); len(leaf.names) > 0 {
			into[b.Product.ID] = leaf
		}
	}
	for i := range b.Branches {
		if !b.Branches[i].walk(into, p, depth-1) {
			return false
		}
	}
	return true
}

// leaf is the product at the end of a path. Without a version all are meant.
func (p csafPath) leaf(n csafFullName) csafProduct {
	name := cmp.Or(p.product, p.family)
	if name == "" {
		return n.product()
	}
	leaf := csafProduct{names: named(p.vendor, name), vague: p.vague}
	if p.product != "" && p.family != "" {
		leaf.names = append(leaf.names, named(p.vendor, p.family+" "+p.product)...)
	}
	leaf.claim = claim{in: []Range{{}}}
	if p.version != "" {
		leaf.claim = readVersions(name, p.version)
	}
	return leaf
}

// product reads what a full product name says by itself: by its CPE or package
// URL, else by its words, of which the last that begins with a digit is the
// version.
func (n csafFullName) product() csafProduct {
	vendor, name, version := identifier(n.Helper.CPE, n.Helper.PURL)
	if name == "" {
		name, version = inOneLine(n.Name), ""
		begins := strings.IndexFunc(name, func(r rune) bool { return strings.ContainsRune("<>=", r) })
		for i, r := range name {
			if i > 0 && unicode.IsSpace(r) && begins < 0 && startsVersion(name[i+1:]) {
				begins = i + 1
			}
		}
		if begins > 0 {
			name, version = strings.TrimRight(name[:begins], " :,-"), name[begins:]
		}
	}
	p := csafProduct{names: named(vendor, name), claim: claim{in: []Range{{}}}}
	if version != "" {
		p.claim = readVersions(name, version)
	}
	return p
}

// startsVersion says whether a word is a number, perhaps after a "v", of more
// than one part: "Vue PACS 12.2" has one, "dcm4chee 2 arc" none.
func startsVersion(s string) bool {
	word, rest, _ := strings.Cut(strings.TrimLeft(s, "vV"), " ")
	return word != "" && isDigit(rune(word[0])) && (strings.Contains(word, ".") || rest == "")
}
