// Package vault keeps who is meant by a handle, and the keys of what is sealed
// for it. A handle is random and stands for one subject or actor during one
// epoch, a calendar year; the log knows handles only, so that what the vault
// forgets nobody can find out again.
//
// # The folder
//
//	kek    the key of the vault: "leadglass-kek-1 plain <hex>\n", or
//	       "leadglass-kek-1 scrypt <log2 N> <salt hex> <sealed hex>\n"
//	names  rows, appended: size[4] nonce[12] ciphertext[size-12]
//
// A row is sealed with AES-256-GCM by the key of the vault, with its place (the
// offset in the file, 8 bytes, big endian) as additional data, so that rows can
// neither be exchanged nor repeated. Its text is JSON:
//
//	{"kind":"subject","epoch":2026,"name":"<base64>","handle":"<32 hex>","key":"<64 hex>"}
//
// A row is durable before anybody gets its handle. A tail that was cut off by a
// crash was never handed out and is cut.
package vault

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"sync"
	"time"

	"github.com/leadglass/leadglass/internal/durable"
)

// Kind is what a handle stands for.
type Kind string

// The kinds. General is for what is about nobody: one key an epoch.
const (
	Subject Kind = "subject"
	Actor   Kind = "actor"
	General Kind = "general"
)

// Handle stands for somebody during an epoch: 16 random bytes in hex.
type Handle string

// Epoch is a calendar year in UTC.
type Epoch int

// EpochOf is the epoch of a moment.
func EpochOf(t time.Time) Epoch { return Epoch(t.UTC().Year()) }

// Who is somebody or something that a handle is wanted for.
type Who struct {
	Kind  Kind
	Epoch Epoch
	Name  string
}

// String hides the name.
func (w Who) String() string { return fmt.Sprintf("%s of %d", w.Kind, w.Epoch) }

// Config says where a vault is.
type Config struct {
	Dir        string
	Passphrase []byte // seals the key of the vault; without, the file's mode does
	FS         durable.FS
	Rand       io.Reader
}

// Vault is an open vault. Its methods may be called at the same time.
type Vault struct {
	c    Config
	lock io.Closer
	seal cipher.AEAD // by the key of the vault

	mu      sync.Mutex // guards what follows
	ways    sync.Cond  // writing has ended
	writing bool
	failure error // of the last write, nil after one that went well
	broken  bool  // failure lasts until the vault is opened again
	file    durable.File
	end     int64
	rows    map[Who]*Key // durable ones
	handles map[Handle]Who
	pending map[Who]*Key // being written, or waiting for it
}

// Key is a handle and what seals for it.
type Key struct {
	Handle Handle
	AEAD   cipher.AEAD
	secret []byte
}

// row is the text of a row.
type row struct {
	Kind   Kind   `json:"kind"`
	Epoch  Epoch  `json:"epoch"`
	Name   []byte `json:"name"`
	Handle Handle `json:"handle"`
	Key    string `json:"key"`
}

const (
	maxRow  = 4096
	maxFile = 1 << 31 // eight million rows; they are held in memory
)

