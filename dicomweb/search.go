package dicomweb

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// search answers QIDO-RS (PS3.18 section 10.6). A page is held until its last
// result is known: the Warning that there are more stands before it.
func (x *exchange) search() error {
	s, ok := x.backend.(Searcher)
	if !ok {
		return notImplemented()
	}
	if err := x.acceptJSON(); err != nil {
		return err
	}
	q, ignored, err := x.query.search(x.target, x.lim)
	if err != nil {
		return err
	}
	page := page{limit: q.Limit, bytes: x.lim.PageBytes, base: x.base, level: q.Level}
	q.Limit++ // the first of the next page tells that there is one
	buf := x.pools.buffer()
	defer x.pools.putBuffer(buf)
	page.body = append((*buf)[:0], '[')
	for d, err := range s.Search(x.ctx, q) {
		if err != nil {
			return err
		}
		if !page.add(d) {
			break
		}
	}
	*buf = append(page.body, ']')
	if len(ignored) > 0 {
		x.warn("The following parameters are not supported: " + strings.Join(ignored, ","))
	}
	if page.more {
		x.more(q, page)
	}
	if page.results == 0 {
		x.out().touch()
		x.w.WriteHeader(http.StatusNoContent) // PS3.18 table 10.6.3-1
		return nil
	}
	return x.json(*buf)
}

// more says that there are additional results and where the next page is.
func (x *exchange) more(q Query, p page) {
	x.warn("There are additional results that can be requested")
	q.Limit, q.Offset = p.limit, q.Offset+p.results
	if path, err := q.resource(); err == nil {
		x.w.Header().Add("Link", "<"+x.base+path+"?"+q.parameters()+`>; rel="next"`)
	}
}

// page is the body of one answer.
type page struct {
	body    []byte
	results int
	limit   int
	bytes   int64
	more    bool
	base    string
	level   Level
}

func (p *page) add(d *dicom.Dataset) bool {
	if p.results >= p.limit || p.results > 0 && int64(len(p.body)) > p.bytes {
		p.more = true
		return false
	}
	if p.results > 0 {
		p.body = append(p.body, ',')
	}
	p.results++
	url := p.base + resultPath(p.level, d)
	d = &dicom.Dataset{Elements: slices.Clone(d.Elements)} // the backend may keep its own
	d.SetString(dict.RetrieveURL, url)
	p.body = dicom.AppendJSON(p.body, d, dicom.JSONOptions{})
	return true
}

// resultPath is where a result can be retrieved (PS3.18 table 10.6.3-3).
func resultPath(l Level, d *dicom.Dataset) string {
	path := "/studies/" + string(d.UID(dict.StudyInstanceUID))
	if l >= Series {
		path += "/series/" + string(d.UID(dict.SeriesInstanceUID))
	}
	if l >= Instances {
		path += "/instances/" + string(d.UID(dict.SOPInstanceUID))
	}
	return path
}

// search reads the parameters of a search (PS3.18 section 8.3.4) and which of
// them are not known.
func (p parameters) search(t target, lim Limits) (q Query, ignored []string, err error) {
	q = Query{Level: t.level, Study: t.res.Study, Series: t.res.Series, Limit: lim.PageResults}
	names := make([]string, 0, len(p))
	for name := range p {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		known, err := q.parameter(name, p[name])
		if err != nil {
			return q, nil, err
		}
		if !known {
			ignored = append(ignored, ignoredName(name))
		}
	}
	q.Limit = min(q.Limit, lim.PageResults, 1<<31-1)
	return q, ignored, nil
}

// ignoredName is a name as it may stand in a header.
func ignoredName(name string) string {
	if len(name) > 64 || !token(name) {
		return "…"
	}
	return name
}

func badQuery(format string, args ...any) error {
	return &Problem{HTTP: http.StatusBadRequest, Detail: fmt.Sprintf(format, args...)}
}

// parameter reads one parameter. known is false for one that names no attribute.
func (q *Query) parameter(name string, values []string) (known bool, err error) {
	last := values[len(values)-1]
	switch name {
	case "accept", "charset":
		return true, nil
	case "limit", "offset":
		n, ok := number(last, 1<<31-1)
		if !ok {
			return true, badQuery("%s is no number", name)
		}
		if name == "offset" {
			q.Offset = n
		} else if n > 0 { // 0 as a limit is none: several viewers send it so
			q.Limit = n
		}
		return true, nil
	case "fuzzymatching":
		q.FuzzyMatching = last == "true"
		if !q.FuzzyMatching && last != "false" {
			return true, badQuery("fuzzymatching is neither true nor false")
		}
		return true, nil
	case "emptyvaluematching", "multiplevaluematching":
		return last == "false", nil // PS3.18 section 8.3.4.6: optional
	case "includefield":
		return q.include(values), nil
	}
	a, ok := ParseAttribute(name)
	if !ok {
		return false, nil
	}
	for _, v := range values {
		q.Match = append(q.Match, Match{a, v})
	}
	return true, nil
}

// include reads includefield: attributes with commas between, or all.
func (q *Query) include(values []string) (known bool) {
	known = true
	for _, v := range values {
		for _, name := range strings.Split(v, ",") {
			if name == "all" {
				q.Include = append(q.Include, All)
				continue
			}
			a, ok := ParseAttribute(name)
			if !ok {
				known = false
				continue
			}
			q.Include = append(q.Include, a)
		}
	}
	return known
}

// ParseAttribute reads an attribute as a query has it: keywords, or tags in
// hexadecimal, with dots between a sequence and what is in it.
func ParseAttribute(s string) (Attribute, bool) {
	var a Attribute
	for _, part := range strings.Split(s, ".") {
		tag, ok := parseTag(part)
		if !ok {
			e, known := dict.ByKeyword(part)
			if !known {
				return nil, false
			}
			tag = dicom.Tag(e.Tag)
		}
		// Groups of commands and of the file meta information are no attributes
		// of an object.
		if tag.Group() < 8 || tag.Group() >= 0xFFFE || len(a) >= defaultDepth {
			return nil, false
		}
		a = append(a, tag)
	}
	return a, true
}

// acceptJSON says whether the peer takes the DICOM JSON model.
func (x *exchange) acceptJSON() error {
	ranges, p := accepts(x.r, x.query)
	if p != nil {
		return p
	}
	if first(ranges, "application/dicom+json", "application/json") != "" {
		return nil
	}
	for _, m := range ranges {
		if m.q > 0 && (m.parts("application/dicom+json") && m.params["type"] != "") {
			return nil // as of clients of before 2017; they read JSON all the same
		}
	}
	return &Problem{HTTP: http.StatusNotAcceptable, Detail: "answers are application/dicom+json; application/dicom+xml is not done here"}
}

// json answers with a body of the DICOM JSON model.
func (x *exchange) json(body []byte) error {
	h := x.w.Header()
	h.Set("Content-Type", "application/dicom+json")
	h.Add("Vary", "Accept, Accept-Encoding")
	if len(body) >= worthGzip && gzipped(x.r) {
		z := x.pools.gzip(x.out())
		defer x.pools.putGzip(z)
		h.Set("Content-Encoding", "gzip")
		if _, err := z.Write(body); err != nil {
			return nil // the peer has gone
		}
		z.Close()
		return nil
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if !x.head() {
		x.out().Write(body)
	}
	return nil
}

// worthGzip is the length from which compression saves a packet.
const worthGzip = 1400
