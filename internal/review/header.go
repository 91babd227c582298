package review

import "bytes"

// header is what of a record's header is verified. The slices point into the
// leaf.
type header struct {
	action, body, committed, event, key, time, transfer, verb, shred []byte
	instances, bytes, outcome, times, version                        int64
	back                                                             bool

	known []byte // a time that is well formed: that of the record before
}

// instantSize is the length of a time, "2006-01-02T15:04:05.000Z".
const instantSize = 24

// member is one that a header may have.
type member struct {
	name  string // as it is written, with its colon
	kind  kind
	text  func(*header) *[]byte // where it is kept, nil for nowhere
	count func(*header) *int64
}

// kind is the type of a member.
type kind uint8

const (
	text kind = iota
	number
	list
	yes
	back
)

// members are all that there are, in their order (package comment of audit).
var members = []member{
	{name: `"action":`, text: func(h *header) *[]byte { return &h.action }},
	{name: `"actor":`},
	{name: `"assurance":`},
	{name: `"behalf":`},
	{name: `"body":`, text: func(h *header) *[]byte { return &h.body }},
	{name: `"bytes":`, kind: number, count: func(h *header) *int64 { return &h.bytes }},
	{name: `"certificate":`},
	{name: `"classes":`, kind: list},
	{name: `"clock":`, kind: back},
	{name: `"committed":`, text: func(h *header) *[]byte { return &h.committed }},
	{name: `"declared":`},
	{name: `"event":`, text: func(h *header) *[]byte { return &h.event }},
	{name: `"evidence":`, kind: number},
	{name: `"id":`},
	{name: `"instances":`, kind: number, count: func(h *header) *int64 { return &h.instances }},
	{name: `"key":`, text: func(h *header) *[]byte { return &h.key }},
	{name: `"kind":`},
	{name: `"obligations":`, kind: list},
	{name: `"outcome":`, kind: number, count: func(h *header) *int64 { return &h.outcome }},
	{name: `"policy":`},
	{name: `"purpose":`},
	{name: `"reason":`},
	{name: `"roles":`, kind: list},
	{name: `"route":`},
	{name: `"rules":`, kind: list},
	{name: `"shred":`, text: func(h *header) *[]byte { return &h.shred }},
	{name: `"subject":`},
	{name: `"time":`, text: func(h *header) *[]byte { return &h.time }},
	{name: `"times":`, kind: number, count: func(h *header) *int64 { return &h.times }},
	{name: `"tls":`, kind: yes},
	{name: `"transfer":`, text: func(h *header) *[]byte { return &h.transfer }},
	{name: `"type":`},
	{name: `"v":`, kind: number, count: func(h *header) *int64 { return &h.version }},
	{name: `"verb":`, text: func(h *header) *[]byte { return &h.verb }},
}

// letters are the first ones of members, so close that all are in one place.
var letters = func() (all []byte) {
	for _, m := range members {
		all = append(all, m.name[1])
	}
	return all
}()

// read reads a header and says what is wrong with it: members in their order,
// each once and of its type, in JSON that has one form.
func (h *header) read(leaf []byte) (what string) {
	s := scanner{leaf, 0}
	if !s.is('{') {
		return "it is no object"
	}
	next := 0 // the first member that may follow
	for first := true; !s.is('}'); first = false {
		if !first && !s.is(',') {
			return "members are parted by commas"
		}
		if next = s.find(next); next == len(members) {
			return s.odd()
		}
		if !h.value(&members[next], &s) {
			return "a member is of another type"
		}
		next++
	}
	if s.at != len(leaf) {
		return "something follows it"
	}
	return h.wrong()
}

// find returns the member that comes next, from one on, or how many there are. The
// first letter alone tells most apart.
func (s *scanner) find(from int) int {
	letter := byte(0)
	if s.at+1 < len(s.b) {
		letter = s.b[s.at+1]
	}
	for ; from < len(members); from++ {
		if letters[from] == letter && s.has(members[from].name) {
			break
		}
	}
	return from
}