// Open opens the vault in a folder, or makes one there.
func Open(ctx context.Context, c Config) (*Vault, error) {
	if c.FS == nil {
		c.FS = durable.OS()
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	v := &Vault{c: c, rows: map[Who]*Key{}, handles: map[Handle]Who{}, pending: map[Who]*Key{}}
	v.ways.L = &v.mu
	if err := v.open(); err != nil {
		return nil, fmt.Errorf("vault: opening: %w", errors.Join(err, v.release()))
	}
	return v, ctx.Err()
}

func (v *Vault) open() error {
	if err := v.c.FS.MkdirAll(v.c.Dir); err != nil {
		return err
	}
	lock, err := v.c.FS.Lock(filepath.Join(v.c.Dir, "lock"))
	if err != nil {
		return err
	}
	v.lock = lock
	name := filepath.Join(v.c.Dir, "names")
	f, err := v.c.FS.Open(name)
	fresh := errors.Is(err, fs.ErrNotExist)
	if fresh {
		f, err = v.c.FS.Create(name)
	}
	if err != nil {
		return err
	}
	v.file = f
	size, err := f.Size()
	if err != nil {
		return err
	}
	kek, err := v.loadKEK(size == 0)
	if err != nil {
		return err
	}
	if v.seal, err = newAEAD(kek); err != nil {
		return err
	}
	if err := v.c.FS.SyncDir(v.c.Dir); err != nil {
		return err
	}
	return v.load(size)
}

// load reads the rows. What does not open at the end is cut if no row ever
// followed it; anything else is damage.
func (v *Vault) load(size int64) error {
	if size > maxFile {
		return fmt.Errorf("the file of names is over %d bytes", int64(maxFile))
	}
	b := make([]byte, size)
	if n, err := v.file.ReadAt(b, 0); int64(n) < size {
		return err
	}
	for v.end < size {
		r, n, err := v.decodeRow(b[v.end:], v.end)
		if err != nil {
			if size-v.end > maxRow*maxBatch {
				return fmt.Errorf("row at %d: %w", v.end, err)
			}
			break
		}
		key, err := newKey(r)
		if err != nil {
			return fmt.Errorf("row at %d: %w", v.end, err)
		}
		v.keep(Who{r.Kind, r.Epoch, string(r.Name)}, key)
		v.end += int64(n)
	}
	if v.end == size {
		return nil
	}
	if v.follows(b[v.end:]) {
		return fmt.Errorf("row at %d is damaged", v.end)
	}
	if err := v.file.Truncate(v.end); err != nil {
		return err
	}
	return v.file.Sync()
}

// follows reports whether a row opens anywhere behind the first byte: then what
// stands before it was damaged and not cut off.
func (v *Vault) follows(b []byte) bool {
	for at := 1; at < len(b); at++ {
		if _, _, err := v.decodeRow(b[at:], v.end+int64(at)); err == nil {
			return true
		}
	}
	return false
}

func (v *Vault) keep(w Who, k *Key) {
	v.rows[w] = k
	v.handles[k.Handle] = w
}

var errRow = errors.New("vault: no row")

func (v *Vault) decodeRow(b []byte, at int64) (row, int, error) {
	if len(b) < 4 {
		return row{}, 0, errRow
	}
	n := int(binary.BigEndian.Uint32(b))
	if n < v.seal.NonceSize()+v.seal.Overhead() || n > maxRow || len(b)-4 < n {
		return row{}, 0, errRow
	}
	sealed := b[4 : 4+n]
	text, err := v.seal.Open(nil, sealed[:v.seal.NonceSize()], sealed[v.seal.NonceSize():], place(at))
	if err != nil {
		return row{}, 0, errRow
	}
	var r row
	if err := json.Unmarshal(text, &r); err != nil {
		return row{}, 0, errRow
	}
	return r, 4 + n, nil
}

func place(at int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(at)) }

func (v *Vault) appendRow(b []byte, at int64, w Who, k *Key) ([]byte, error) {
	text, err := json.Marshal(row{w.Kind, w.Epoch, []byte(w.Name), k.Handle, hex.EncodeToString(k.secret)})
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, v.seal.NonceSize())
	if _, err := io.ReadFull(v.c.Rand, nonce); err != nil {
		return nil, err
	}
	n := len(nonce) + len(text) + v.seal.Overhead()
	if n > maxRow {
		return nil, errors.New("vault: the name is too long")
	}
	b = binary.BigEndian.AppendUint32(b, uint32(n))
	b = append(b, nonce...)
	return v.seal.Seal(b, nonce, text, place(at)), nil
}

