package audit

import (
	"strconv"
	"unicode/utf8"
)

// object writes one JSON object in the canonical form of RFC 8785: no white
// space, the fewest escapes, members in the order of their names, which is the
// caller's to keep. Members that are empty or zero are left out.
type object struct {
	b   []byte
	any bool
}

func begin(b []byte) *object { return &object{b: append(b, '{')} }

func (o *object) end() []byte { return append(o.b, '}') }

func (o *object) name(name string) {
	if o.any {
		o.b = append(o.b, ',')
	}
	o.any = true
	o.b = append(appendString(o.b, name), ':')
}

func (o *object) text(name, v string) {
	if v != "" {
		o.name(name)
		o.b = appendString(o.b, v)
	}
}

func (o *object) number(name string, v int64) {
	if v != 0 {
		o.name(name)
		o.b = strconv.AppendInt(o.b, v, 10)
	}
}

func (o *object) yes(name string, v bool) {
	if v {
		o.name(name)
		o.b = append(o.b, "true"...)
	}
}

// texts writes a list.
func texts[T ~string](o *object, name string, list []T) {
	if len(list) == 0 {
		return
	}
	o.name(name)
	o.b = append(o.b, '[')
	for i, v := range list {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendString(o.b, string(v))
	}
	o.b = append(o.b, ']')
}

// appendString writes a string (RFC 8785 section 3.2.2.2). What is not UTF-8
// becomes U+FFFD: peers send whatever they like.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	plain := 0
	for plain < len(s) && s[plain] >= ' ' && s[plain] < utf8.RuneSelf && s[plain] != '"' && s[plain] != '\\' {
		plain++
	}
	b, s = append(b, s[:plain]...), s[plain:]
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\b':
			b = append(b, '\\', 'b')
		case r == '\t':
			b = append(b, '\\', 't')
		case r == '\n':
			b = append(b, '\\', 'n')
		case r == '\f':
			b = append(b, '\\', 'f')
		case r == '\r':
			b = append(b, '\\', 'r')
		case r < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
		s = s[n:]
	}
	return append(b, '"')
}
