package archive

import (
	"context"
	"errors"
	"fmt"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/blob"
	"github.com/leadglass/leadglass/internal/index"
)

// Damage is something that is not as it was written.
type Damage struct {
	Place    blob.Place // segment and offset
	Instance dicom.UID  // empty where nobody can tell
	What     string
}

func (d Damage) String() string {
	if d.Instance == "" {
		return fmt.Sprintf("%s: %s", d.Place, d.What)
	}
	return fmt.Sprintf("%s: object %s: %s", d.Place, d.Instance, d.What)
}

// Checked is what Fsck found.
type Checked struct {
	Records  int // of the journal
	Objects  int // of them, those that are kept and whole
	Erased   int
	Bytes    int64 // of the objects
	Damages  []Damage
	More     int // damages past the first maxDamages
	Index    int // objects that the index has not, or has and should not, or has elsewhere
	Unerased int // removed objects whose bytes are still there
	Orphans  int // files that belong to no record
	Repaired bool
}

// maxDamages bounds the report of an archive whose disk is gone.
const maxDamages = 10_000

// Good says that nothing is left to repair.
func (c *Checked) Good() bool {
	return len(c.Damages) == 0 && (c.Repaired || c.Index == 0 && c.Unerased == 0 && c.Orphans == 0)
}

// Fsck reads everything: each record's checksum, each object's digest, and
// whether the index has exactly what the journal says. With repair it makes the
// index anew where it differs, erases what should be erased and removes files
// that nothing belongs to. Damaged objects stay as they are; nothing here can
// mend them. Nothing is stored or removed meanwhile.
func (a *Archive) Fsck(ctx context.Context, repair bool) (*Checked, error) {
	a.change.Lock()
	defer a.change.Unlock()
	defer a.forgetAll()
	if err := a.wait(ctx); err != nil && !repair {
		return nil, err
	}
	f := &fsck{a: a, large: map[string]bool{}, live: map[dicom.UID]bool{}}
	if err := a.store.Walk(ctx, blob.Place{}, false, func(e *blob.Entry) error { return f.entry(ctx, e) }); err != nil {
		return nil, fmt.Errorf("archive: checking: %w", err)
	}
	if err := f.surplus(ctx); err != nil {
		return nil, fmt.Errorf("archive: checking the index: %w", err)
	}
	var err error
	if f.Orphans, err = a.store.Orphans(func(name string) bool { return f.large[name] }, !repair); err != nil {
		return nil, fmt.Errorf("archive: checking: %w", err)
	}
	if repair {
		if err := f.repair(ctx); err != nil {
			return nil, err
		}
		f.Repaired = true
	}
	return &f.Checked, nil
}

type fsck struct {
	Checked
	a        *Archive
	large    map[string]bool
	live     map[dicom.UID]bool // BUG: one entry of 100 bytes an object; past 100 million that is memory
	unerased []blob.Place
}

func (f *fsck) damage(p blob.Place, uid dicom.UID, what string) {
	if len(f.Damages) < maxDamages {
		f.Damages = append(f.Damages, Damage{p, uid, what})
	} else {
		f.More++
	}
}

func (f *fsck) entry(ctx context.Context, e *blob.Entry) error {
	f.Records++
	switch {
	case e.Damage != nil:
		f.damage(e.Place, "", e.Damage.Error())
		return nil
	case e.Erased:
		f.Erased++
		return nil
	case e.Kind == kindRemove:
		return f.removal(ctx, e)
	case e.Kind != kindObject:
		if _, err := f.a.replay(e); err != nil {
			f.damage(e.Place, "", err.Error())
		}
		return nil
	}
	if e.Large != "" {
		f.large[e.Large] = true
	}
	return f.object(ctx, e)
}

// object checks an object and what the index has of it.
func (f *fsck) object(ctx context.Context, e *blob.Entry) error {
	inst, err := decodeObject(e.Head)
	if err != nil {
		f.damage(e.Place, "", err.Error())
		return nil
	}
	uid := inst.Ref.Instance
	f.live[uid] = true // even a damaged one belongs to the index: who asks for it is told
	have, err := f.a.index.Lookup(ctx, uid)
	if err != nil {
		return err
	}
	if have == nil || have.Digest != inst.Digest || have.Where != index.Where(e.Place.String()) {
		f.Index++
	}
	digest, err := f.a.digestAt(e.Place, inst)
	switch {
	case err != nil:
		f.damage(e.Place, uid, err.Error())
	case digest != inst.Digest:
		f.damage(e.Place, uid, "content does not match its digest")
	default:
		if _, err := f.a.reread(e); err != nil {
			f.damage(e.Place, uid, err.Error())
			return nil
		}
		f.Objects++
		f.Bytes += e.Body
	}
	return nil
}

// digestAt computes the digest of an object anew, and so checks all its checksums.
func (a *Archive) digestAt(p blob.Place, inst *index.Instance) (digest [32]byte, err error) {
	c, err := a.store.Content(p)
	if err != nil {
		return digest, err
	}
	defer c.Close()
	h := newDigest(inst.Syntax)
	buf := make([]byte, 256<<10)
	for off := int64(0); off < c.Size(); {
		n, err := c.ReadAt(buf[:min(int64(len(buf)), c.Size()-off)], off)
		if err != nil {
			return digest, err
		}
		h.Write(buf[min(int64(n), max(0, inst.HeaderSize-off)):n])
		off += int64(n)
	}
	h.Sum(digest[:0])
	return digest, nil
}

// removal looks whether what was removed was erased.
func (f *fsck) removal(ctx context.Context, e *blob.Entry) error {
	c, err := decodeRemoval(e.Head)
	if err != nil {
		f.damage(e.Place, "", err.Error())
		return nil
	}
	for _, p := range c.places {
		content, err := f.a.store.Content(p)
		if err == nil {
			content.Close()
		}
		if errors.Is(err, blob.ErrErased) {
			continue
		}
		f.Unerased++
		f.unerased = append(f.unerased, p)
	}
	return ctx.Err()
}

// surplus counts what the index has and the journal has not.
func (f *fsck) surplus(ctx context.Context) error {
	for s, err := range f.a.index.Studies(ctx, leadglass.Ref{}) {
		if err != nil {
			return err
		}
		for inst, err := range f.a.index.Objects(ctx, leadglass.Ref{Study: s.UID}) {
			if err != nil {
				return err
			}
			if !f.live[inst.Ref.Instance] {
				f.Index++
			}
		}
	}
	return nil
}

// repair erases what should be and makes the index anew.
func (f *fsck) repair(ctx context.Context) error {
	if len(f.unerased) > 0 {
		if err := f.a.store.Erase(f.unerased); err != nil {
			return fmt.Errorf("archive: repairing: %w", err)
		}
	}
	if f.Index == 0 {
		return nil
	}
	if err := f.a.empty(ctx); err != nil {
		return err
	}
	return f.a.catchUp(ctx, blob.Place{})
}
