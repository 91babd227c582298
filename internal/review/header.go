package review

import "bytes"

// header is what of a record's header is verified. The slices point into the
// leaf.
type header struct {
	action, body, committed, event, key, time, transfer, verb, shred []byte
	instances, bytes, outcome, times, version                        int64
	back                                                             bool
}

// instantSize is the length of a time, "2006-01-02T15:04:05.000Z".
const instantSize = 24

// read reads a header and says what is wrong with it: members in their order,
// each once and of its type, in JSON that has one form.
func (h *header) read(leaf []byte) (what string) {
	s := scanner{leaf, 0}
	if !s.is('{') {
		return "it is no object"
	}
	var last []byte
	for first := true; !s.is('}'); first = false {
		if !first && !s.is(',') {
			return "members are parted by commas"
		}
		name, ok := s.text()
		if !ok || !s.is(':') {
			return "a member has a name"
		}
		if bytes.Compare(last, name) >= 0 {
			return "the members are not in their order"
		}
		last = name
		if !h.member(name, &s) {
			return "a member that none has, or of another type"
		}
	}
	if s.at != len(leaf) {
		return "something follows it"
	}
	return h.wrong()
}

func (h *header) wrong() string {
	switch {
	case h.version != 1:
		return "it is of another version"
	case !instant(h.committed) || !instant(h.time):
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

// member reads the value of a member.
func (h *header) member(name []byte, s *scanner) (ok bool) {
	var skip []byte
	into, number := &skip, (*int64)(nil)
	switch string(name) {
	case "action":
		into = &h.action
	case "body":
		into = &h.body
	case "committed":
		into = &h.committed
	case "event":
		into = &h.event
	case "key":
		into = &h.key
	case "time":
		into = &h.time
	case "transfer":
		into = &h.transfer
	case "verb":
		into = &h.verb
	case "shred":
		into = &h.shred
	case "bytes":
		number = &h.bytes
	case "instances":
		number = &h.instances
	case "outcome":
		number = &h.outcome
	case "times":
		number = &h.times
	case "v":
		number = &h.version
	case "evidence":
		number = new(int64)
	case "clock":
		v, ok := s.text()
		h.back = string(v) == "back"
		return ok && h.back
	case "tls":
		return s.yes()
	case "classes", "obligations", "roles", "rules":
		return s.list()
	case "actor", "assurance", "behalf", "certificate", "declared", "id", "kind", "policy", "purpose", "reason", "route", "subject", "type":
	default:
		return false
	}
	if number != nil {
		*number, ok = s.number()
		return ok
	}
	*into, ok = s.text()
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

// text reads a string and returns it as it is written.
func (s *scanner) text() ([]byte, bool) {
	if !s.is('"') {
		return nil, false
	}
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

func (s *scanner) yes() bool {
	if bytes.HasPrefix(s.b[s.at:], []byte("true")) {
		s.at += 4
		return true
	}
	return false
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
