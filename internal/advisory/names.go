package advisory

import (
	"net/url"
	"strings"
)

// named lists the names under which a product may be known: its own, and that
// with the vendor's before it, as "DICOM Viewer" is to "MicroDicom DICOM Viewer".
func named(vendor, product string) []string {
	vendor, product = strings.TrimSpace(vendor), strings.TrimSpace(product)
	switch {
	case unsaid(strings.ToLower(product)) || normal(product) == "":
		return nil
	case unsaid(strings.ToLower(vendor)):
		return []string{product}
	}
	return []string{product, vendor + " " + product}
}

// identifier reads a CPE (NISTIR 7695, either binding) or a package URL.
func identifier(cpe, purl string) (vendor, product, version string) {
	if rest, ok := strings.CutPrefix(cpe, "cpe:2.3:"); ok {
		return cpeParts(strings.Split(rest, ":"))
	}
	if rest, ok := strings.CutPrefix(cpe, "cpe:/"); ok {
		return cpeParts(strings.Split(rest, ":"))
	}
	rest, ok := strings.CutPrefix(purl, "pkg:")
	if !ok {
		return "", "", ""
	}
	rest, _, _ = strings.Cut(rest, "?")
	rest, _, _ = strings.Cut(rest, "#")
	rest, version, _ = strings.Cut(rest, "@")
	product = rest[strings.LastIndex(rest, "/")+1:]
	if plain, err := url.PathUnescape(version); err == nil {
		version = plain
	}
	return "", product, version
}

// cpeParts are part, vendor, product and version.
func cpeParts(parts []string) (vendor, product, version string) {
	if len(parts) < 3 {
		return "", "", ""
	}
	plain := func(s string) string {
		return strings.ReplaceAll(strings.ReplaceAll(s, `\`, ""), "_", " ")
	}
	if len(parts) > 3 && parts[3] != "*" && parts[3] != "-" {
		version = plain(parts[3])
	}
	return plain(parts[1]), plain(parts[2]), version
}
