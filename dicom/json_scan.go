package dicom

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// jsonScanner reads the tokens of RFC 8259 from a stream. It keeps a fixed
// buffer; what a token holds goes where the caller says, as far as the caller
// permits. encoding/json would hold a whole token before anyone could look at
// its length.
type jsonScanner struct {
	r        io.Reader
	buf      []byte
	pos, end int
	base     int64 // offset of buf in the stream
	err      error // why there is no more to read
}

const jsonBuffer = 16 << 10

func (s *jsonScanner) offset() int64 { return s.base + int64(s.pos) }

// fill makes sure that a byte stands at pos and returns false at the end.
func (s *jsonScanner) fill() bool {
	if s.pos < s.end {
		return true
	}
	if s.buf == nil {
		s.buf = make([]byte, jsonBuffer)
	}
	s.base += int64(s.end)
	s.pos, s.end = 0, 0
	for range maxEmptyReads {
		if s.err != nil {
			return false
		}
		s.end, s.err = s.r.Read(s.buf)
		if s.end > 0 {
			return true
		}
	}
	if s.err == nil {
		s.err = io.ErrNoProgress
	}
	return false
}

// next skips white space and takes the byte after it; 0 at the end.
func (s *jsonScanner) next() byte {
	c := s.peek()
	if c != 0 {
		s.pos++
	}
	return c
}

