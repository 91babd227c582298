package review

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"filippo.io/edwards25519"
)

// signatures verifies what one key signed. Many signatures of one key take a
// quarter of the time when the multiples of the key are there already, and many at
// once, so that the multiples are in a cache.
type signatures struct {
	id     []byte // of the key: begins a signature of a note
	public ed25519.PublicKey

	waiting []signature
	seen    int
	base    *multiples // of the generator
	minus   *multiples // of the key, negated
}

// signature is that of a commit.
type signature struct {
	first uint64 // record of the commit
	file  string
	r     [32]byte
	s, k  [32]byte // numbers, little endian
}

// maxWaiting bounds the signatures that wait to be verified.
const maxWaiting = 512

// fewSignatures are verified without multiples, which cost as much as they do.
const fewSignatures = 256

var errKey = errors.New("it is no Ed25519 key of notes")

// newSignatures reads a key that note.NewVerifier has taken: name, hash and key,
// parted by plus signs.
func newSignatures(line string) (*signatures, error) {
	part := strings.SplitN(line, "+", 3)
	if len(part) != 3 {
		return nil, errKey
	}
	id, err := hex.DecodeString(part[1])
	key, err2 := base64.StdEncoding.DecodeString(part[2])
	if errors.Join(err, err2) != nil || len(id) != 4 || len(key) != 1+ed25519.PublicKeySize {
		return nil, errKey
	}
	return &signatures{id: id, public: key[1:]}, nil
}

// lineSize is the length of a signature in base64: of 4 bytes of id and 64.
const lineSize = 92

// note takes the signature out of a note: signed is the text, and one signature of
// it by this key, written in the one way in which it can be.
func (s *signatures) note(signed, text []byte, name string) (sig []byte, ok bool) {
	const dash = "\n— "
	rest, ok := bytes.CutPrefix(signed, text)
	if !ok || len(rest) != len(dash)+len(name)+1+lineSize+1 || string(rest[:len(dash)]) != dash {
		return nil, false
	}
	if rest = rest[len(dash):]; string(rest[:len(name)]) != name || rest[len(name)] != ' ' || rest[len(rest)-1] != '\n' {
		return nil, false
	}
	// A newline within would be one of those that the decoder of base64 skips.
	raw := make([]byte, 0, lineSize/4*3)
	raw, err := base64.StdEncoding.Strict().AppendDecode(raw, rest[len(name)+1:len(rest)-1])
	if err != nil || len(raw) != 4+ed25519.SignatureSize || !bytes.Equal(raw[:4], s.id) {
		return nil, false
	}
	return raw[4:], true
}

// verify verifies as ed25519.Verify does: the first at once, the others when there
// are many. It returns the first that is wrong.
func (s *signatures) verify(first uint64, file string, text, sig []byte) (wrong *signature) {
	if s.seen++; s.seen <= fewSignatures {
		if ed25519.Verify(s.public, text, sig) {
			return nil
		}
		return &signature{first: first, file: file}
	}
	one := signature{first: first, file: file, r: [32]byte(sig), s: [32]byte(sig[32:])}
	if _, err := new(edwards25519.Scalar).SetCanonicalBytes(sig[32:]); err != nil {
		return cmp.Or(s.rest(), &one) // the group is smaller than that
	}
	h := sha512.New()
	h.Write(sig[:32])
	h.Write(s.public)
	h.Write(text)
	var digest [sha512.Size]byte
	k, err := new(edwards25519.Scalar).SetUniformBytes(h.Sum(digest[:0]))
	if err != nil {
		return cmp.Or(s.rest(), &one) // cannot be: it is as long as it must be
	}
	copy(one.k[:], k.Bytes())
	if s.waiting = append(s.waiting, one); len(s.waiting) < maxWaiting {
		return nil
	}
	return s.rest()
}

// rest verifies those that wait, as RFC 8032 section 5.1.7 says and crypto/ed25519
// does: R is what [S]B - [k]A encodes to. It returns the first that is wrong.
func (s *signatures) rest() *signature {
	if len(s.waiting) > 0 && s.base == nil {
		key, err := new(edwards25519.Point).SetBytes(s.public)
		if err != nil {
			return &s.waiting[0]
		}
		s.base, s.minus = newMultiples(edwards25519.NewGeneratorPoint()), newMultiples(key.Negate(key))
	}
	sums := newSums(len(s.waiting))
	for i := range s.base { // row by row, so that it is in the nearest cache
		for j := range s.waiting {
			sums[j].multiple(&s.base[i], s.waiting[j].s[i])
			sums[j].multiple(&s.minus[i], s.waiting[j].k[i])
		}
	}
	for j, r := range encode(sums) {
		if r != s.waiting[j].r {
			return &s.waiting[j]
		}
	}
	s.waiting = s.waiting[:0]
	return nil
}
