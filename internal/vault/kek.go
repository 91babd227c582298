package vault

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/crypto/scrypt"

	"github.com/leadglass/leadglass/internal/durable"
)

// The work of a passphrase: a second and 256 MiB, as age chooses it.
const (
	scryptLogN    = 18
	maxScryptLogN = 22 // a file must not make us spend more than 4 GiB
	scryptR       = 8
)

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// loadKEK reads the key of the vault. It makes one for a vault without names
// only: a new key for old names would lose them.
func (v *Vault) loadKEK(fresh bool) ([]byte, error) {
	name := filepath.Join(v.c.Dir, "kek")
	text, err := durable.ReadFile(v.c.FS, name, 4096)
	switch {
	case err == nil:
		return ParseKEK(string(text), v.c.Passphrase)
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	case !fresh:
		return nil, errors.New("there are names, and their key is not there")
	}
	kek := make([]byte, 32)
	if _, err := io.ReadFull(v.c.Rand, kek); err != nil {
		return nil, err
	}
	line, err := v.formatKEK(kek)
	if err != nil {
		return nil, err
	}
	return kek, durable.WriteFile(v.c.FS, name, []byte(line))
}

func (v *Vault) formatKEK(kek []byte) (string, error) {
	if len(v.c.Passphrase) == 0 {
		return fmt.Sprintf("leadglass-kek-1 plain %x\n", kek), nil
	}
	salt := make([]byte, 16)
	if _, err := io.ReadFull(v.c.Rand, salt); err != nil {
		return "", err
	}
	return sealKEK(kek, v.c.Passphrase, salt, scryptLogN)
}

func sealKEK(kek, passphrase, salt []byte, logN int) (string, error) {
	aead, err := stretch(passphrase, salt, logN)
	if err != nil {
		return "", err
	}
	// The salt is new, so the key is, and a nonce of zeros is used once.
	sealed := aead.Seal(nil, make([]byte, aead.NonceSize()), kek, nil)
	return fmt.Sprintf("leadglass-kek-1 scrypt %d %x %x\n", logN, salt, sealed), nil
}

func stretch(passphrase, salt []byte, logN int) (cipher.AEAD, error) {
	key, err := scrypt.Key(passphrase, salt, 1<<logN, scryptR, 1, 32)
	if err != nil {
		return nil, err
	}
	return newAEAD(key)
}

var errKEK = errors.New("vault: not a key of a vault")

// ParseKEK reads the file of the key of a vault.
func ParseKEK(text string, passphrase []byte) ([]byte, error) {
	f := strings.Fields(text)
	if len(f) < 3 || f[0] != "leadglass-kek-1" {
		return nil, errKEK
	}
	switch {
	case f[1] == "plain" && len(f) == 3:
		kek, err := hex.DecodeString(f[2])
		if err != nil || len(kek) != 32 {
			return nil, errKEK
		}
		return kek, nil
	case f[1] == "scrypt" && len(f) == 5:
		return parseStretched(f[2:], passphrase)
	}
	return nil, errKEK
}

func parseStretched(f []string, passphrase []byte) ([]byte, error) {
	logN, err := strconv.Atoi(f[0])
	salt, err2 := hex.DecodeString(f[1])
	sealed, err3 := hex.DecodeString(f[2])
	if errors.Join(err, err2, err3) != nil || logN < 1 || logN > maxScryptLogN || len(salt) != 16 || len(sealed) != 48 {
		return nil, errKEK
	}
	if len(passphrase) == 0 {
		return nil, errors.New("vault: its key is sealed with a passphrase")
	}
	aead, err := stretch(passphrase, salt, logN)
	if err != nil {
		return nil, err
	}
	kek, err := aead.Open(nil, make([]byte, aead.NonceSize()), sealed, nil)
	if err != nil {
		return nil, errors.New("vault: the passphrase is wrong, or its key is damaged")
	}
	return kek, nil
}
