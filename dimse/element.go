package dimse

import (
	"encoding/binary"

	"github.com/leadglass/leadglass/dicom"
)

// cursor is what is left of a command set.
type cursor []byte

// element takes the next element; its length is checked before its value is
// taken, whatever it claims.
func (s *cursor) element() (elem uint16, value []byte, ok bool) {
	b := *s
	if len(b) < 8 || b[0] != 0 || b[1] != 0 { // a command set holds group 0000 only
		return 0, nil, false
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if uint64(n) > uint64(len(b)-8) {
		return 0, nil, false
	}
	*s = b[8+n:]
	return binary.LittleEndian.Uint16(b[2:]), b[8 : 8+n : 8+n], true
}

func getUint16(v []byte) (uint16, bool) {
	if len(v) != 2 {
		return 0, false
	}
	return binary.LittleEndian.Uint16(v), true
}

func getUint32(v []byte) (uint32, bool) {
	if len(v) != 4 {
		return 0, false
	}
	return binary.LittleEndian.Uint32(v), true
}

// maxUID is the length of the longest UID with its padding (PS3.5 section 9.1).
const maxUID = 64

// getUID takes a UID without its padding: NUL, or the space that some peers
// send. It returns old where that is equal, which costs no allocation.
func getUID(v []byte, old dicom.UID) (dicom.UID, bool) {
	for len(v) > 0 && (v[len(v)-1] == 0 || v[len(v)-1] == ' ') {
		v = v[:len(v)-1]
	}
	if len(v) > maxUID {
		return "", false
	}
	if string(v) == string(old) {
		return old, true
	}
	return dicom.UID(v), true
}

// getText takes a text of VR AE or LO without its padding.
func getText(v []byte, old string) string {
	for len(v) > 0 && (v[len(v)-1] == ' ' || v[len(v)-1] == 0) {
		v = v[:len(v)-1]
	}
	for len(v) > 0 && v[0] == ' ' {
		v = v[1:]
	}
	if string(v) == old {
		return old
	}
	return string(v)
}

func getTags(v []byte, tags []dicom.Tag) ([]dicom.Tag, bool) {
	for ; len(v) >= 4; v = v[4:] {
		tags = append(tags, dicom.NewTag(binary.LittleEndian.Uint16(v), binary.LittleEndian.Uint16(v[2:])))
	}
	return tags, len(v) == 0
}

// appendHeader appends tag and length of an element of group 0000.
func appendHeader(dst []byte, elem uint16, n int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(elem)<<16)
	return binary.LittleEndian.AppendUint32(dst, uint32(n))
}

func appendUint16(dst []byte, elem, v uint16) []byte {
	return binary.LittleEndian.AppendUint16(appendHeader(dst, elem, 2), v)
}

func appendUint32(dst []byte, elem uint16, v uint32) []byte {
	return binary.LittleEndian.AppendUint32(appendHeader(dst, elem, 4), v)
}

func appendCount(dst []byte, elem uint16, c Count) []byte {
	if !c.Valid {
		return dst
	}
	return appendUint16(dst, elem, c.N)
}

// appendUID appends a UID padded with NUL; an empty one is left out.
func appendUID(dst []byte, elem uint16, uid dicom.UID) []byte {
	return appendPadded(dst, elem, string(uid), 0)
}

// appendText appends a text padded with a space; an empty one is left out.
func appendText(dst []byte, elem uint16, s string) []byte {
	return appendPadded(dst, elem, s, ' ')
}

func appendPadded(dst []byte, elem uint16, s string, pad byte) []byte {
	if s == "" {
		return dst
	}
	dst = append(appendHeader(dst, elem, len(s)+len(s)&1), s...)
	if len(s)&1 != 0 {
		dst = append(dst, pad)
	}
	return dst
}