// odd says what a member is that cannot be here.
func (s *scanner) odd() string {
	name, ok := s.text()
	if !ok || !s.is(':') {
		return "a member has a name"
	}
	for _, m := range members {
		if m.name == `"`+string(name)+`":` {
			return "the members are not in their order"
		}
	}
	return "a member that none has"
}

func (h *header) wrong() string {
	switch {
	case h.version != 1:
		return "it is of another version"
	case !bytes.Equal(h.committed, h.known) && !instant(h.committed) || !bytes.Equal(h.time, h.committed) && !instant(h.time):
		return "a time is none"
	case len(h.event) == 0 || len(h.body) != 64:
		return "a member is missing"
	case h.instances < 0 || h.bytes < 0 || h.times < 0:
		return "a count is negative"
	}
	return ""
}

// instant reports whether b has the form of a time.
func instant(b []byte) bool {
	const form = "0000-00-00T00:00:00.000Z"
	if len(b) != instantSize {
		return false
	}
	for i, c := range b {
		digit := c >= '0' && c <= '9'
		if form[i] == '0' && !digit || form[i] != '0' && c != form[i] {
			return false
		}
	}
	return true
}

// value reads the value of a member.
func (h *header) value(m *member, s *scanner) bool {
	switch m.kind {
	case number:
		n, ok := s.number()
		if m.count != nil {
			*m.count(h) = n
		}
		return ok
	case list:
		return s.list()
	case yes:
		return s.has("true")
	case back:
		h.back = s.has(`"back"`)
		return h.back
	}
	v, ok := s.text()
	if m.text != nil {
		*m.text(h) = v
	}
	return ok
}

// scanner reads canonical JSON.
type scanner struct {
	b  []byte
	at int
}

func (s *scanner) is(c byte) bool {
	if s.at < len(s.b) && s.b[s.at] == c {
		s.at++
		return true
	}
	return false
}

// has takes what begins as said.
func (s *scanner) has(what string) bool {
	rest := s.b[s.at:]
	if len(rest) < len(what) || string(rest[:len(what)]) != what {
		return false
	}
	s.at += len(what)
	return true
}

// text reads a string and returns it as it is written.
func (s *scanner) text() ([]byte, bool) {
	if s.at >= len(s.b) || s.b[s.at] != '"' {
		return nil, false
	}
	s.at++
	rest := s.b[s.at:]
	if end := bytes.IndexByte(rest, '"'); end >= 0 && (end == 0 || rest[end-1] != '\\') {
		s.at += end + 1
		return rest[:end], true
	}
	return s.escaped()
}

// escaped reads on where a string may have quotation marks within.
func (s *scanner) escaped() ([]byte, bool) {
	start := s.at
	for {
		end := bytes.IndexByte(s.b[s.at:], '"')
		if end < 0 {
			return nil, false
		}
		s.at += end + 1
		// A quotation mark after an odd number of backslashes is part of the string.
		back := s.at - 2
		for back >= start && s.b[back] == '\\' {
			back--
		}
		if (s.at-2-back)%2 == 0 {
			return s.b[start : s.at-1], true
		}
	}
}

func (s *scanner) number() (int64, bool) {
	negative := s.is('-')
	start, n := s.at, int64(0)
	for s.at < len(s.b) && s.b[s.at] >= '0' && s.b[s.at] <= '9' && s.at-start < 18 {
		n = 10*n + int64(s.b[s.at]-'0')
		s.at++
	}
	if s.at == start || s.b[start] == '0' {
		return 0, false // a member that is zero is absent
	}
	if negative {
		n = -n
	}
	return n, true
}

func (s *scanner) list() bool {
	if !s.is('[') {
		return false
	}
	for first := true; !s.is(']'); first = false {
		if !first && !s.is(',') {
			return false
		}
		if _, ok := s.text(); !ok {
			return false
		}
	}
	return true
}
