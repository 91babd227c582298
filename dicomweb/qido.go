package dicomweb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// Level is what a search finds (PS3.18 section 10.6.1.1). Patients cannot be
// searched for: PS3.18 has no such resource.
type Level uint8

// The levels.
const (
	Studies Level = iota
	Series
	Instances
)

// String returns the last part of the resource's path.
func (l Level) String() string {
	switch l {
	case Studies:
		return "studies"
	case Series:
		return "series"
	case Instances:
		return "instances"
	}
	return "Level(" + strconv.Itoa(int(l)) + ")"
}

// uid returns the tag that tells the results of the level apart.
func (l Level) uid() dicom.Tag {
	switch l {
	case Series:
		return dict.SeriesInstanceUID
	case Instances:
		return dict.SOPInstanceUID
	}
	return dict.StudyInstanceUID
}

// Attribute names an attribute in a query: its tag, after those of the sequences
// around it (PS3.18 section 8.3.4.1).
type Attribute []dicom.Tag

// All as an attribute to include asks for all that the server has.
var All = Attribute(nil)

// String returns the attribute as it stands in a query.
func (a Attribute) String() string {
	if len(a) == 0 {
		return "all"
	}
	parts := make([]string, len(a))
	for i, tag := range a {
		parts[i] = fmt.Sprintf("%08X", uint32(tag))
	}
	return strings.Join(parts, ".")
}

// Match is one matching key (PS3.4 section C.2.2.2). Its value may be a range
// or have wildcards.
type Match struct {
	Attribute Attribute
	Value     string
}

// Query is a search (PS3.18 section 10.6).
type Query struct {
	Level  Level
	Study  dicom.UID // for Series and Instances: only those of the study
	Series dicom.UID // for Instances: only those of the series of the study
	Match  []Match
	// Include are attributes to return beside those that the standard has
	// servers return (PS3.18 section 10.6.3.3).
	Include       []Attribute
	FuzzyMatching bool // of names, as the server understands it
	Limit         int  // most results; 0 leaves it to the server
	Offset        int  // results to leave out
}

// resource returns the path below the base URL.
func (q Query) resource() (string, error) {
	path := ""
	switch {
	case q.Level > Instances:
		return "", errors.New("no such level")
	case q.Series != "" && (q.Study == "" || q.Level != Instances), q.Study != "" && q.Level == Studies:
		return "", errors.New("the search is within a study or series that its level does not allow")
	case q.Limit < 0 || q.Offset < 0:
		return "", errors.New("limit or offset is below zero")
	}
	for _, part := range []struct {
		name string
		uid  dicom.UID
	}{{"/studies/", q.Study}, {"/series/", q.Series}} {
		if part.uid == "" {
			continue
		}
		if !part.uid.Valid() {
			return "", errNoUID
		}
		path += part.name + string(part.uid)
	}
	return path + "/" + q.Level.String(), nil
}

var errNoUID = errors.New("a UID breaks the rules of PS3.5 section 9.1")

// parameters returns the query part of the URL (PS3.18 section 8.3.4).
func (q Query) parameters() string {
	var v []string
	for _, m := range q.Match {
		v = append(v, m.Attribute.String()+"="+escape(m.Value))
	}
	for _, a := range q.Include {
		v = append(v, "includefield="+a.String())
	}
	if q.FuzzyMatching {
		v = append(v, "fuzzymatching=true")
	}
	if q.Limit > 0 {
		v = append(v, "limit="+strconv.Itoa(q.Limit))
	}
	if q.Offset > 0 {
		v = append(v, "offset="+strconv.Itoa(q.Offset))
	}
	return strings.Join(v, "&")
}

