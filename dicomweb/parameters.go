package dicomweb

import (
	"net/http"
	"net/url"
	"strings"
)

// parameters are the query part of a URL. A name that comes twice has both
// values, in their order.
type parameters map[string][]string

// parseParameters reads the query part (RFC 3986 section 3.4). A plus sign is
// a space, as forms have it: every client's library writes it so. Semicolons are
// no separators.
func parseParameters(raw string, lim Limits) (parameters, error) {
	if strings.Count(raw, "&") >= lim.QueryKeys {
		return nil, &LimitError{"query_keys", int64(lim.QueryKeys)}
	}
	all := parameters{}
	for _, pair := range strings.Split(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err == nil {
			value, err = url.QueryUnescape(value)
		}
		if err != nil || strings.ContainsAny(name+value, "\x00\r\n") {
			return nil, &Problem{HTTP: http.StatusBadRequest, Detail: "the query has an escape that is none"}
		}
		all[name] = append(all[name], value)
	}
	return all, nil
}

// get returns the first value, "" without.
func (p parameters) get(name string) string {
	if v := p[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}