// Keys returns the keys of all of them, made where there were none, once they
// are durable. Those who ask at the same time share a sync.
func (v *Vault) Keys(ctx context.Context, all ...Who) ([]*Key, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for {
		missing := 0
		for _, w := range all {
			if v.rows[w] != nil {
				continue
			}
			if len(w.Name) > maxRow/4 {
				return nil, errors.New("vault: the name is too long")
			}
			missing++
			if v.pending[w] == nil {
				k, err := v.make()
				if err != nil {
					return nil, err
				}
				v.pending[w] = k
			}
		}
		if missing == 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("vault: waiting: %w", err)
		}
		if v.writing {
			v.ways.Wait()
			continue
		}
		if err := v.write(); err != nil {
			return nil, err
		}
	}
	keys := make([]*Key, len(all))
	for i, w := range all {
		keys[i] = v.rows[w]
	}
	return keys, nil
}

// maxBatch is the most rows of one write.
const maxBatch = 256

// write writes what is pending, without the lock while the disk is at it.
func (v *Vault) write() error {
	if v.broken {
		return v.failure
	}
	var b []byte
	batch := map[Who]*Key{}
	for w, k := range v.pending {
		var err error
		if b, err = v.appendRow(b, v.end+int64(len(b)), w, k); err != nil {
			delete(v.pending, w)
			return err
		}
		if batch[w] = k; len(batch) == maxBatch {
			break
		}
	}
	v.writing = true
	v.mu.Unlock()
	broken, err := v.put(b)
	v.mu.Lock()
	v.writing = false
	v.ways.Broadcast()
	v.failure, v.broken = err, broken
	for w, k := range batch {
		delete(v.pending, w)
		if err == nil {
			v.keep(w, k)
		}
	}
	if err == nil {
		v.end += int64(len(b))
	}
	return err
}

// put appends bytes, or leaves the file as it was; broken says that nobody
// knows, as after a sync that failed.
func (v *Vault) put(b []byte) (broken bool, err error) {
	n, err := v.file.WriteAt(b, v.end)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	if err == nil {
		if err = v.file.Sync(); err == nil {
			return false, nil
		}
		return true, fmt.Errorf("vault: it has to be opened again: %w", errors.Join(err, v.file.Truncate(v.end)))
	}
	if cut := v.file.Truncate(v.end); cut != nil {
		return true, fmt.Errorf("vault: it has to be opened again: %w", errors.Join(err, cut))
	}
	return false, fmt.Errorf("vault: writing: %w", err)
}

func (v *Vault) make() (*Key, error) {
	b := make([]byte, 16+32)
	if _, err := io.ReadFull(v.c.Rand, b); err != nil {
		return nil, err
	}
	return newKey(row{Handle: Handle(hex.EncodeToString(b[:16])), Key: hex.EncodeToString(b[16:])})
}

func newKey(r row) (*Key, error) {
	secret, err := hex.DecodeString(r.Key)
	if err != nil || len(secret) != 32 || len(r.Handle) != 32 {
		return nil, errRow
	}
	aead, err := newAEAD(secret)
	if err != nil {
		return nil, err
	}
	return &Key{r.Handle, aead, secret}, nil
}

// ByHandle returns whom a handle stands for and the key, ok false if the vault
// knows none or forgot it.
func (v *Vault) ByHandle(h Handle) (w Who, k *Key, ok bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if w, ok = v.handles[h]; ok {
		k = v.rows[w]
	}
	return w, k, ok
}

// Health says why the vault did not take the last names, nil if it did.
func (v *Vault) Health() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.failure
}

// Broken reports whether the vault takes no more names before it is opened again.
func (v *Vault) Broken() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.broken
}

// Close closes the vault.
func (v *Vault) Close() error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for v.writing {
		v.ways.Wait()
	}
	if !v.broken {
		v.failure, v.broken = errors.New("vault: closed"), true
	}
	return v.release()
}

func (v *Vault) release() error {
	var err error
	if v.file != nil {
		err = v.file.Close()
	}
	if v.lock != nil {
		err = errors.Join(err, v.lock.Close())
	}
	return err
}
