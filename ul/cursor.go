package ul

import (
	"encoding/binary"
	"errors"
	"strings"

	"github.com/leadglass/leadglass/dicom"
)

// errItem says that an item does not hold what its lengths and the standard
// say. Which one is of no use to the peer, who gets A-ABORT either way.
var errItem = errors.New("ul: malformed item")

// cursor reads bytes from the front. A read that finds too few returns false
// and leaves the cursor as it was.
type cursor []byte

func (c *cursor) bytes(n int, out *[]byte) bool {
	if n < 0 || n > len(*c) {
		return false
	}
	*out, *c = (*c)[:n:n], (*c)[n:]
	return true
}

func (c *cursor) skip(n int) bool {
	var b []byte
	return c.bytes(n, &b)
}

func (c *cursor) uint8(out *uint8) bool {
	var b []byte
	if !c.bytes(1, &b) {
		return false
	}
	*out = b[0]
	return true
}

func (c *cursor) uint16(out *uint16) bool {
	var b []byte
	if !c.bytes(2, &b) {
		return false
	}
	*out = binary.BigEndian.Uint16(b)
	return true
}

func (c *cursor) uint32(out *uint32) bool {
	var b []byte
	if !c.bytes(4, &b) {
		return false
	}
	*out = binary.BigEndian.Uint32(b)
	return true
}

// prefixed reads a value with its length in two bytes before it.
func (c *cursor) prefixed(out *[]byte) bool {
	var n uint16
	rest := *c
	if !rest.uint16(&n) || !rest.bytes(int(n), out) {
		return false
	}
	*c = rest
	return true
}

// item reads an item: type, a reserved byte, length and value.
func (c *cursor) item(kind *uint8, value *cursor) bool {
	rest := *c
	var body []byte
	if !rest.uint8(kind) || !rest.skip(1) || !rest.prefixed(&body) {
		return false
	}
	*c, *value = rest, body
	return true
}

// uid reads a UID with its length in two bytes before it.
func (c *cursor) uid(out *dicom.UID) bool {
	var b []byte
	if !c.prefixed(&b) {
		return false
	}
	*out = uidOf(b)
	return true
}

// flag reads a byte that is 1 for yes.
func (c *cursor) flag(out *bool) bool {
	var b uint8
	if !c.uint8(&b) {
		return false
	}
	*out = b == 1
	return true
}

// uidOf drops the padding that PS3.8 annex F does not want and some peers send.
func uidOf(b []byte) dicom.UID {
	return dicom.UID(strings.TrimRight(string(b), "\x00 "))
}

// aeTitleOf drops the spaces that mean nothing (PS3.8 section 9.3.2) and the
// zero bytes that some peers pad with.
func aeTitleOf(b []byte) AETitle {
	return AETitle(strings.Trim(string(b), "\x00 "))
}

// builder appends items. The first that does not fit its length field sets err.
type builder struct {
	b   []byte
	err error
}

func (w *builder) uint8(v uint8)   { w.b = append(w.b, v) }
func (w *builder) uint16(v uint16) { w.b = binary.BigEndian.AppendUint16(w.b, v) }
func (w *builder) uint32(v uint32) { w.b = binary.BigEndian.AppendUint32(w.b, v) }
func (w *builder) bytes(v []byte)  { w.b = append(w.b, v...) }
func (w *builder) text(v string)   { w.b = append(w.b, v...) }

func (w *builder) flag(v bool) {
	if v {
		w.uint8(1)
	} else {
		w.uint8(0)
	}
}

// prefixed appends what body appends, with its length in two bytes before it.
func (w *builder) prefixed(body func()) {
	at := len(w.b)
	w.uint16(0)
	body()
	n := len(w.b) - at - 2
	if n > 0xFFFF {
		w.err = errTooLong
		return
	}
	binary.BigEndian.PutUint16(w.b[at:], uint16(n))
}

func (w *builder) item(kind uint8, body func()) {
	w.uint8(kind)
	w.uint8(0)
	w.prefixed(body)
}

func (w *builder) uidItem(kind uint8, uid dicom.UID) {
	w.item(kind, func() { w.text(string(uid)) })
}

func (w *builder) uid(uid dicom.UID) {
	w.prefixed(func() { w.text(string(uid)) })
}

// aeTitle appends 16 bytes.
func (w *builder) aeTitle(t AETitle) {
	if len(t) > aeTitleBytes {
		w.err = errAETitle
		return
	}
	w.text(string(t))
	for range aeTitleBytes - len(t) {
		w.uint8(' ')
	}
}

const aeTitleBytes = 16

var (
	errTooLong = errors.New("ul: item longer than 65535 bytes")
	errAETitle = errors.New("ul: application entity title longer than 16 bytes")
	errContext = errors.New("ul: presentation context ids must be odd and unique")
)
