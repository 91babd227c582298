package dicomweb

import (
	"context"
	"io"
	"iter"

	"github.com/leadglass/leadglass/dicom"
)

// Backend is what a Handler serves. What it can do shows in which of Searcher,
// Retriever, Renderer, Storer and Deleter it satisfies; the rest is answered
// with 501 Not Implemented. Who asks is in the context, where the backend's own
// middleware has put it.
//
// Methods fail with a *Problem where the peer may know what is wrong; any other
// error is told to the peer as 500 and to Options.Report as it is.
type Backend any

// Searcher answers QIDO-RS (PS3.18 section 10.6).
type Searcher interface {
	// Search yields the results after the first q.Offset, at most q.Limit of
	// them. Both are always set and within the limits.
	Search(ctx context.Context, q Query) iter.Seq2[*dicom.Dataset, error]
}

// Want is what is wanted of the instances of a retrieve.
type Want uint8

// What may be wanted.
const (
	WantObjects  Want = iota // as they are
	WantMetadata             // without bulk data
	WantBulk                 // one attribute, or frames, as they are
	WantRendered             // what can be seen of them
)

// Retrieval is one retrieve (PS3.18 sections 9 and 10.4).
type Retrieval struct {
	Resource Resource
	Want     Want
	URI      bool // by WADO-URI
}

// Retriever answers WADO-RS and WADO-URI.
type Retriever interface {
	// Retrieve says which instances the peer gets, or a Problem of status 404
	// where there are none.
	Retrieve(ctx context.Context, r Retrieval) (Transfer, error)
}

// Transfer is a retrieve under way. Each object that Objects yields is told to
// Sent or Failed, if it was begun; End comes last and always.
type Transfer interface {
	Objects(ctx context.Context) iter.Seq2[*Object, error]
	Sent(o *Object, bytes int64)
	Failed(o *Object, bytes int64)
	End(ctx context.Context) error
}

// Object is one stored instance, of which nothing was read yet.
type Object struct {
	Resource Resource
	Class    dicom.UID
	Syntax   dicom.UID
	Size     int64 // bytes of the PS3.10 file
	Open     func(ctx context.Context) (Content, error)
	Of       any // the backend's own
}

// Content is a stored PS3.10 file.
type Content interface {
	io.ReadSeeker
	io.ReaderAt
	io.Closer
}

// Rendering says how to render (PS3.18 section 8.3.5).
type Rendering struct {
	MediaType string // "image/jpeg" or "image/png"
	Frame     int    // from 1; 0 is the one that stands for the instance
	Thumbnail bool

	Width, Height int        // of the viewport, 0 for as it is
	Source        [4]float64 // x, y, width and height in pixels of what is shown; all 0 for everything
	Region        [4]float64 // left, top, right and bottom of what is shown, from 0 to 1; all 0 for everything
	Window        Window
	Quality       int // 1 to 100, 0 for the renderer's own
}

// Window is a window of values (PS3.3 section C.11.2.1.2).
type Window struct {
	Center, Width float64
	Function      string // "linear", "linear-exact" or "sigmoid"; empty: none was asked for
}

// Renderer makes pictures of what a Retriever has.
type Renderer interface {
	// Render returns a picture of rd.MediaType, or a Problem of status 406 for
	// an instance that cannot be rendered and 404 for a frame that is not there.
	Render(ctx context.Context, o *Object, c Content, rd Rendering) ([]byte, error)
}

// Storer answers STOW-RS (PS3.18 section 10.5).
type Storer interface {
	// Store says whether the peer may store. Study is empty where the instances
	// may be of any.
	Store(ctx context.Context, study dicom.UID) (Intake, error)
}

// Intake takes the instances of one request. End comes last and always.
type Intake interface {
	// Put stores a PS3.10 file. A Problem says why not; its Failure is the
	// reason in the answer.
	Put(ctx context.Context, file io.Reader) (*Stored, error)
	End(ctx context.Context) error
}

// Stored is what became of an instance.
type Stored struct {
	Resource Resource
	Class    dicom.UID
	Warning  uint16 // Warning Reason (0008,1196), 0 without
}

// Deleter answers DELETE.
type Deleter interface {
	// Delete removes the instances of the resource and returns how many.
	Delete(ctx context.Context, r Resource) (int, error)
}
