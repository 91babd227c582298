package probe

import (
	"fmt"
	"io"
	"math/big"
	"sync"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
)

// Inventor makes names that nobody has: UIDs of studies that cannot exist,
// titles that no application entity was given.
type Inventor struct {
	mu   sync.Mutex // covers rand
	rand io.Reader
}

// NewInventor draws from rand, which is crypto/rand.Reader outside of tests.
func NewInventor(rand io.Reader) *Inventor { return &Inventor{rand: rand} }

func (i *Inventor) read(b []byte) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if _, err := io.ReadFull(i.rand, b); err != nil {
		return fmt.Errorf("probe: inventing a name: %w", err)
	}
	return nil
}

// UID returns a UID under 2.25, from a random UUID (PS3.5 section B.2).
func (i *Inventor) UID() (dicom.UID, error) {
	var b [16]byte
	if err := i.read(b[:]); err != nil {
		return "", err
	}
	b[6] = b[6]&0x0f | 0x40 // version 4
	b[8] = b[8]&0x3f | 0x80 // variant of RFC 9562
	return dicom.UID("2.25." + new(big.Int).SetBytes(b[:]).String()), nil
}

// AETitle returns twelve random letters.
func (i *Inventor) AETitle() (ul.AETitle, error) {
	var b [12]byte
	if err := i.read(b[:]); err != nil {
		return "", err
	}
	for n := range b {
		b[n] = 'A' + b[n]%26
	}
	return ul.AETitle(b[:]), nil
}
