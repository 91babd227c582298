package archive_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/archive"
	"github.com/leadglass/leadglass/internal/blob"
	"github.com/leadglass/leadglass/internal/blob/blobtest"
	"github.com/leadglass/leadglass/internal/index"
)

// told is what a run was told.
type told struct {
	stored, refused, gone, half map[dicom.UID]slice
	codes                       map[leadglass.Code]int
}

func newTold() *told {
	return &told{map[dicom.UID]slice{}, map[dicom.UID]slice{}, map[dicom.UID]slice{}, map[dicom.UID]slice{}, map[leadglass.Code]int{}}
}

var faultLimits = archive.Limits{Blob: blob.Limits{Segment: 20_000, Gather: 6000}}

func openOn(d *blobtest.Disk, x index.Index) (*archive.Archive, error) {
	return archive.Open(context.Background(), archive.Config{Dir: "/a", FS: d, Index: x, Limits: faultLimits})
}

// live stores, labels and deletes; what fails is not tried again.
func live(d *blobtest.Disk, x index.Index, h *told) error {
	ctx := context.Background()
	a, err := openOn(d, x)
	if err != nil {
		return err
	}
	defer a.Close()
	for n, size := range []int{100, 3000, 9000, 0, 5000, 200} {
		s := slice{n: n, pixels: size, study: fmt.Sprintf("1.2.%d", n%2)}
		_, err := a.Store(ctx, s.incoming())
		h.codes[leadglass.CodeOf(err)]++
		if err == nil {
			h.stored[s.uid()] = s
		} else {
			h.refused[s.uid()] = s
		}
		if n == 3 {
			for _, uid := range []dicom.UID{"1.2.3.0", "1.2.3.2"} {
				n, err := a.Delete(ctx, leadglass.Ref{Instance: uid})
				if s, ok := h.stored[uid]; ok && err != nil {
					h.half[uid] = s
				} else if ok && n == 1 {
					h.gone[uid] = s
				}
				delete(h.stored, uid)
			}
			a.SetLabels(ctx, "1.2.1", []string{"vip"})
		}
	}
	return nil
}

// audit opens what is left and compares it with what was told.
func audit(t *testing.T, d *blobtest.Disk, x index.Index, h *told) {
	t.Helper()
	a, err := openOn(d, x)
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	defer a.Close()
	for uid, s := range h.stored {
		if got, err := bytesOf(a, uid); err != nil || !bytes.Equal(got, s.dataset()) {
			t.Errorf("%s was acknowledged: %d bytes, %v", uid, len(got), err)
		}
	}
	for uid := range h.gone {
		if got, err := bytesOf(a, uid); got != nil || err != nil {
			t.Errorf("%s was deleted: %d bytes, %v", uid, len(got), err)
		}
	}
	for _, m := range []map[dicom.UID]slice{h.refused, h.half} { // there or not, and not by halves
		for uid, s := range m {
			got, err := bytesOf(a, uid)
			if err == nil && got != nil && !bytes.Equal(got, s.dataset()) {
				t.Errorf("%s: wrong bytes", uid)
			}
			if err != nil && len(h.half) == 0 {
				t.Errorf("%s: %v", uid, err)
			}
		}
	}
	if _, err := a.Store(context.Background(), slice{n: 77, study: "1.2.77"}.incoming()); err != nil {
		t.Errorf("storing after: %v", err)
	}
}

// bytesOf is the data set of an object, nil where there is none.
func bytesOf(a *archive.Archive, uid dicom.UID) ([]byte, error) {
	for o, err := range a.Objects(context.Background(), leadglass.Ref{Instance: uid}) {
		if err != nil {
			return nil, err
		}
		c, err := o.Open(context.Background())
		if err != nil {
			return nil, err
		}
		defer c.Close()
		b, err := io.ReadAll(c)
		if err != nil {
			return nil, err
		}
		return b[o.Header:], nil
	}
	return nil, nil
}

// TestFaults gives each fault to each operation in turn, and opens what is left
// with the index as it is and with a new one. Of the three things that a power cut
// does, `make test` takes all each time and otherwise one in turn.
func TestFaults(t *testing.T) {
	clean := blobtest.New()
	if err := live(clean, memIndex(t), newTold()); err != nil {
		t.Fatal(err)
	}
	ops := clean.Operations()
	if ops < 40 {
		t.Fatalf("only %d operations", ops)
	}
	for n := 1; n <= ops; n++ {
		for _, fault := range []blobtest.Fault{blobtest.Fail, blobtest.Short, blobtest.Persist, blobtest.Crash} {
			for seed, loss := range []blobtest.Loss{blobtest.All, blobtest.Nothing, blobtest.Some} {
				if !thorough() && seed != (n+int(fault))%3 {
					continue
				}
				t.Run(fmt.Sprintf("op%d_fault%d_loss%d", n, fault, loss), func(t *testing.T) {
					d, h, x := blobtest.New(), newTold(), memIndex(t)
					d.Inject(n, fault)
					_ = live(d, x, h) // where Open is told of the fault nothing was stored
					for code := range h.codes {
						if code != "" && code != leadglass.Unavailable {
							t.Errorf("a failing disk gives %q", code)
						}
					}
					audit(t, d.Reboot(loss, uint64(n+seed)), memIndex(t), h)
					audit(t, d.Reboot(loss, uint64(n+seed)), x, h)
				})
			}
		}
	}
}

// failing is an index that takes changes only while it is told to.
type failing struct {
	index.Index
	fail chan bool // holds whether it fails
}

func (f *failing) Apply(ctx context.Context, c []index.Change, p index.Position) error {
	fail := <-f.fail
	f.fail <- fail
	if fail {
		return errors.New("injected: the index is full")
	}
	return f.Index.Apply(ctx, c, p)
}

func TestArchive_IndexFailsAndRecovers(t *testing.T) {
	x := &failing{memIndex(t), make(chan bool, 1)}
	x.fail <- false
	d := blobtest.New()
	a, err := openOn(d, x)
	if err != nil {
		t.Fatal(err)
	}
	store(t, a, slice{n: 1})
	count(t, a, study)
	<-x.fail
	x.fail <- true
	store(t, a, slice{n: 2}) // durable: the index is told later
	for _, err := range a.Objects(context.Background(), study) {
		if leadglass.CodeOf(err) != leadglass.Unavailable {
			t.Errorf("an answer without what was acknowledged: %v", err)
		}
	}
	if _, err := a.Store(context.Background(), slice{n: 3}.incoming()); leadglass.CodeOf(err) != leadglass.Unavailable {
		t.Errorf("storing: %v", err)
	}
	<-x.fail
	x.fail <- false
	for !t.Failed() {
		if _, err := a.Store(context.Background(), slice{n: 3}.incoming()); err == nil {
			break
		}
	}
	if n := count(t, a, study); n != 3 {
		t.Errorf("%d objects, want 3", n)
	}
	a.Close()
}