// peek skips white space and returns the byte after it; 0 at the end. A zero
// byte in the text is the end too, which no grammar continues.
func (s *jsonScanner) peek() byte {
	for s.fill() {
		switch c := s.buf[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// fault is what stands in the way of reading on.
func (s *jsonScanner) fault() error {
	switch {
	case s.pos < s.end || s.err == nil:
		return ErrJSON
	case s.err == io.EOF:
		return io.ErrUnexpectedEOF
	}
	return s.err
}

// Who calls knows the limits: of the bytes of a token, of the depth.
var (
	errLong = errors.New("token too long")
	errDeep = errors.New("nested too deeply")
)

// text appends the string whose opening quote was taken, at most most bytes.
func (s *jsonScanner) text(dst []byte, most int64) ([]byte, error) {
	start := len(dst)
	for {
		if int64(len(dst)-start) > most {
			return dst, errLong
		}
		if !s.fill() {
			return dst, s.fault()
		}
		chunk := s.buf[s.pos:s.end]
		n := 0
		for n < len(chunk) && chunk[n] != '"' && chunk[n] != '\\' && chunk[n] >= ' ' {
			n++
		}
		if int64(len(dst)-start+n) > most {
			return dst, errLong
		}
		dst = append(dst, chunk[:n]...)
		s.pos += n
		if n == len(chunk) {
			continue
		}
		switch chunk[n] {
		case '"':
			s.pos++
			return validText(dst, start), nil
		case '\\':
			var err error
			if dst, err = s.escaped(dst, start, most); err != nil {
				return dst, err
			}
		default:
			return dst, ErrJSON
		}
	}
}

// validText replaces what is not UTF-8 in dst from start on.
func validText(dst []byte, start int) []byte {
	if utf8.Valid(dst[start:]) {
		return dst
	}
	return append(dst[:start], bytes.ToValidUTF8(dst[start:], []byte("\uFFFD"))...)
}

// escaped appends the character of the escape sequence at pos.
func (s *jsonScanner) escaped(dst []byte, start int, most int64) ([]byte, error) {
	s.pos++
	if !s.fill() {
		return dst, s.fault()
	}
	c := s.buf[s.pos]
	s.pos++
	switch c {
	case '"', '\\', '/':
		return append(dst, c), nil
	case 'b':
		return append(dst, '\b'), nil
	case 'f':
		return append(dst, '\f'), nil
	case 'n':
		return append(dst, '\n'), nil
	case 'r':
		return append(dst, '\r'), nil
	case 't':
		return append(dst, '\t'), nil
	case 'u':
		return s.unicode(dst, start, most)
	}
	return dst, ErrJSON
}

// unicode appends the character of \uXXXX, or of two of them that are a
// surrogate pair; a lone surrogate becomes U+FFFD. A run of those is as long as
// its writer likes, so the limit counts here too.
func (s *jsonScanner) unicode(dst []byte, start int, most int64) ([]byte, error) {
	r, err := s.hex4()
	for err == nil && utf16.IsSurrogate(r) {
		if !s.follows('\\') {
			break
		}
		if !s.follows('u') {
			// The backslash is taken: it begins another escape sequence.
			s.pos--
			return s.escaped(utf8.AppendRune(dst, utf8.RuneError), start, most)
		}
		var low rune
		if low, err = s.hex4(); err != nil {
			break
		}
		if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
			return utf8.AppendRune(dst, both), nil
		}
		dst = utf8.AppendRune(dst, utf8.RuneError)
		if int64(len(dst)-start) > most {
			return dst, errLong
		}
		r = low
	}
	if utf16.IsSurrogate(r) {
		r = utf8.RuneError
	}
	return utf8.AppendRune(dst, r), err
}

// follows takes the byte c if it is the next one.
func (s *jsonScanner) follows(c byte) bool {
	if s.fill() && s.buf[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *jsonScanner) hex4() (rune, error) {
	var r rune
	for range 4 {
		if !s.fill() {
			return 0, s.fault()
		}
		n := hexDigit(s.buf[s.pos])
		if n < 0 {
			return 0, ErrJSON
		}
		s.pos++
		r = r<<4 | rune(n)
	}
	return r, nil
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// number appends the number that begins at pos, at most most bytes.
func (s *jsonScanner) number(dst []byte, most int64) ([]byte, error) {
	start := len(dst)
	for s.fill() {
		c := s.buf[s.pos]
		if (c < '0' || c > '9') && c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E' {
			break
		}
		if int64(len(dst)-start) >= most {
			return dst, errLong
		}
		dst = append(dst, c)
		s.pos++
	}
	if !isJSONNumber(dst[start:]) {
		return dst, ErrJSON
	}
	return dst, nil
}

// isJSONNumber says that b is a number of RFC 8259 section 6.
func isJSONNumber(b []byte) bool {
	if len(b) > 0 && b[0] == '-' {
		b = b[1:]
	}
	whole := digits(b)
	if whole == 0 || whole > 1 && b[0] == '0' {
		return false
	}
	if b = b[whole:]; len(b) > 0 && b[0] == '.' {
		n := digits(b[1:])
		if n == 0 {
			return false
		}
		b = b[1+n:]
	}
	if len(b) > 0 && (b[0] == 'e' || b[0] == 'E') {
		b = b[1:]
		if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
			b = b[1:]
		}
		n := digits(b)
		if n == 0 {
			return false
		}
		b = b[n:]
	}
	return len(b) == 0
}

func digits(b []byte) int {
	n := 0
	for n < len(b) && b[n] >= '0' && b[n] <= '9' {
		n++
	}
	return n
}

// word takes the rest of true, false or null, of which the first byte is taken.
func (s *jsonScanner) word(rest string) error {
	for i := range len(rest) {
		if !s.follows(rest[i]) {
			s.fill()
			return s.fault()
		}
	}
	return nil
}

// skip passes over one value of any kind and keeps nothing of it.
func (s *jsonScanner) skip(depth int) error {
	switch c := s.next(); c {
	case '"':
		return s.skipText()
	case 't':
		return s.word("rue")
	case 'f':
		return s.word("alse")
	case 'n':
		return s.word("ull")
	case '[', '{':
		if depth <= 0 {
			return errDeep
		}
		return s.skipNested(c, depth-1)
	case 0:
		return s.fault()
	}
	s.pos--
	_, err := s.number(nil, 1<<10)
	return err
}

func (s *jsonScanner) skipText() error {
	for s.fill() {
		c := s.buf[s.pos]
		if c < ' ' {
			return ErrJSON
		}
		s.pos++
		switch c {
		case '"':
			return nil
		case '\\':
			if !s.fill() {
				return s.fault()
			}
			s.pos++
		}
	}
	return s.fault()
}

func (s *jsonScanner) skipNested(open byte, depth int) error {
	closing := byte('}')
	if open == '[' {
		closing = ']'
	}
	if s.peek() == closing {
		s.pos++
		return nil
	}
	for {
		if open == '{' {
			if err := s.skipKey(); err != nil {
				return err
			}
		}
		if err := s.skip(depth); err != nil {
			return err
		}
		switch s.next() {
		case ',':
		case closing:
			return nil
		default:
			s.back()
			return s.fault()
		}
	}
}

func (s *jsonScanner) skipKey() error {
	if s.next() != '"' {
		s.back()
		return s.fault()
	}
	if err := s.skipText(); err != nil {
		return err
	}
	if s.next() != ':' {
		s.back()
		return s.fault()
	}
	return nil
}

// back returns the byte that next took, so that fault knows there was one.
func (s *jsonScanner) back() {
	if s.pos > 0 && s.pos <= s.end {
		s.pos--
	}
}
