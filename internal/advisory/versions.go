package advisory

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// constraint is one comparator and its version.
type constraint struct{ op, version string }

// maxVersionText is what the CVE schema permits a version to have; what is longer
// is none.
const maxVersionText = 1024

// readVersions reads which versions of a product a publisher means. The formal
// way is "vers" (https://github.com/package-url/vers-spec), as CSAF 2.0 section
// 3.1.2.3.2 wants it: "vers:generic/>=1.0|<1.2|2.0". What is met beside it is
// read too: "<= 3.6.7", ">=V9.1<V9.4", "All versions < V4", "3.6.7 and prior",
// "prior to 2.5", "1.0 through 1.4", "8.1.*", "DCMTK 3.6.8". What says nothing
// ("n/a") makes no claim.
func readVersions(product, text string) claim {
	if len(text) > maxVersionText {
		return claim{}
	}
	if rest, ok := cutPrefix(text, "vers:"); ok {
		_, text, _ = strings.Cut(rest, "/")
		return claimOf(split(text, url.PathUnescape))
	}
	text = trimProduct(product, inOneLine(text))
	if unsaid(text) {
		return claim{}
	}
	asIs := func(s string) (string, error) { return s, nil }
	return claimOf(split(formal(text), asIs))
}

func inOneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// unsaid says whether a text stands for no version.
func unsaid(text string) bool {
	switch strings.ToLower(text) {
	case "", "-", "n/a", "na", "none", "unspecified", "unknown", "not specified":
		return true
	}
	return false
}

// formal turns the words that publishers use into comparators.
func formal(text string) string {
	text = afterAll(text)
	if bound := suffixed(text); bound != "" {
		return bound
	}
	for _, from := range []string{"from ", "since "} {
		if rest, ok := cutPrefix(text, from); ok {
			if bounds := formal(rest); bounds != rest {
				return bounds
			}
			return ">=" + rest
		}
	}
	for _, w := range []struct{ words, op string }{
		{"prior to", "<"}, {"before", "<"}, {"earlier than", "<"}, {"older than", "<"}, {"less than", "<"}, {"lower than", "<"}, {"below", "<"},
		{"up to and including", "<="}, {"up to", "<="}, {"through", "<="}, {"thru", "<="}, {"until", "<="}, {"to", "<="}, {"-", "<="},
	} {
		if v, ok := cutPrefix(text, w.words+" "); ok {
			return w.op + v
		}
		if i := indexFold(text, " "+w.words+" "); i > 0 && !strings.ContainsAny(text[:i], "<>=,|") {
			return ">=" + text[:i] + "|" + w.op + text[min(len(text), i+len(w.words)+2):]
		}
	}
	return lastWord(text)
}

// afterAll cuts "all versions" off; what is left of it alone is "*".
func afterAll(text string) string {
	for _, words := range []string{"all versions", "all version", "versions", "version", "ver.", "all", "any"} {
		if rest, ok := cutPrefix(text, words); ok && (rest == "" || !isLetter(rune(rest[0]))) {
			if text = strings.TrimSpace(rest); text == "" {
				return "*"
			}
		}
	}
	return text
}

// suffixed reads "3.6.7 and prior" and "5.0 or later".
func suffixed(text string) (bound string) {
	for _, versions := range []string{"", " versions", " version", " releases"} {
		text, ok := cutSuffix(text, versions)
		if !ok {
			continue
		}
		for _, and := range []string{" and all ", " and ", " or "} {
			for _, word := range []string{"prior", "earlier", "below", "older", "lower", "previous", "under"} {
				if v, ok := cutSuffix(text, and+word); ok {
					return "<=" + strings.TrimRight(v, ",")
				}
			}
			for _, word := range []string{"later", "newer", "above", "higher", "up"} {
				if v, ok := cutSuffix(text, and+word); ok {
					return ">=" + strings.TrimRight(v, ",")
				}
			}
		}
	}
	return ""
}

// lastWord is the version at the end of "MedDream PACS Premium 7.3.3.840".
func lastWord(text string) string {
	last := text[strings.LastIndex(text, " ")+1:]
	if len(last) == len(text) || last == "" || !isLetter(rune(text[0])) || !isDigit(rune(last[0])) || !strings.Contains(last, ".") {
		return text
	}
	return last
}

