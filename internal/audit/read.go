package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/vault"
)

// Names is who is meant by a handle: a vault.
type Names interface {
	ByHandle(vault.Handle) (vault.Who, *vault.Key, bool)
}

// The ways in which a body stays closed.
var (
	// ErrNoKey says that the vault has no key for it: whoever reads has none, or it
	// was shredded.
	ErrNoKey = errors.New("audit: no key for the body")
	errBody  = errors.New("audit: the body is not that of the record")
)

// Decode reads a record: from the leaf alone where names is nil, else with what
// was sealed and who was meant. With ErrNoKey the record is what the header says.
func Decode(index uint64, leaf, beside []byte, names Names) (*leadglass.Record, error) {
	h, err := ParseHeader(leaf)
	if err != nil {
		return nil, err
	}
	r, err := h.record()
	if err != nil {
		return nil, err
	}
	r.Index = index
	if names == nil {
		return r, nil
	}
	h.name(r, names)
	_, key, ok := names.ByHandle(h.Key)
	if !ok {
		return r, ErrNoKey
	}
	if sum := sha256.Sum256(beside); hex.EncodeToString(sum[:]) != h.Body {
		return r, errBody
	}
	n := key.AEAD.NonceSize()
	if len(beside) < n {
		return r, errBody
	}
	text, err := key.AEAD.Open(nil, beside[:n], beside[n:], bound(h.Key))
	if err != nil {
		return r, fmt.Errorf("audit: opening a body: %w", errBody)
	}
	y, err := parseBody(text)
	if err != nil {
		return r, err
	}
	y.fill(r)
	return r, nil
}

// name puts in who is meant by the handles of people.
func (h *Header) name(r *leadglass.Record, names Names) {
	if r.Peer == nil {
		return
	}
	if w, _, ok := names.ByHandle(h.Actor); ok {
		if part := strings.SplitN(w.Name, "\x00", 3); len(part) == 3 {
			r.Peer.Issuer, r.Peer.ID = part[1], part[2]
		}
	}
	if w, _, ok := names.ByHandle(h.Behalf); ok {
		if part := strings.SplitN(w.Name, "\x00", 3); len(part) == 3 {
			r.Peer.OnBehalfOf = part[2]
		}
	}
}
