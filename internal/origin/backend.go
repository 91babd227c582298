package origin

import (
	"context"
	"io"
	"iter"
	"slices"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicomweb"
	"github.com/leadglass/leadglass/internal/guard"
)

// backend is what package dicomweb asks. Who asks is in the context.
type backend struct{ h *Handler }

func callerOf(ctx context.Context) *caller { return ctx.Value(callerKey{}).(*caller) }

// Search answers QIDO-RS.
func (b *backend) Search(ctx context.Context, q dicomweb.Query) iter.Seq2[*dicom.Dataset, error] {
	return func(yield func(*dicom.Dataset, error) bool) {
		c := callerOf(ctx)
		asked, err := queryOf(q)
		if err != nil {
			yield(nil, problemOf(err))
			return
		}
		rq := c.request(leadglass.Find, leadglass.QIDO)
		rq.Level, rq.Query = asked.Level, q.Level.String()+"?"+c.query
		for m, err := range b.h.c.Guard.Find(ctx, rq, asked, guard.Page{Offset: q.Offset, Limit: q.Limit}) {
			if err != nil {
				yield(nil, problemOf(err))
				return
			}
			if !yield(m.Attributes, nil) {
				return
			}
		}
	}
}

// verbs are what the guard is asked for what is wanted.
func verbOf(w dicomweb.Want) leadglass.Verb {
	switch w {
	case dicomweb.WantMetadata:
		return leadglass.Describe
	case dicomweb.WantRendered:
		return leadglass.View
	}
	return leadglass.Get
}

func refOf(r dicomweb.Resource) leadglass.Ref {
	return leadglass.Ref{Study: r.Study, Series: r.Series, Instance: r.Instance}
}

func levelOf(r dicomweb.Resource) leadglass.Level {
	switch {
	case r.Instance != "":
		return leadglass.InstanceLevel
	case r.Series != "":
		return leadglass.SeriesLevel
	}
	return leadglass.StudyLevel
}

// Retrieve answers WADO-RS and WADO-URI.
func (b *backend) Retrieve(ctx context.Context, rt dicomweb.Retrieval) (dicomweb.Transfer, error) {
	route := leadglass.WADO
	if rt.URI {
		route = leadglass.WADOURI
	}
	rq := callerOf(ctx).request(verbOf(rt.Want), route)
	rq.Level, rq.Refs = levelOf(rt.Resource), []leadglass.Ref{refOf(rt.Resource)}
	t, err := b.h.c.Guard.Retrieve(ctx, rq)
	if err != nil {
		return nil, problemOf(err)
	}
	out := &transfer{t: t}
	if slices.Contains(t.Decision().Obligations, leadglass.Watermark) {
		out.mark = rq.Peer.ID + " " + rq.Time.UTC().Format("2006-01-02 15:04 UTC")
	}
	return out, nil
}

// transfer is a guard.Transfer as package dicomweb knows it.
type transfer struct {
	t    *guard.Transfer
	mark string // that pictures bear; empty for none
}

// kept is what a dicomweb.Object is of.
type kept struct {
	object *leadglass.Object
	mark   string
}

func (t *transfer) Objects(ctx context.Context) iter.Seq2[*dicomweb.Object, error] {
	return func(yield func(*dicomweb.Object, error) bool) {
		for o, err := range t.t.Objects(ctx) {
			if err != nil {
				yield(nil, problemOf(err))
				return
			}
			if !yield(objectOf(o, t.mark), nil) {
				return
			}
		}
	}
}

func objectOf(o *leadglass.Object, mark string) *dicomweb.Object {
	return &dicomweb.Object{
		Resource: dicomweb.Resource{Study: o.Ref.Study, Series: o.Ref.Series, Instance: o.Ref.Instance},
		Class:    o.Class,
		Syntax:   o.Syntax,
		Size:     o.Size,
		Of:       &kept{o, mark},
		Open: func(ctx context.Context) (dicomweb.Content, error) {
			c, err := o.Open(ctx)
			return c, problemOf(err)
		},
	}
}

func (t *transfer) Sent(o *dicomweb.Object, n int64)   { t.t.Sent(o.Of.(*kept).object, n) }
func (t *transfer) Failed(o *dicomweb.Object, n int64) { t.t.Failed(o.Of.(*kept).object, n) }
func (t *transfer) End(ctx context.Context) error      { return t.t.End(ctx) }

// Store answers STOW-RS.
func (b *backend) Store(ctx context.Context, study dicom.UID) (dicomweb.Intake, error) {
	rq := callerOf(ctx).request(leadglass.Store, leadglass.STOW)
	if study != "" {
		rq.Level, rq.Refs = leadglass.StudyLevel, []leadglass.Ref{{Study: study}}
	}
	in, err := b.h.c.Guard.Store(ctx, rq)
	if err != nil {
		return nil, problemOf(err)
	}
	return &intake{b.h, in, study}, nil
}

type intake struct {
	h     *Handler
	in    *guard.Intake
	study dicom.UID
}

func (i *intake) Put(ctx context.Context, file io.Reader) (*dicomweb.Stored, error) {
	st, err := i.in.Put(ctx, &leadglass.Incoming{File: true, Data: file, Study: i.study, Received: i.h.c.Now()})
	if err != nil {
		return nil, problemOf(err)
	}
	out := &dicomweb.Stored{
		Resource: dicomweb.Resource{Study: st.Ref.Study, Series: st.Ref.Series, Instance: st.Ref.Instance},
		Class:    st.Class,
	}
	if len(st.Warnings) > 0 {
		out.Warning = dicomweb.WarningMismatch
	}
	return out, nil
}

func (i *intake) End(ctx context.Context) error { return problemOf(i.in.End(ctx)) }

// Delete removes instances.
func (b *backend) Delete(ctx context.Context, r dicomweb.Resource) (int, error) {
	rq := callerOf(ctx).request(leadglass.Delete, leadglass.WADO)
	rq.Level, rq.Refs = levelOf(r), []leadglass.Ref{refOf(r)}
	n, err := b.h.c.Guard.Delete(ctx, rq)
	return n, problemOf(err)
}