// split cuts a list of constraints apart, which stand between "|" or "," or
// begin with a comparator of their own.
func split(text string, unescape func(string) (string, error)) []constraint {
	var list []constraint
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == '|' || r == ',' }) {
		for part = strings.TrimSpace(part); part != ""; {
			n := len(part) - len(strings.TrimLeft(part, "<>=!"))
			op := part[:n]
			end := strings.IndexAny(part[n:], "<>=!")
			if end < 0 {
				end = len(part) - n
			}
			version, err := unescape(strings.TrimSpace(part[n : n+end]))
			if part = part[n+end:]; err == nil && version != "" {
				list = append(list, constraint{op, version})
			}
		}
	}
	return list
}

// claimOf makes ranges of constraints: sorted by version, a lower bound opens
// a range and an upper one closes it.
func claimOf(list []constraint) (c claim) {
	var bounds []constraint
	for _, one := range list {
		switch {
		case one.version == "*" || one.version == "all/*":
			c.in = append(c.in, Range{})
		case one.op == "!=":
			c.out = append(c.out, exactly(one.version))
		case strings.ContainsAny(one.op, "<>"):
			bounds = append(bounds, one)
		default:
			c.in = append(c.in, exactly(one.version))
		}
	}
	slices.SortStableFunc(bounds, func(a, b constraint) int { return compare(a.version, b.version) })
	var open *Range
	for _, b := range bounds {
		if open == nil {
			open = &Range{}
		} else if b.op[0] == '>' {
			c.in, open = append(c.in, *open), &Range{}
		}
		b.into(open)
		if b.op[0] == '<' {
			c.in, open = append(c.in, *open), nil
		}
	}
	if open != nil {
		c.in = append(c.in, *open)
	}
	if len(c.in) == 0 && len(c.out) > 0 {
		c.in = []Range{{}}
	}
	return c
}

// into sets the bound of a range.
func (b constraint) into(r *Range) {
	base, wild := wildcard(b.version)
	switch {
	case b.op == ">" && !wild:
		r.After = b.version
	case b.op == ">":
		r.From = next(base)
	case b.op[0] == '>':
		r.From = base
	case wild: // "<2.*" and "<=2.*" are the end of 2
		r.Before = next(base)
	case b.op == "<":
		r.Before = b.version
	default:
		r.To = b.version
	}
}

// exactly is the range of one version, or of all that a wildcard stands for.
func exactly(version string) Range {
	if base, wild := wildcard(version); wild {
		return Range{From: base, Before: next(base)}
	}
	return Range{From: version, To: version}
}

// wildcard cuts the end off "8.1.*" or "8.1.x".
func wildcard(version string) (base string, is bool) {
	for _, end := range []string{".*", ".x", ".X"} {
		if base, is = strings.CutSuffix(version, end); is && base != "" {
			return base, true
		}
	}
	return version, false
}

// next is the version after all that begin with that one: 8.2 after 8.1.
func next(version string) string {
	end := strings.LastIndexFunc(version, isDigit) + 1
	start := strings.LastIndexFunc(version[:end], func(r rune) bool { return !isDigit(r) }) + 1
	n, err := strconv.ParseUint(version[start:end], 10, 63)
	if err != nil {
		return version
	}
	return version[:start] + strconv.FormatUint(n+1, 10)
}

// trimProduct cuts the product's name off a version, as in "DCMTK-3.6.6", and
// the branch off what is left, as in "Apache HTTP Server 2.4 2.4.49".
func trimProduct(product, version string) string {
	rest, ok := cutPrefix(version, product)
	if product == "" || !ok || rest == "" || isLetter(rune(rest[0])) {
		return version
	}
	rest = strings.TrimLeft(rest, " -_/:")
	if branch, exact, ok := strings.Cut(rest, " "); ok && strings.HasPrefix(exact, branch+".") && !strings.Contains(exact, " ") {
		return exact
	}
	return rest
}

// indexFold is where sub, of ASCII, begins in s, in whatever case. What
// strings.ToLower makes of s may be longer.
func indexFold(s, sub string) int {
	for i := 0; i+len(sub) <= len(s); i++ {
		if strings.EqualFold(s[i:i+len(sub)], sub) {
			return i
		}
	}
	return -1
}

func cutPrefix(s, prefix string) (rest string, ok bool) {
	if len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
		return s[len(prefix):], true
	}
	return s, false
}

func cutSuffix(s, suffix string) (rest string, ok bool) {
	if n := len(s) - len(suffix); n > 0 && strings.EqualFold(s[n:], suffix) {
		return s[:n], true
	}
	return s, false
}
