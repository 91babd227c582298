package review

import "crypto/ed25519"

// ReadHeader says what is wrong with a header.
func ReadHeader(leaf []byte) string { return new(header).read(leaf) }

// Signatures verifies with multiples from the first on.
func Signatures(key ed25519.PublicKey) func(text, sig []byte) bool {
	s := &signatures{public: key}
	return func(text, sig []byte) bool {
		s.seen, s.waiting = fewSignatures, s.waiting[:0]
		return s.verify(0, "", text, sig) == nil && s.rest() == nil
	}
}
