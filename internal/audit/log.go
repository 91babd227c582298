package audit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/tlog"
	"github.com/leadglass/leadglass/internal/vault"
)

// Config says where the log is.
type Config struct {
	Dir        string // the data folder: log, vault, log.key and log.pub are in it
	Origin     string // of the log; where empty, the key's, or a random one with a new key
	Passphrase []byte // of the vault

	FS          durable.FS
	Rand        io.Reader
	Now         func() time.Time
	Diagnostics *slog.Logger
	Limits      tlog.Limits
}

// Log is the log of a data folder: a leadglass.Recorder.
type Log struct {
	c      Config
	origin string
	tree   *tlog.Log
	vault  *vault.Vault

	mu   sync.Mutex // held from the time of a record to its place in the queue, so that both have one order
	last time.Time  // of the record before
}

// Open opens the log of a data folder, or makes it with new keys.
func Open(ctx context.Context, c Config) (*Log, error) {
	if c.FS == nil {
		c.FS = durable.OS()
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Diagnostics == nil {
		c.Diagnostics = slog.New(slog.DiscardHandler)
	}
	l := &Log{c: c}
	if err := l.open(ctx); err != nil {
		return nil, fmt.Errorf("audit: opening the log: %w", errors.Join(err, l.release()))
	}
	return l, nil
}

func (l *Log) open(ctx context.Context) error {
	if err := l.c.FS.MkdirAll(filepath.Join(l.c.Dir, "log")); err != nil {
		return err
	}
	key, err := l.key()
	if err != nil {
		return err
	}
	l.vault, err = vault.Open(ctx, vault.Config{Dir: filepath.Join(l.c.Dir, "vault"), Passphrase: l.c.Passphrase, FS: l.c.FS, Rand: l.c.Rand})
	if err != nil {
		return err
	}
	l.tree, err = tlog.Open(ctx, tlog.Config{
		Dir: filepath.Join(l.c.Dir, "log"), Origin: l.origin, Key: key,
		FS: l.c.FS, Diagnostics: l.c.Diagnostics, Limits: l.c.Limits,
	})
	if err != nil {
		return err
	}
	if leaf := l.tree.Last(); leaf != nil {
		h, err := ParseHeader(leaf)
		if err != nil {
			return err
		}
		l.last, err = time.Parse(instant, h.Committed)
		return err
	}
	return nil
}

// key reads the key that signs, or makes one. Who has it can write another
// history, so it belongs to whoever runs the archive no more than it must.
func (l *Log) key() (string, error) {
	name := filepath.Join(l.c.Dir, "log.key")
	text, err := durable.ReadFile(l.c.FS, name, 4096)
	if errors.Is(err, fs.ErrNotExist) {
		return l.newKey(name)
	}
	if err != nil {
		return "", err
	}
	key := strings.TrimSpace(string(text))
	public, err := tlog.PublicKey(key)
	if err != nil {
		return "", err
	}
	l.origin, _, _ = strings.Cut(public, "+")
	if l.c.Origin != "" && l.c.Origin != l.origin {
		return "", fmt.Errorf("the key signs for %q and the log is %q", l.origin, l.c.Origin)
	}
	return key, nil
}

func (l *Log) newKey(name string) (string, error) {
	if had, err := tlog.Segments(l.c.FS, filepath.Join(l.c.Dir, "log")); err == nil && len(had) > 0 {
		return "", errors.New("there is a log, and its key is not there")
	}
	if l.origin = l.c.Origin; l.origin == "" {
		b := make([]byte, 8)
		if _, err := io.ReadFull(l.c.Rand, b); err != nil {
			return "", err
		}
		l.origin = "leadglass.invalid/" + hex.EncodeToString(b)
	}
	key, public, err := tlog.GenerateKey(l.origin)
	if err != nil {
		return "", err
	}
	if err := durable.WriteFile(l.c.FS, filepath.Join(l.c.Dir, "log.pub"), []byte(public+"\n")); err != nil {
		return "", err
	}
	if err := durable.WriteFile(l.c.FS, name, []byte(key+"\n")); err != nil {
		return "", err
	}
	return key, l.c.FS.SyncDir(l.c.Dir)
}

// Origin is the name of the log.
func (l *Log) Origin() string { return l.origin }

// Vault is where the handles are kept, for who may read the log.
func (l *Log) Vault() *vault.Vault { return l.vault }

// Record makes records durable, in their order and all or none.
func (l *Log) Record(ctx context.Context, records ...*leadglass.Record) error {
	if len(records) == 0 {
		return nil
	}
	if err := l.record(ctx, records); err != nil {
		return &leadglass.Error{Code: leadglass.Unavailable, Reason: leadglass.LogUnavailable, Err: fmt.Errorf("audit: recording: %w", err)}
	}
	return nil
}

func (l *Log) record(ctx context.Context, records []*leadglass.Record) error {
	headers, entries, err := l.seal(ctx, records)
	if err != nil {
		return err
	}
	pending, committed, err := l.enqueue(headers, entries)
	if err != nil {
		return err
	}
	first, err := pending.Wait(ctx)
	if err != nil {
		return err
	}
	for i, r := range records {
		r.Index, r.Origin, r.Committed = first+uint64(i), l.origin, committed
	}
	return nil
}

// enqueue stamps the records and puts them in the queue of the tree.
func (l *Log) enqueue(headers []*Header, entries []tlog.Entry) (*tlog.Pending, time.Time, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.c.Now().UTC().Truncate(time.Millisecond)
	clock := ""
	if now.Before(l.last) {
		now, clock = l.last, "back"
	}
	for i, h := range headers {
		h.Committed, h.Clock = now.Format(instant), clock
		entries[i].Leaf = h.append(make([]byte, 0, 768))
	}
	pending, err := l.tree.Enqueue(entries...)
	if err == nil {
		l.last = now
	}
	return pending, now, err
}

// seal makes the headers, and the bodies sealed. The vault has the keys on the
// disk before anything is written that needs them.
func (l *Log) seal(ctx context.Context, records []*leadglass.Record) ([]*Header, []tlog.Entry, error) {
	who := make([]whose, len(records))
	var all []vault.Who
	epoch := vault.EpochOf(l.c.Now())
	for i, r := range records {
		who[i] = whoIsIn(r, epoch)
		all = who[i].appendTo(all)
	}
	keys, err := l.vault.Keys(ctx, all...)
	if err != nil {
		return nil, nil, err
	}
	headers := make([]*Header, len(records))
	entries := make([]tlog.Entry, len(records))
	for i, r := range records {
		h := header(r)
		key := who[i].into(h, &keys)
		sealed, err := l.sealBody(sealed(r), key)
		if err != nil {
			return nil, nil, err
		}
		sum := sha256.Sum256(sealed)
		h.Key, h.Body = key.Handle, hex.EncodeToString(sum[:])
		headers[i], entries[i].Beside = h, sealed
	}
	return headers, entries, nil
}

// bound is the additional data of a sealed body: it opens for its handle only.
func bound(h vault.Handle) []byte { return []byte("leadglass body 1\n" + string(h)) }

func (l *Log) sealBody(y *body, key *vault.Key) ([]byte, error) {
	text := y.append(make([]byte, 0, 512))
	nonce := make([]byte, key.AEAD.NonceSize(), key.AEAD.NonceSize()+len(text)+key.AEAD.Overhead())
	if _, err := io.ReadFull(l.c.Rand, nonce); err != nil {
		return nil, err
	}
	return key.AEAD.Seal(nonce, nonce, text, bound(key.Handle)), nil
}

// whose is the handles that a record needs.
type whose struct{ subject, actor, behalf, general *vault.Who }

func whoIsIn(r *leadglass.Record, epoch vault.Epoch) (w whose) {
	if r.Subject != "" {
		w.subject = &vault.Who{Kind: vault.Subject, Epoch: epoch, Name: string(r.Subject) + "\x00" + r.Issuer}
	}
	if p := r.Peer; p != nil && known(p) {
		w.actor = &vault.Who{Kind: vault.Actor, Epoch: epoch, Name: actorName(p.Kind, p.Issuer, p.ID)}
		if p.OnBehalfOf != "" {
			w.behalf = &vault.Who{Kind: vault.Actor, Epoch: epoch, Name: actorName(leadglass.Person, p.Issuer, p.OnBehalfOf)}
		}
	}
	if w.subject == nil && w.actor == nil {
		w.general = &vault.Who{Kind: vault.General, Epoch: epoch}
	}
	return w
}

func actorName(kind leadglass.Kind, issuer, id string) string {
	return string(kind) + "\x00" + issuer + "\x00" + id
}

func (w whose) appendTo(all []vault.Who) []vault.Who {
	for _, p := range []*vault.Who{w.subject, w.actor, w.behalf, w.general} {
		if p != nil {
			all = append(all, *p)
		}
	}
	return all
}

// into fills in the handles, taking their keys from the front of keys, and
// returns the key that the body is sealed with: the subject's before the actor's.
func (w whose) into(h *Header, keys *[]*vault.Key) *vault.Key {
	var seals *vault.Key
	take := func(who *vault.Who, into *vault.Handle) {
		if who == nil {
			return
		}
		key := (*keys)[0]
		*keys = (*keys)[1:]
		*into = key.Handle
		if seals == nil {
			seals = key
		}
	}
	take(w.subject, &h.Subject)
	take(w.actor, &h.Actor)
	take(w.behalf, &h.Behalf)
	take(w.general, &h.Key)
	return seals
}

// Err says why the last record could not be written; nil where all is well.
func (l *Log) Err() error { return errors.Join(l.tree.Failure(), l.vault.Health()) }

// Broken reports whether no record can be written before the log is opened again:
// a sync failed, and nobody knows what reached the disk.
func (l *Log) Broken() bool { return l.tree.Broken() || l.vault.Broken() }

// Behind says why what others read of the log is behind, or why Err is not nil; nil
// where all is well.
func (l *Log) Behind() error { return errors.Join(l.tree.Health(), l.vault.Health()) }

// Checkpoint is the newest signed head, nil of an empty log.
func (l *Log) Checkpoint() []byte { return l.tree.Checkpoint() }

// Close closes the log; what waits is written before.
func (l *Log) Close() error { return l.release() }

func (l *Log) release() error {
	var err error
	if l.tree != nil {
		err = l.tree.Close()
	}
	if l.vault != nil {
		err = errors.Join(err, l.vault.Close())
	}
	return err
}
