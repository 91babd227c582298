package archive

import (
	"context"
	"errors"
	"io"
	"iter"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/blob"
	"github.com/leadglass/leadglass/internal/index"
)

// Find yields the matches of a query.
func (a *Archive) Find(ctx context.Context, q *leadglass.Query) iter.Seq2[*leadglass.Match, error] {
	return func(yield func(*leadglass.Match, error) bool) {
		if err := a.wait(ctx); err != nil {
			yield(nil, err)
			return
		}
		a.index.Find(ctx, q)(yield)
	}
}

// Studies yields the studies that a reference names or belongs to.
func (a *Archive) Studies(ctx context.Context, ref leadglass.Ref) iter.Seq2[*leadglass.Study, error] {
	return func(yield func(*leadglass.Study, error) bool) {
		if err := a.wait(ctx); err != nil {
			yield(nil, err)
			return
		}
		a.index.Studies(ctx, ref)(yield)
	}
}

// Objects yields the instances of a reference.
func (a *Archive) Objects(ctx context.Context, ref leadglass.Ref) iter.Seq2[*leadglass.Object, error] {
	return func(yield func(*leadglass.Object, error) bool) {
		if err := a.wait(ctx); err != nil {
			yield(nil, err)
			return
		}
		studies := map[dicom.UID]*leadglass.Study{}
		for inst, err := range a.index.Objects(ctx, ref) {
			if err != nil {
				yield(nil, err)
				return
			}
			study := studies[inst.Ref.Study]
			if study == nil {
				for s, err := range a.index.Studies(ctx, leadglass.Ref{Study: inst.Ref.Study}) {
					if err != nil {
						yield(nil, err)
						return
					}
					study = s
				}
				studies[inst.Ref.Study] = study
			}
			if !yield(a.object(inst, study), nil) {
				return
			}
		}
	}
}

func (a *Archive) object(inst *index.Instance, study *leadglass.Study) *leadglass.Object {
	where := inst.Where
	return &leadglass.Object{
		Ref: inst.Ref, Study: study, Class: inst.Class, Syntax: inst.Syntax, Frames: inst.Frames,
		Size: inst.Size, Header: inst.HeaderSize,
		Open: func(context.Context) (leadglass.Content, error) { return a.open(where) },
	}
}

func (a *Archive) open(where index.Where) (leadglass.Content, error) {
	place, err := blob.ParsePlace(string(where))
	if err != nil {
		return nil, leadglass.Errorf(leadglass.Internal, "archive: opening: %w", err)
	}
	c, err := a.store.Content(place)
	if err != nil {
		return nil, a.readFailed(err)
	}
	return &content{c, a}, nil
}

// content gives the errors of a blob their codes.
type content struct {
	*blob.Content
	a *Archive
}

func (c *content) Read(p []byte) (int, error) {
	n, err := c.Content.Read(p)
	return n, c.a.readFailed(err)
}

func (c *content) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.Content.ReadAt(p, off)
	return n, c.a.readFailed(err)
}

// WriteTo reads on in whole chunks, see blob.Content. An error of w is its own.
func (c *content) WriteTo(w io.Writer) (int64, error) {
	out := &sink{w: w}
	n, err := c.Content.WriteTo(out)
	if out.err == nil {
		err = c.a.readFailed(err)
	}
	return n, err
}

// sink keeps the error of a writer.
type sink struct {
	w   io.Writer
	err error
}

func (s *sink) Write(p []byte) (n int, err error) {
	n, s.err = s.w.Write(p)
	return n, s.err
}

// readFailed says why bytes cannot be had: gone since, or damaged, which the
// operator must know.
func (a *Archive) readFailed(err error) error {
	var damage *blob.DamageError
	switch {
	case err == nil || err.Error() == "EOF":
		return err
	case errors.Is(err, blob.ErrErased):
		return leadglass.Errorf(leadglass.NotFound, "archive: the object was deleted")
	case errors.As(err, &damage):
		a.diag.Error("archive: an object is damaged and not handed out", "place", damage.Place.String(), "error", damage.Err)
		return leadglass.Errorf(leadglass.Internal, "archive: damaged: %w", err)
	}
	return leadglass.Errorf(leadglass.Internal, "archive: reading: %w", err)
}

// headerOf reads the attributes of an object before the bulk, and no more.
func (a *Archive) headerOf(inst *index.Instance) (*dicom.Dataset, error) {
	place, err := blob.ParsePlace(string(inst.Where))
	if err != nil {
		return nil, err
	}
	c, err := a.store.Content(place)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return readHeader(c, c.Size(), parsed{inst.Syntax, inst.HeaderSize}, a.limits)
}
