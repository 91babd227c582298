package dicomweb

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/leadglass/leadglass/dicom"
)

// mediaRange is one media range of an Accept header (RFC 9110 section 12.5.1)
// with the parameters of PS3.18 section 8.7.
type mediaRange struct {
	kind   string // "multipart/related", "image/*", "*/*", in lower case
	params map[string]string
	q      float64
}

// accepts returns what a request accepts: the query parameter accept, which
// stands for the header where there is one (PS3.18 section 8.3.3.1), or the
// header, or anything. Ranges of q=0 are left in.
func accepts(r *http.Request, query parameters) ([]mediaRange, *Problem) {
	given := r.Header.Values("Accept")
	if v := query["accept"]; len(v) > 0 {
		given = v
	}
	var all []mediaRange
	for _, s := range splitQuoted(strings.Join(given, ","), ',') {
		if strings.TrimSpace(s) == "" {
			continue
		}
		m, ok := parseRange(s)
		if !ok || len(all) >= maxRanges {
			return nil, &Problem{HTTP: http.StatusBadRequest, Detail: "Accept is no list of media types"}
		}
		all = append(all, m)
	}
	if len(all) == 0 {
		all = []mediaRange{{kind: "*/*", q: 1}}
	}
	slices.SortStableFunc(all, func(a, b mediaRange) int {
		switch {
		case a.q > b.q:
			return -1
		case a.q < b.q:
			return 1
		}
		return 0
	})
	return all, nil
}

// maxRanges bounds an Accept header: a viewer that lists each transfer syntax
// has about 20.
const maxRanges = 64

// parseRange reads one media range. Values may stand without quotes although
// they have a slash, as in type=application/dicom: most clients write so.
func parseRange(s string) (mediaRange, bool) {
	parts := splitQuoted(s, ';')
	m := mediaRange{kind: strings.ToLower(strings.TrimSpace(parts[0])), q: 1}
	major, minor, ok := strings.Cut(m.kind, "/")
	if !ok || !token(major) || !token(minor) || major == "*" && minor != "*" {
		return m, false
	}
	for _, p := range parts[1:] {
		name, value, ok := strings.Cut(p, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)
		if name == "" && !ok {
			continue // a semicolon at the end
		}
		if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
			value = value[1 : len(value)-1]
		}
		if !ok || !token(name) || strings.ContainsAny(value, "\"\\\r\n") {
			return m, false
		}
		if name == "q" {
			q, err := strconv.ParseFloat(value, 64)
			if err != nil || !(q >= 0 && q <= 1) {
				return m, false
			}
			m.q = q
			continue
		}
		if m.params == nil {
			m.params = map[string]string{}
		}
		m.params[name] = value
	}
	return m, true
}

// token says whether s is a token of RFC 9110 section 5.6.2; "*" is one.
func token(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c <= ' ' || c >= 0x7F || strings.IndexByte(`"(),/:;<=>?@[\]{}`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// splitQuoted splits at sep where it does not stand between quotes.
func splitQuoted(s string, sep byte) []string {
	var parts []string
	quoted, start := false, 0
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

// covers says whether the range has the media type.
func (m mediaRange) covers(mediaType string) bool {
	if m.q == 0 {
		return false
	}
	if m.kind == "*/*" || m.kind == mediaType {
		return true
	}
	major, ok := strings.CutSuffix(m.kind, "/*")
	return ok && strings.HasPrefix(mediaType, major+"/")
}

// parts says whether the range has multipart messages whose parts are of the
// media type; without the parameter type it has any.
func (m mediaRange) parts(mediaType string) bool {
	if !m.covers("multipart/related") {
		return false
	}
	of := strings.ToLower(m.params["type"])
	return of == "" || of == "*/*" || of == mediaType
}

// first returns the first of the media types that is accepted, "" for none.
func first(ranges []mediaRange, mediaTypes ...string) string {
	for _, m := range ranges {
		for _, t := range mediaTypes {
			if m.covers(t) {
				return t
			}
		}
	}
	return ""
}

// syntaxes are transfer syntaxes that are accepted.
type syntaxes struct {
	any  bool
	list []dicom.UID
}

func (s syntaxes) has(uid dicom.UID) bool { return s.any || slices.Contains(s.list, uid) }

func (s syntaxes) none() bool { return !s.any && len(s.list) == 0 }

// add adds what a range says. One that names none means Explicit VR Little
// Endian (PS3.18 section 8.7.3.5.2), unless it is a wildcard, which says that
// anything is right.
func (s *syntaxes) add(m mediaRange) {
	switch uid := m.params["transfer-syntax"]; {
	case uid == "*" || uid == "" && strings.Contains(m.kind, "*"):
		s.any = true
	case uid == "":
		s.list = append(s.list, dicom.ExplicitVRLittleEndian.UID)
	default:
		s.list = append(s.list, dicom.UID(uid))
	}
}

// gzipped says whether the peer takes gzip (RFC 9110 section 12.5.3).
func gzipped(r *http.Request) bool {
	for _, s := range strings.Split(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, weight, _ := strings.Cut(s, ";")
		if coding = strings.ToLower(strings.TrimSpace(coding)); coding != "gzip" && coding != "*" {
			continue
		}
		weight = strings.ReplaceAll(strings.ToLower(weight), " ", "")
		q, err := strconv.ParseFloat(strings.TrimPrefix(weight, "q="), 64)
		return weight == "" || err == nil && q > 0
	}
	return false
}
