package tlog

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Hash is a hash of the tree (RFC 6962 section 2.1).
type Hash = tlog.Hash

// Checkpoint is a head of a log (C2SP tlog-checkpoint): what was signed.
type Checkpoint struct {
	Origin string
	Size   uint64
	Root   Hash
}

// Text is the text that is signed.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n"
}

var errCheckpoint = errors.New("tlog: a checkpoint is origin, size and root on three lines")

// ParseCheckpoint reads the text of a checkpoint. Lines after the third are
// extensions and skipped.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.SplitN(text, "\n", 4)
	if len(lines) < 4 || lines[0] == "" {
		return Checkpoint{}, errCheckpoint
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	if err != nil || strconv.FormatUint(size, 10) != lines[1] {
		return Checkpoint{}, errCheckpoint
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != len(Hash{}) {
		return Checkpoint{}, errCheckpoint
	}
	return Checkpoint{lines[0], size, Hash(root)}, nil
}

// OpenCheckpoint reads a signed checkpoint and checks signature and origin.
func OpenCheckpoint(signed []byte, v note.Verifier, origin string) (Checkpoint, error) {
	n, err := note.Open(signed, note.VerifierList(v))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("tlog: opening a checkpoint: %w", err)
	}
	c, err := ParseCheckpoint(n.Text)
	if err == nil && c.Origin != origin {
		err = fmt.Errorf("tlog: checkpoint of another log, %q", c.Origin)
	}
	return c, err
}

// GenerateKey makes a key that signs for an origin, in the form of signed notes:
// the secret line and the line that verifies.
func GenerateKey(origin string) (secret, public string, err error) {
	return note.GenerateKey(rand.Reader, origin)
}

// PublicKey is the line that verifies what a secret line signs.
func PublicKey(secret string) (string, error) {
	signer, err := note.NewSigner(secret)
	if err != nil {
		return "", fmt.Errorf("tlog: reading a key: %w", err)
	}
	raw, err := base64.StdEncoding.DecodeString(secret[strings.LastIndexByte(secret, '+')+1:])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		// A '+' is also a digit of base64, so the last one may be within it.
		fields := strings.SplitN(secret, "+", 5)
		if len(fields) < 5 {
			return "", errors.New("tlog: reading a key: not a secret key of notes")
		}
		raw, err = base64.StdEncoding.DecodeString(fields[4])
	}
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return "", errors.New("tlog: reading a key: not an Ed25519 key")
	}
	public, _ := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	return note.NewEd25519VerifierKey(signer.Name(), public)
}
