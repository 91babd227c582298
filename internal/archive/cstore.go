package archive

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/blob"
	"github.com/leadglass/leadglass/internal/index"
)

// arrival is an object on its way: reserved, durable, not yet in the index.
type arrival struct {
	done     chan struct{} // closed when it is durable or was refused
	digest   [32]byte
	instance *index.Instance // nil if it was refused
}

// Store keeps an object. Of two that come with the same UID at the same time
// one is kept.
func (a *Archive) Store(ctx context.Context, in *leadglass.Incoming) (*leadglass.Stored, error) {
	body, err := a.store.NewBody(ctx)
	if err != nil {
		return nil, leadglass.Errorf(leadglass.Unavailable, "archive: storing: %w", err)
	}
	defer body.Release()
	inst, err := a.take(in, body)
	if err != nil {
		return nil, err
	}
	a.change.RLock()
	defer a.change.RUnlock()
	mine, err := a.reserve(ctx, inst)
	if err != nil || mine == nil {
		return a.duplicate(ctx, inst, err)
	}
	out := &leadglass.Stored{Ref: inst.Ref, Class: inst.Class, Size: inst.Size}
	if out.Study, out.Warnings, err = a.place(ctx, inst); err == nil {
		err = a.append(ctx, &blob.Record{Kind: kindObject, Head: headOf(inst), Body: body, Tag: index.Add{Instance: inst}})
		if err != nil {
			a.forget(inst.Ref.Study)
		}
	}
	a.settle(inst, mine, err)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// take reads an object to its end and finds out what it is.
func (a *Archive) take(in *leadglass.Incoming, body *blob.Body) (*index.Instance, error) {
	inst := &index.Instance{Source: in.Source, Received: in.Received, Syntax: in.Syntax}
	if inst.Received.IsZero() {
		inst.Received = a.now()
	}
	inst.Received = inst.Received.UTC().Round(0)
	data := &bounded{r: in.Data, rest: a.limits.ObjectBytes}
	if !in.File {
		if !isUID(in.Class) || !isUID(in.Instance) || !isUID(in.Syntax) {
			return nil, leadglass.Errorf(leadglass.Invalid, "archive: storing: the command names no SOP class, instance or transfer syntax")
		}
		if err := writeMeta(body, in); err != nil {
			return nil, leadglass.Errorf(leadglass.Internal, "archive: storing: %w", err)
		}
		inst.HeaderSize = body.Size()
	}
	end, err := body.Gather(data)
	if err != nil {
		return nil, readError(err)
	}
	p := parsed{inst.Syntax, inst.HeaderSize}
	if in.File {
		if p, err = readMeta(body.Bytes()); err != nil {
			return nil, leadglass.Errorf(leadglass.Invalid, "archive: storing: %w", err)
		}
		inst.Syntax, inst.HeaderSize = p.syntax, p.header
	}
	h := newDigest(inst.Syntax)
	h.Write(body.Bytes()[min(p.header, int64(len(body.Bytes()))):])
	if !end {
		if _, err := io.CopyBuffer(io.MultiWriter(body, h), data, make([]byte, 256<<10)); err != nil {
			return nil, readError(err)
		}
	}
	h.Sum(inst.Digest[:0])
	inst.Size = body.Size()
	return inst, a.examine(in, inst, p, body)
}

// examine reads the header and compares it with what the message said.
func (a *Archive) examine(in *leadglass.Incoming, inst *index.Instance, p parsed, body *blob.Body) error {
	d, err := readHeader(body, body.Size(), p, a.limits)
	if d == nil || err != nil && len(d.Elements) == 0 {
		return leadglass.Errorf(leadglass.Invalid, "archive: storing: %w", err)
	}
	if err := describe(inst, d); err != nil {
		return err
	}
	switch {
	case err != nil: // what came before the error names it, but the rest nobody could read
		return leadglass.Errorf(leadglass.Invalid, "archive: storing: %w", err)
	case in.Class != "" && in.Class != inst.Class, in.Instance != "" && in.Instance != inst.Ref.Instance:
		return leadglass.Errorf(leadglass.Invalid, "archive: storing: the data set is another object than the command says")
	case in.Study != "" && in.Study != inst.Ref.Study:
		return leadglass.Errorf(leadglass.Conflict, "archive: storing: the object belongs to another study than the request says")
	}
	return nil
}

// writeMeta writes what precedes a data set that came without (PS3.10 section 7.1).
func writeMeta(w io.Writer, in *leadglass.Incoming) error {
	f := &dicom.File{Meta: new(dicom.Dataset), Dataset: new(dicom.Dataset), TransferSyntax: &dicom.TransferSyntax{UID: in.Syntax}}
	f.Dataset.SetString(dicom.Tag(dict.SOPClassUID), string(in.Class))
	f.Dataset.SetString(dicom.Tag(dict.SOPInstanceUID), string(in.Instance))
	if in.Source != "" {
		f.Meta.SetString(dicom.Tag(dict.SourceApplicationEntityTitle), string(in.Source))
	}
	_, err := dicom.Create(w, f)
	return err
}

// reserve says that an object is coming. It returns nil where the very same is
// there already, and a Conflict where another is.
func (a *Archive) reserve(ctx context.Context, inst *index.Instance) (*arrival, error) {
	mine := &arrival{done: make(chan struct{}), digest: inst.Digest}
	for {
		a.mu.Lock()
		if a.broken != nil {
			defer a.mu.Unlock()
			return nil, leadglass.Errorf(leadglass.Unavailable, "archive: storing: index: %w", a.broken)
		}
		other := a.arriving[inst.Ref.Instance]
		if other == nil {
			a.arriving[inst.Ref.Instance] = mine
			a.mu.Unlock()
			break
		}
		a.mu.Unlock()
		select {
		case <-other.done:
		case <-ctx.Done():
			return nil, leadglass.Errorf(leadglass.Unavailable, "archive: storing: %w", ctx.Err())
		}
		if other.instance != nil {
			return nil, same(other.digest, inst.Digest)
		}
	}
	have, err := a.index.Lookup(ctx, inst.Ref.Instance)
	if err == nil && have == nil {
		return mine, nil
	}
	a.settle(inst, mine, errDuplicate)
	if err != nil {
		return nil, leadglass.Errorf(leadglass.Unavailable, "archive: storing: %w", err)
	}
	return nil, same(have.Digest, inst.Digest)
}

var errDuplicate = errors.New("archive: there already")

func same(have, comes [32]byte) error {
	if have == comes {
		return nil
	}
	return leadglass.Errorf(leadglass.Conflict, "archive: storing: an object with the same SOP Instance UID and other content is there")
}

// settle ends a reservation. One that was kept stays until the index has it.
func (a *Archive) settle(inst *index.Instance, mine *arrival, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil {
		mine.instance = inst
	} else if a.arriving[inst.Ref.Instance] == mine {
		delete(a.arriving, inst.Ref.Instance)
	}
	close(mine.done)
}

// duplicate answers for an object that is there already.
func (a *Archive) duplicate(ctx context.Context, inst *index.Instance, err error) (*leadglass.Stored, error) {
	if err != nil {
		return nil, err
	}
	out := &leadglass.Stored{Ref: inst.Ref, Class: inst.Class, Size: inst.Size, Duplicate: true}
	k, err := a.study(ctx, inst)
	if err != nil {
		return nil, err
	}
	out.Study = k.study
	return out, nil
}

// append makes a record durable.
func (a *Archive) append(ctx context.Context, r *blob.Record) error {
	if err := a.store.Append(ctx, r); err != nil {
		code := leadglass.Internal
		var full *blob.WriteError
		if errors.As(err, &full) || errors.Is(err, blob.ErrClosed) || ctx.Err() != nil {
			code = leadglass.Unavailable
		}
		return leadglass.Errorf(code, "archive: %w", err)
	}
	return nil
}

// readError says why an object did not come in whole: the disk, a limit, or
// the peer.
func readError(err error) error {
	var full *blob.WriteError
	switch {
	case errors.As(err, &full):
		return leadglass.Errorf(leadglass.Unavailable, "archive: storing: %w", err)
	case errors.Is(err, errTooLarge):
		return leadglass.Errorf(leadglass.Limited, "archive: storing: %w", err)
	}
	return leadglass.Errorf(leadglass.Invalid, "archive: storing: the object ended early: %w", err)
}

var errTooLarge = errors.New("over the limit ObjectBytes")

// bounded is a reader that fails past a number of bytes.
type bounded struct {
	r    io.Reader
	rest int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.rest+1 {
		p = p[:b.rest+1]
	}
	n, err := b.r.Read(p)
	if b.rest -= int64(n); b.rest < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// equalText compares the values of an element.
func equalText(a, b *dicom.Element) bool {
	if a == nil || b == nil {
		return true // who says nothing contradicts nobody
	}
	x, y := bytes.TrimRight(a.Value, " \x00"), bytes.TrimRight(b.Value, " \x00")
	return len(x) == 0 || len(y) == 0 || bytes.Equal(x, y)
}
