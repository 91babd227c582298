package dicom

// Charset turns text of one Specific Character Set (0008,0005), code
// extensions included, into UTF-8 and back (PS3.5 section 6.1).
type Charset struct{}

// CharsetOf returns the character set that the values of (0008,0005) name.
func CharsetOf(terms ...string) (*Charset, error) { panic("dicom: to do") }

// Decode returns UTF-8. delims are the bytes that reset code extensions: \ and
// for person names also ^ and =. Bytes that are not valid become U+FFFD.
func (c *Charset) Decode(b []byte, vr VR) string { panic("dicom: to do") }

// Encode returns the bytes of s, or an error where the set lacks a character.
func (c *Charset) Encode(s string, vr VR) ([]byte, error) { panic("dicom: to do") }