// escape escapes what RFC 3986 section 3.4 wants escaped in a query, and no
// more, as url.QueryEscape would: Orthanc 1.10 takes an escaped wildcard for
// the text that it is. It does so with ^ too, but that must not stand as it is.
func escape(value string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~*?,:/@"
	var b strings.Builder
	for i := range len(value) {
		if strings.IndexByte(plain, value[i]) >= 0 {
			b.WriteByte(value[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", value[i])
		}
	}
	return b.String()
}

// Found is what came of a search.
type Found struct {
	Results int // data sets that were shown
	// More says that the server has further results: it said so (status 206 or
	// a Warning, PS3.18 section 8.3.4.4), or the search was ended early.
	More bool
	// Total is how many results the server says that it has in all, by a header
	// X-Total-Count, which no standard describes; 0 where it does not.
	Total int64
}

// jsonTypes are the media types of data sets in JSON. Servers of before 2015
// send the second.
func isJSON(mediaType string) bool {
	return mediaType == "application/dicom+json" || mediaType == "application/json"
}

const acceptJSON = "application/dicom+json"

// Search shows each result to each, as it comes; the data set is each's to
// keep. An error of each ends the search and is returned, dicom.ErrStop as nil.
func (c *Client) Search(ctx context.Context, q Query, each func(*dicom.Dataset) error) (Found, error) {
	doing := "searching " + q.Level.String()
	path, err := q.resource()
	if err != nil {
		return Found{}, wrap(doing, err)
	}
	a, err := c.get(ctx, path, q.parameters(), acceptJSON)
	if err != nil {
		return Found{}, wrap(doing, err)
	}
	defer a.body.Close()
	found := Found{More: a.more(), Total: a.total()}
	found.Results, err = c.datasets(a, each)
	if err == dicom.ErrStop {
		found.More, err = true, nil
	}
	return found, wrap(doing, err)
}

func (a *answer) more() bool {
	return a.status == http.StatusPartialContent || slices.ContainsFunc(a.header.Values("Warning"), func(w string) bool {
		return strings.Contains(w, "additional results")
	})
}

// total reads X-Total-Count; what is no number is as good as none.
func (a *answer) total() int64 {
	n, err := strconv.ParseInt(a.header.Get("X-Total-Count"), 10, 64)
	if err != nil {
		return 0
	}
	return max(n, 0)
}

// datasets shows the data sets of an answer and returns how many it showed.
func (c *Client) datasets(a *answer, each func(*dicom.Dataset) error) (int, error) {
	if a.status == http.StatusNoContent {
		return 0, nil
	}
	if !isJSON(a.mediaType) {
		return 0, &MediaTypeError{a.mediaType}
	}
	a.body.atMost("search_bytes", c.lim.SearchBytes)
	dec := dicom.NewJSONDecoder(a.body, dicom.JSONOptions{Limits: c.lim.dataset()})
	for n := 0; ; n++ {
		d, err := dec.Next()
		switch {
		case err == io.EOF:
			return n, nil
		case err != nil:
			return n, err
		case n >= c.lim.Results:
			return n, &LimitError{"results", int64(c.lim.Results)}
		}
		if err := each(d); err != nil {
			return n + 1, err
		}
	}
}

// SearchPages searches by pages of q.Limit results, which must be set, from
// q.Offset on until a page has none. A server may give fewer on a page than
// were asked for (PS3.18 section 8.3.4.4).
func (c *Client) SearchPages(ctx context.Context, q Query, each func(*dicom.Dataset) error) (Found, error) {
	doing := "searching " + q.Level.String() + " by pages"
	if q.Limit <= 0 {
		return Found{}, wrap(doing, errors.New("there is no limit to a page"))
	}
	total, last := 0, dicom.UID("")
	for page := 0; ; page++ {
		if page >= c.lim.Pages {
			return Found{Results: total, More: true}, wrap(doing, &LimitError{"pages", int64(c.lim.Pages)})
		}
		p := pager{level: q.Level, before: last, each: each}
		found, err := c.Search(ctx, q, p.show)
		total += p.shown
		if p.stopped || err != nil {
			return Found{Results: total, More: true}, err
		}
		if found.Results == 0 || found.Results < q.Limit && !found.More {
			return Found{Results: total}, nil
		}
		q.Offset += found.Results
		last = p.first
	}
}

// pager is one page of a search.
type pager struct {
	level   Level
	before  dicom.UID // the first result of the page before
	first   dicom.UID
	each    func(*dicom.Dataset) error
	shown   int // to each
	stopped bool
}

func (p *pager) show(d *dicom.Dataset) error {
	if p.shown == 0 {
		p.first = d.UID(p.level.uid())
		if p.first != "" && p.first == p.before {
			return ErrPaging
		}
	}
	p.shown++
	err := p.each(d)
	p.stopped = err == dicom.ErrStop
	return err
}
